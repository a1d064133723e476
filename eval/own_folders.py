"""Somebody's own benchmark: a folder of images and what is said of them, and no code.

Its form is guessed from its files; a benchmark.toml says what cannot be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from eval.known import BINARY, CLASSES, RETRIEVAL
from eval.own_settings import SETTINGS, described, read_settings
from eval.rows import (
    IMAGE_COLUMNS,
    Row,
    column,
    inside,
    labels_of,
    need_column,
    read_classes,
    read_coco,
    read_csv,
)
from eval.tasks import Task, retrieval
from skyloom.errors import UsageError

CLASS_LISTS = ("classnames.txt", "classes.txt", "labels.txt")
LABELS = ("label", "class", "category")
YES_OR_NO = {"1": 1, "1.0": 1, "true": 1, "yes": 1}
YES_OR_NO |= {"0": 0, "0.0": 0, "false": 0, "no": 0}
CAPTIONS = ("caption", "title", "text")
SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif"}
# Rows of a binary benchmark that set the threshold.
TUNING = {"train", "val", "valid", "validation", "tuning"}


def is_benchmark(folder: Path) -> bool:
    """Whether the files of a folder, without what lies deeper, are a benchmark's."""
    if (folder / SETTINGS).is_file() or _csv(folder) or _json(folder):
        return True
    return bool(_class_folders(folder)) and not any(
        has_table(one) for one in folder.iterdir() if one.is_dir()
    )


def has_table(folder: Path) -> bool:
    """Whether a CSV or JSON file lies in it."""
    return any(one.suffix.lower() in (".csv", ".json") for one in folder.iterdir())


def read(folder: Path, root: Path | None = None) -> Task:
    """Read one; its paths begin at it or at `root`.

    Raises:
        UsageError: it has none of the forms, or a fault in it.
    """
    said = read_settings(folder)
    bases = [folder, *([root] if root else [])]
    listed = folder / said["json"] if "json" in said else _json(folder)
    file = folder / said["csv"] if "csv" in said else _csv(folder)
    if file:
        return _of_csv(folder, file, said, bases)
    if listed:
        benchmark = described(folder, said, RETRIEVAL)
        pairs = [(inside(p, bases, at), text) for p, text, at in read_coco(listed)]
        return retrieval(benchmark, pairs, str(listed))
    return _of_folders(folder, said)


def _of_csv(
    folder: Path, file: Path, said: dict[str, Any], bases: Sequence[Path]
) -> Task:
    rows = read_csv(file)
    label = column(rows, [said["label_column"]] if "label_column" in said else LABELS)
    image = need_column(rows, IMAGE_COLUMNS, file)
    if said.get("kind", CLASSES if label else RETRIEVAL) == RETRIEVAL:
        columns = (said["caption_column"],) if "caption_column" in said else CAPTIONS
        text = need_column(rows, columns, file)
        pairs = [
            (inside(row.cells[image] or "", bases, row.where), value)
            for row in rows
            if (value := row.cell(text)) is not None
        ]
        return retrieval(described(folder, said, RETRIEVAL), pairs, str(file))
    label = need_column(rows, [label] if label else LABELS, file)
    labelled = [(row, value) for row in rows if (value := row.cell(label)) is not None]
    if not labelled:
        raise UsageError("no row has a label", where=str(file))
    paths = tuple(inside(r.cells[image] or "", bases, r.where) for r, _ in labelled)
    names, words = _classes(folder, said, labelled)
    one_class = len(words) == 1 and all(value in YES_OR_NO for _, value in labelled)
    if said.get("kind") == BINARY or one_class:
        benchmark = described(folder, said, BINARY)
        return Task(
            benchmark,
            paths,
            labels=_yes_or_no(labelled),
            classes=words[:1],
            tuning=tuple(_sets_threshold(row, image) for row, _ in labelled),
        )
    return Task(
        described(folder, said, CLASSES),
        paths,
        labels=labels_of(labelled, names),
        classes=words,
    )


def _of_folders(folder: Path, said: dict[str, Any]) -> Task:
    found = _class_folders(folder)
    if not found:
        raise UsageError(
            "holds no benchmark",
            where=str(folder),
            remedy="put a CSV, captions in COCO's form, or a folder for each class in",
        )
    names = [one.name for one, _ in found]
    images = [(file, n) for n, (_, files) in enumerate(found) for file in files]
    bases = [folder]
    return Task(
        described(folder, said, CLASSES),
        tuple(inside(f"{f.parent.name}/{f.name}", bases, str(f)) for f, _ in images),
        labels=tuple(n for _, n in images),
        classes=tuple(_worded(name) for name in names),
    )


def _classes(
    folder: Path, said: dict[str, Any], labelled: Sequence[tuple[Row, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels in order, and the words that stand for them."""
    lists = (said["classnames"],) if "classnames" in said else CLASS_LISTS
    file = next((folder / n for n in lists if (folder / n).is_file()), None)
    if file:
        words = read_classes(file)
        return words, words
    if "classnames" in said:
        raise UsageError("is not there", where=str(folder / said["classnames"]))
    names = tuple(sorted({value for _, value in labelled}))
    if all(name.strip().lstrip("-").isdecimal() for name in names):
        raise UsageError(
            "the labels are numbers, and no list says what they mean",
            where=str(folder),
            remedy=f"write {CLASS_LISTS[0]}, one class on a line",
        )
    return names, tuple(_worded(name) for name in names)


def _yes_or_no(labelled: Sequence[tuple[Row, str]]) -> tuple[int, ...]:
    for row, value in labelled:
        if value.strip().lower() not in YES_OR_NO:
            raise UsageError(
                f"the label {value[:60]!r} is neither 0 nor 1", where=row.where
            )
    return tuple(YES_OR_NO[value.strip().lower()] for _, value in labelled)


def _sets_threshold(row: Row, image: str) -> bool:
    split = row.cell("split")
    if split is not None:
        return split.strip().lower() in TUNING
    # Half of them where no column says which.
    return sha256((row.cells[image] or "").encode()).digest()[0] % 2 == 0


def _csv(folder: Path) -> Path | None:
    # The published test set lies beside the benchmarks, and is none of their folders.
    files = [p for p in folder.glob("*.csv") if not p.name.startswith("SkyScript_")]
    return files[0] if len(files) == 1 else None


def _json(folder: Path) -> Path | None:
    files = sorted(folder.glob("*.json"))
    return files[0] if len(files) == 1 else None


def _class_folders(folder: Path) -> list[tuple[Path, list[Path]]]:
    found = []
    for one in sorted(folder.iterdir()):
        if one.is_dir() and not one.name.startswith("."):
            files = sorted(f for f in one.iterdir() if f.suffix.lower() in SUFFIXES)
            if files:
                found.append((one, files))
    return found if len(found) > 1 else []


def _worded(name: str) -> str:
    return name.replace("_", " ").strip() or name
