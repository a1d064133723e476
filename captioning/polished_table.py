"""Polished captions as a raw table: a journal of answers, and the table made of it.

Each answer is written through to `journal/polish.jsonl` when it comes: it is paid for.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from skyloom import progress
from skyloom.errors import SkyloomError
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import POLISHED

JOURNAL = Path("journal", "polish.jsonl")
CAPTION_SOURCES = POLISHED_CAPTION, TEMPLATE_CAPTION = "polished", "template"
Key = tuple[str, str, str]
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "facts_digest": pl.String,
    "model": pl.String,
    "prompt": pl.String,
    "caption": pl.String,
    "caption_source": pl.String,
    "reasons": pl.List(pl.String),
    "n_tokens_in": pl.Int64,
    "n_tokens_out": pl.Int64,
    "attempts": pl.Int32,
}


@dataclass(frozen=True)
class Entry:
    """One answer; `is_last` where no other is asked for."""

    facts_digest: str
    model: str
    prompt: str
    attempt: int
    reply: str
    caption: str | None
    reasons: list[str]
    n_tokens_in: int | None
    n_tokens_out: int | None
    is_last: bool

    @property
    def key(self) -> Key:
        """What the answer is for."""
        return self.facts_digest, self.model, self.prompt


class Journal:
    """Appends answers; safe to call from several threads."""

    def __init__(self, lake: Lake) -> None:
        """The file appears with the first answer."""
        self._path = lake.root / JOURNAL
        self._lock = threading.Lock()

    def append(self, entry: Entry) -> None:
        """Write an answer through to the disk.

        Raises:
            SkyloomError: the disk is full; what was appended before is intact.
        """
        line = json.dumps(asdict(entry), sort_keys=True)
        with self._lock:
            try:
                self._path.parent.mkdir(exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    # A line that a kill tore must not swallow this one.
                    file.write(f"\n{line}\n")
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise SkyloomError(
                    f"the journal could not be written ({error.strerror})",
                    where=str(self._path),
                    remedy="free some space, then run again; nothing done is lost",
                ) from None


def read_table(lake: Lake) -> pl.DataFrame:
    """The raw table, whoever wrote its files."""
    parts = [_read(file) for file in lake.files(POLISHED)]
    return pl.concat([pl.DataFrame(schema=_SCHEMA), *parts])


def read_journal(lake: Lake) -> dict[Key, list[Entry]]:
    """The answers of the journal by what they are for, in order of attempts."""
    path = lake.root / JOURNAL
    found: dict[Key, dict[int, Entry]] = {}
    torn = 0
    for line in path.read_bytes().split(b"\n") if path.is_file() else ():
        try:
            if line:
                entry = Entry(**json.loads(line))
                found.setdefault(entry.key, {})[entry.attempt] = entry
        except (ValueError, TypeError):
            torn += 1
    if torn:
        progress.say(f"{path}: dropped {torn} torn line(s); asking for those again")
    return {key: [tries[n] for n in sorted(tries)] for key, tries in found.items()}


def compact(lake: Lake) -> pl.DataFrame:
    """Move finished answers into the table and return it; unfinished ones stay.

    A later row of the same facts, model and prompt replaces an earlier one.
    """
    tried = read_journal(lake)
    done = [_row(tries) for tries in tried.values() if tries[-1].is_last]
    path = lake.root / POLISHED.pattern.replace("*", POLISHED.name)
    if done:
        table = _united(_read(path), done)
        with duckdb.connect() as con:
            con.register("polished", table.to_arrow())
            columns = ", ".join(
                f"{name}::{kind} as {name}" for name, kind in POLISHED.columns.items()
            )
            write_parquet(con, f"select {columns} from polished", path, order_by="all")
    _keep(lake, [e for tries in tried.values() if not tries[-1].is_last for e in tries])
    return read_table(lake)


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        return pl.DataFrame(schema=_SCHEMA)
    try:
        return pl.read_parquet(path).select(list(_SCHEMA)).cast(pl.Schema(_SCHEMA))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SkyloomError(
            f"these are no polished captions ({type(error).__name__})",
            where=str(path),
            remedy="give it the columns that docs/lake.md lists, or take it away",
        ) from None


def _united(before: pl.DataFrame, done: Sequence[dict[str, Any]]) -> pl.DataFrame:
    key = ["facts_digest", "model", "prompt"]
    rows = pl.DataFrame(list(done), schema=_SCHEMA)
    return pl.concat([before, rows]).unique(key, keep="last").sort(key)


def _keep(lake: Lake, entries: Iterable[Entry]) -> None:
    path = lake.root / JOURNAL
    lines = [json.dumps(asdict(entry), sort_keys=True) for entry in entries]
    if not lines:
        path.unlink(missing_ok=True)
        return
    part = path.with_name(f".{path.name}.part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.replace(path)


def _row(tries: Sequence[Entry]) -> dict[str, Any]:
    last = tries[-1]
    source = TEMPLATE_CAPTION if last.caption is None else POLISHED_CAPTION
    return {
        "facts_digest": last.facts_digest,
        "model": last.model,
        "prompt": last.prompt,
        "caption": last.caption,
        "caption_source": source,
        "reasons": sorted({reason for one in tries for reason in one.reasons}),
        "n_tokens_in": _sum(one.n_tokens_in for one in tries),
        "n_tokens_out": _sum(one.n_tokens_out for one in tries),
        "attempts": len(tries),
    }


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
