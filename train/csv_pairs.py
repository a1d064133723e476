"""Pairs from a CSV of SkyScript's form: filepath, title, title_multi_objects."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from skyloom.errors import UsageError

# A caption of more is no caption; the csv module's own limit is lower.
MAX_FIELD = 1 << 20


@dataclass(frozen=True)
class CsvRows:
    """Image files, captions by column, and the paths as the CSV has them."""

    files: tuple[str, ...]
    captions: Mapping[str, tuple[str, ...]]
    keys: tuple[str, ...]


def read_csv(
    path: Path,
    columns: Sequence[str],
    *,
    image: str = "filepath",
    separator: str = ",",
    root: Path | None = None,
) -> CsvRows:
    """Read pairs; image paths begin in `root`, or in the CSV's own folder.

    Raises:
        UsageError: a column is missing, a row is broken, or a path leads out of root.
    """
    base = os.path.realpath(root or path.parent)
    files: list[str] = []
    keys: list[str] = []
    captions: dict[str, list[str]] = {name: [] for name in columns}
    csv.field_size_limit(MAX_FIELD)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, delimiter=separator, strict=True)
            _check_columns(path, reader.fieldnames or [], [image, *columns], separator)
            for row in reader:
                where = f"{path}:{reader.line_num}"
                if None in row or None in row.values():
                    raise UsageError("has another number of fields", where=where)
                files.append(_inside(base, row[image], where))
                keys.append(row[image])
                for name in columns:
                    captions[name].append(row[name].strip())
    except OSError as error:
        raise UsageError(
            f"could not be read ({error.strerror})", where=str(path)
        ) from None
    except (csv.Error, UnicodeDecodeError, TypeError) as error:
        raise UsageError(f"is no CSV ({error})", where=str(path)) from None
    kept = {name: tuple(texts) for name, texts in captions.items()}
    return CsvRows(tuple(files), kept, tuple(keys))


def _check_columns(
    path: Path, has: Sequence[str], needs: Sequence[str], separator: str
) -> None:
    for name in needs:
        if name in has:
            continue
        for other in {",", "\t", ";"} - {separator}:
            if len(has) == 1 and name in has[0].split(other):
                raise UsageError(
                    f"is not separated by {separator!r}",
                    where=str(path),
                    remedy=f"give --csv-separator {other!r}",
                )
        raise UsageError(
            f"has no column {name!r}",
            where=str(path),
            remedy=f"it has {', '.join(has) or 'none'}",
        )


def _inside(base: str, path: str, where: str) -> str:
    # Without the file system: a link that leads out is caught where it is opened.
    joined = os.path.normpath(os.path.join(base, path))  # noqa: PTH118 (a million rows)
    if "\0" in path or not joined.startswith(base.rstrip(os.sep) + os.sep):
        raise UsageError(
            f"the path {path[:80]!r} leads out of {base}",
            where=where,
            remedy="give --root-data-dir",
        )
    return joined
