"""The classes that a user names, and the sentences that they are put into."""

from __future__ import annotations

import csv
from pathlib import Path

from skyloom.errors import UsageError
from skyloom.zero_shot import SLOT

# The two sentences of SkyScript's evaluation.
TEMPLATES = Path(__file__).parent / "prompts" / "classify.txt"
COLUMN = "label"


def read_labels(path: Path) -> list[str]:
    """The labels in the order of the file: one a line, or the column `label` of a CSV.

    A CSV without that column has them in its first one, below no header.

    Raises:
        UsageError: the file cannot be read, names none, or one of them twice.
    """
    text = _read(path)
    if path.suffix.lower() == ".csv":
        rows = [row for row in csv.reader(text.splitlines()) if row]
        names = [name.strip().lower() for name in rows[0]] if rows else []
        place = names.index(COLUMN) if COLUMN in names else 0
        rows = rows[1:] if COLUMN in names else rows
        labels = [row[place].strip() for row in rows if len(row) > place]
    else:
        labels = [line.strip() for line in text.splitlines()]
    labels = [label for label in labels if label]
    if not labels:
        raise UsageError(
            "names no label", where=str(path), remedy="write one label on each line"
        )
    for place, label in enumerate(labels):
        if label in labels[:place]:
            raise UsageError(f"names {label!r} twice", where=str(path))
    return labels


def read_templates(path: Path | None) -> list[str]:
    """Sentences with {} where the label stands, one a line.

    Raises:
        UsageError: the file cannot be read, or a line has no {}.
    """
    file = path or TEMPLATES
    lines = [line.strip() for line in _read(file).splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        if SLOT not in line:
            raise UsageError(
                f"line {number} has no {SLOT} for the label", where=str(file)
            )
    if not lines:
        raise UsageError("holds no sentence", where=str(file))
    return lines


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"could not be read ({error.strerror})", where=str(path)
        ) from None
    except UnicodeDecodeError:
        raise UsageError("is no text in UTF-8", where=str(path)) from None
