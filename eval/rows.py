"""Rows of a benchmark's files: CSV, class lists, captions in COCO's form, and paths.

The files are by anyone: a path may lead nowhere but below the benchmark's root.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from skyloom.errors import UsageError

# What pandas, with which the published figures were made, reads as no value.
NULLS = frozenset(
    [
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    ]
)
IMAGE_COLUMNS = ("filepath", "file", "filename", "file_name", "path", "image")


@dataclass(frozen=True)
class Row:
    """A line of a CSV: its place, for messages, and its cells."""

    where: str
    cells: dict[str, str]

    def cell(self, column: str) -> str | None:
        """The value, or None where there is none."""
        value = self.cells.get(column)
        return None if value is None or value.strip() in NULLS else value


def read_csv(path: Path) -> list[Row]:
    """The rows of a CSV with a header.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            rows = [
                Row(f"{path}:{reader.line_num}", {k: v for k, v in row.items() if k})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"cannot be read as CSV ({error})", where=str(path)) from None
    if not rows:
        raise UsageError("holds no rows", where=str(path))
    return rows


def column(rows: Sequence[Row], names: Sequence[str]) -> str | None:
    """The first of some names that is a column."""
    return next((name for name in names if name in rows[0].cells), None)


def need_column(rows: Sequence[Row], names: Sequence[str], path: Path) -> str:
    """The same, where one has to be there.

    Raises:
        UsageError: none is.
    """
    found = column(rows, names)
    if found is None:
        raise UsageError(f"has no column {' or '.join(names)}", where=str(path))
    return found


def read_classes(path: Path) -> tuple[str, ...]:
    """A class list: one name on a line, in the order of the labels' numbers.

    Raises:
        UsageError: it cannot be read, or a line in it is empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read ({error})", where=str(path)) from None
    names = [line.strip() for line in text.rstrip().splitlines()]
    if not text.strip() or "" in names:
        place = f"{path}:{names.index('') + 1}" if "" in names else str(path)
        raise UsageError("no class stands here", where=place)
    return tuple(names)


def labels_of(
    values: Sequence[tuple[Row, str]], classes: Sequence[str]
) -> tuple[int, ...]:
    """Places in the class list: numbers as they are, names by the list's order.

    Raises:
        UsageError: a label is in no list.
    """
    numbers = [_whole(value) for _, value in values]
    if all(number is not None for number in numbers):
        labels = [number if number is not None else -1 for number in numbers]
    else:
        # The last of equal names, as a dictionary made in a loop has it.
        place = {name: number for number, name in enumerate(classes)}
        labels = [place.get(v, place.get(v.strip(), -1)) for _, v in values]
    for (row, value), label in zip(values, labels, strict=True):
        if not 0 <= label < len(classes):
            raise UsageError(
                f"the label {value[:60]!r} is not in the list of "
                f"{len(classes)} classes",
                where=row.where,
                remedy="correct it or the list",
            )
    return tuple(labels)


def read_coco(path: Path) -> Iterator[tuple[str, str, str]]:
    """File name, caption and place of each annotation of COCO's captions JSON.

    Raises:
        UsageError: it has another form.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8-sig"))
        files = {one["id"]: str(one["file_name"]) for one in content["images"]}
        notes = [(one["image_id"], one["caption"]) for one in content["annotations"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"holds no captions in COCO's form ({type(error).__name__}: {error})",
            where=str(path),
            remedy="it needs images with id and file_name, annotations with image_id "
            "and caption",
        ) from None
    for number, (image, caption) in enumerate(notes):
        where = f"{path}: annotation {number}"
        if image not in files:
            raise UsageError(f"there is no image {image!r}", where=where)
        if isinstance(caption, str) and caption.strip():
            yield files[image], caption, where


def inside(text: str, bases: Sequence[Path], where: str) -> Path:
    """A path of a benchmark's file, looked for below each base in turn.

    What lies below none is the first base's, for the reader to miss.

    Raises:
        UsageError: it leads out of them.
    """
    try:
        pure = PurePosixPath(text.strip().replace("\\", "/"))
        candidates = [base / pure for base in bases]
        roots = [_real(base) for base in bases]
        for one in candidates:
            real = one.resolve() if one.is_symlink() else _real(one.parent) / one.name
            if ".." in pure.parts or not any(real.is_relative_to(r) for r in roots):
                raise UsageError(
                    f"the path {text[:120]!r} leads out of the benchmark's folder",
                    where=where,
                    remedy="write paths below that folder",
                )
        return next((one for one in candidates if one.is_file()), candidates[-1])
    except (ValueError, OSError, RuntimeError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"no path can be {text[:120]!r}", where=where) from None


@cache
def _real(path: Path) -> Path:
    return path.resolve()


def _whole(value: str) -> int | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None
