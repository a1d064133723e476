"""The flags of training: one table, open_clip's and the original's names among them."""

from __future__ import annotations

import ast
import csv
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyloom.errors import UsageError

TABLE = Path(__file__).with_name("flags.csv")
SILENT = ("always", "skipped")
SWITCHES = ("switch", "off")


@dataclass(frozen=True)
class Flag:
    """A row of the table: which field of the configuration it sets, and from what.

    `kind` is text, integer, number, switch, off, column or mapping; `always` and
    `skipped` are accepted and change nothing, `refused` ends the command.
    """

    flag: str
    field: str
    kind: str
    published: bool
    note: str


def read_flags() -> dict[str, Flag]:
    """All flags by their names."""
    with TABLE.open(newline="") as file:
        rows = [Flag(**_typed(row)) for row in csv.DictReader(file)]
    return {row.flag: row for row in rows}


def parse_flags(words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """What flags say of the configuration, and the names of those without effect.

    Raises:
        UsageError: a flag is unknown or refused, or its value does not fit.
    """
    table = read_flags()
    values: dict[str, Any] = {}
    idle: list[str] = []
    rest = list(words)
    while rest:
        name, joined, value = rest.pop(0).partition("=")
        flag = table.get(name)
        if flag is None:
            raise _unknown(name, table)
        given = [value] if joined else []
        while not joined and rest and not _is_flag(rest[0]):
            given.append(rest.pop(0))
        if flag.kind == "refused":
            raise UsageError(f"{name} is not supported", remedy=flag.note)
        if flag.kind in SILENT:
            idle.append(name)
        else:
            values[flag.field] = _value(flag, given)
    if "batch_size" in values and "global_batch" in values:
        raise UsageError(
            "--batch-size and --global-batch at once", remedy="give one of them"
        )
    return values, idle


def as_table() -> str:
    """The table in Markdown, as docs/train.md shows it."""
    lines = ["| flag | setting | as published | what it does |", "|---|---|---|---|"]
    for flag in read_flags().values():
        setting = f"`{flag.field}`" if flag.field else flag.kind
        mark = "yes" if flag.published else ""
        lines.append(f"| `{flag.flag}` | {setting} | {mark} | {flag.note} |")
    return "\n".join(lines)


def _typed(row: dict[str, str]) -> dict[str, Any]:
    return {**row, "published": row["published"] == "yes"}


def _is_flag(word: str) -> bool:
    return word.startswith("--")


def _value(flag: Flag, given: list[str]) -> Any:
    if flag.kind in SWITCHES:
        if given:
            raise UsageError(f"{flag.flag} takes no value, and has {given[0]!r}")
        return flag.kind == "switch"
    if flag.kind == "mapping":
        return _mapping(flag, given)
    if len(given) != 1:
        raise UsageError(f"{flag.flag} takes one value, and has {len(given)}")
    if flag.kind == "column":
        return {given[0]: 1.0}
    if flag.kind == "text":
        return given[0].replace("\\t", "\t") if "separator" in flag.flag else given[0]
    try:
        return int(given[0]) if flag.kind == "integer" else float(given[0])
    except ValueError:
        kind = "a whole number" if flag.kind == "integer" else "a number"
        raise UsageError(f"{flag.flag} {given[0]!r} is not {kind}") from None


def _mapping(flag: Flag, given: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in given:
        key, joined, text = word.partition("=")
        if not joined or not key:
            raise UsageError(
                f"{flag.flag} {word!r} is not NAME=VALUE", remedy=flag.note
            )
        try:
            found[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            found[key] = text
    if not found:
        raise UsageError(f"{flag.flag} takes NAME=VALUE", remedy=flag.note)
    return found


def _unknown(name: str, table: dict[str, Flag]) -> UsageError:
    near = difflib.get_close_matches(name, table, n=2, cutoff=0.6)
    hint = f"perhaps {' or '.join(near)}" if near else "`skyloom train --flags`"
    return UsageError(f"training has no flag {name!r}", remedy=hint)
