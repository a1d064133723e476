"""What a folder's benchmark.toml says of the benchmark in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval import known
from eval.known import BINARY, CLASSES, RETRIEVAL, Benchmark
from eval.rows import inside
from skyloom.errors import UsageError

SETTINGS = "benchmark.toml"
KEYS = {
    *("title", "kind", "csv", "json", "classnames", "label_column", "caption_column"),
    *("prefix", "templates", "in_domain", "citation"),
}


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings of a folder; none without the file.

    Raises:
        UsageError: one is unknown, or not what it has to be.
    """
    file = folder / SETTINGS
    if not file.is_file():
        return {}
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"is not TOML ({error})", where=str(file)) from None
    if unknown := sorted(set(said) - KEYS):
        raise UsageError(
            f"there is no setting {unknown[0]!r}",
            where=str(file),
            remedy=f"the settings are {', '.join(sorted(KEYS))}",
        )
    for key, value in said.items():
        _check(key, value, folder, file)
    return said


def _check(key: str, value: Any, folder: Path, file: Path) -> None:
    if key == "templates":
        good = isinstance(value, list) and value and all("{}" in str(t) for t in value)
        form = "a list of sentences with {} where a class stands"
    elif key == "in_domain":
        good, form = isinstance(value, bool), "true or false"
    elif key == "kind":
        good, form = value in (CLASSES, BINARY, RETRIEVAL), "classes, binary, retrieval"
    else:
        good, form = isinstance(value, str), "a text"
    if not good:
        raise UsageError(f"{key} is not {form}", where=str(file))
    if key in ("csv", "json", "classnames"):
        inside(value, [folder], str(file))


def described(folder: Path, said: Mapping[str, Any], kind: str) -> Benchmark:
    """The benchmark of a folder, by its settings and what they leave open."""
    metrics = {CLASSES: known.TOP1, BINARY: known.F1, RETRIEVAL: known.MEAN_RECALL}
    name = folder.resolve().name
    return Benchmark(
        name=name,
        title=said.get("title", name),
        kind=kind,
        folders=(name,),
        prefix=said.get("prefix", "") if kind == RETRIEVAL else "",
        templates=tuple(map(str, said.get("templates", known.templates()))),
        metric=metrics[kind],
        in_domain=said.get("in_domain", False),
        citation=said.get("citation", ""),
    )
