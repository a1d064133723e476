"""The registered benchmarks in the folders that they are released in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from eval import own_folders
from eval.known import RETRIEVAL, SKYSCRIPT_RETRIEVAL, Benchmark, benchmarks
from eval.rows import (
    IMAGE_COLUMNS,
    inside,
    labels_of,
    need_column,
    read_classes,
    read_csv,
)
from eval.tasks import Missing, Task, retrieval
from skyloom.errors import UsageError

NOT_HERE = "not in the folder"
SKYSCRIPT_CSV_FOLDERS = (".", "dataframe", "dataframes", "csv")


def find_tasks(
    root: Path | None, skyscript: Path | None, only: Sequence[str] = ()
) -> tuple[list[Task], list[Missing]]:
    """Every benchmark below `root`, registered or somebody's own, and those missing.

    `skyscript` is the folder of the published data set, whose test set is a benchmark.
    `only` are names to keep to. A folder that is one benchmark itself is that one, and
    then nothing is missing.

    Raises:
        UsageError: a folder or a file in it is not what it should be.
    """
    for folder in (root, skyscript):
        if folder is not None and not folder.is_dir():
            raise UsageError("is no folder", where=str(folder))
    if root and own_folders.is_benchmark(root):
        return [own_folders.read(root)], []
    found = [
        _registered(one, root, skyscript)
        for one in benchmarks()
        if not only or one.name in only
    ]
    found += _own(root, only) if root else []
    return (
        [one for one in found if isinstance(one, Task)],
        [one for one in found if isinstance(one, Missing)],
    )


def _own(root: Path, only: Sequence[str]) -> Iterator[Task | Missing]:
    registered = {name for one in benchmarks() for name in one.folders}
    for folder in sorted(root.iterdir()):
        if folder.name in registered or (only and folder.name not in only):
            continue
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        if own_folders.is_benchmark(folder):
            yield own_folders.read(folder, root)
        elif own_folders.has_table(folder):
            unknown = Benchmark(folder.name, folder.name)
            yield Missing(unknown, "which of its files is meant is not clear")


def _registered(
    benchmark: Benchmark, root: Path | None, skyscript: Path | None
) -> Task | Missing:
    if benchmark.name == SKYSCRIPT_RETRIEVAL:
        return _skyscript(benchmark, skyscript)
    folders = [root / name for name in benchmark.folders] if root else []
    folder = next((one for one in folders if one.is_dir()), None)
    if root is None or folder is None:
        return Missing(benchmark, NOT_HERE)
    for needed in filter(None, (benchmark.csv, benchmark.classnames)):
        if not (folder / needed).is_file():
            return Missing(benchmark, f"{folder.name}/{needed} is not there")
    # Released paths begin at the benchmarks' root.
    bases = [root, folder]
    if benchmark.kind == RETRIEVAL:
        return captions(benchmark, folder / benchmark.csv, bases)
    return classes(
        benchmark,
        folder / benchmark.csv,
        read_classes(folder / benchmark.classnames),
        bases,
    )


def _skyscript(benchmark: Benchmark, folder: Path | None) -> Task | Missing:
    if folder is None:
        return Missing(benchmark, "needs --skyscript DIR, and the test images in it")
    for place in SKYSCRIPT_CSV_FOLDERS:
        file = folder / place / benchmark.csv
        if file.is_file():
            return captions(benchmark, file, [folder])
    return Missing(benchmark, f"{benchmark.csv} is not there")


def classes(
    benchmark: Benchmark, file: Path, names: Sequence[str], bases: Sequence[Path]
) -> Task:
    """The rows of a CSV that have a label; the others are dropped.

    Raises:
        UsageError: a row names another class, or a path that leads out.
    """
    rows = read_csv(file)
    image = need_column(rows, IMAGE_COLUMNS, file)
    label = need_column(rows, [benchmark.label_column], file)
    labelled = [(row, value) for row in rows if (value := row.cell(label)) is not None]
    if not labelled:
        raise UsageError("no row has a label", where=str(file))
    return Task(
        benchmark,
        tuple(inside(row.cells[image] or "", bases, row.where) for row, _ in labelled),
        labels=labels_of(labelled, names),
        classes=tuple(names),
    )


def captions(benchmark: Benchmark, file: Path, bases: Sequence[Path]) -> Task:
    """The rows of a CSV that have a caption, as pairs.

    Raises:
        UsageError: a path leads out, or there is no caption.
    """
    rows = read_csv(file)
    image = need_column(rows, IMAGE_COLUMNS, file)
    text = need_column(rows, [benchmark.caption_column], file)
    said = [(row, value) for row in rows if (value := row.cell(text)) is not None]
    pairs = [(inside(r.cells[image] or "", bases, r.where), value) for r, value in said]
    return retrieval(benchmark, pairs, str(file))
