"""What keeps a seed's CSV file from being read, said with file and row.

dbt and DuckDB count rows each in their own way and name no cell; this module is asked
only after they have given up.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# A line and what is wrong with it, then the remedy.
Found = Iterator[tuple[int, str, str]]


@dataclass(frozen=True)
class CsvFault:
    """What is wrong with one line of a file, as an editor counts lines."""

    where: str
    what: str
    remedy: str


def csv_fault(file: Path) -> CsvFault | None:
    """The first fault of a seed's file, whose columns the yml beside it names."""
    content = file.read_bytes()
    for line, what, remedy in _faults(content, _columns(file)):
        return CsvFault(f"{file.name}:{line}", what, remedy)
    return None


def last_line(file: Path, cells: Mapping[str, Any]) -> int | None:
    """The last line whose row holds these cells; names that are no column are left out.

    The file must be free of faults.
    """
    text = io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")
    rows = csv.reader(text)
    columns = next(rows)
    wanted = {
        columns.index(name): "" if cell is None else str(cell)
        for name, cell in cells.items()
        if name in columns
    }
    found, line = None, rows.line_num + 1
    for row in rows:
        if wanted and row and all(row[at] == cell for at, cell in wanted.items()):
            found = line
        line = rows.line_num + 1
    return found


def _columns(file: Path) -> list[str]:
    about = file.with_suffix(".yml")
    seeds = yaml.safe_load(about.read_text())["seeds"] if about.is_file() else []
    return [
        column["name"]
        for seed in seeds
        if seed["name"] == file.stem
        for column in seed.get("columns", ())
    ]


def _faults(content: bytes, columns: Sequence[str]) -> Found:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        yield line, "the line is not in UTF-8", "save the file as UTF-8"
        return
    yield from _faults_of_rows(text, columns)
    # str.splitlines would also break at separators that no editor counts.
    lines = io.StringIO(text, newline="").readlines()
    ends = [line[len(line.rstrip("\r\n")) :] for line in lines]
    for number, end in enumerate(ends, 1):
        if end not in ("", ends[0]):
            yield number, "the line ends unlike the first one", "save the file anew"


def _faults_of_rows(text: str, columns: Sequence[str]) -> Found:
    # Empty lines do no harm at the end; between rows they would shift the count.
    rows = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in rows:
            if not header:
                yield from _faults_of_header(cells, columns)
                header = cells
            elif not cells:
                yield line, "the line is empty", "remove it"
            elif len(cells) != len(header):
                yield (
                    line,
                    f"the row has {len(cells)} cells and the header {len(header)}",
                    "write a comma for an empty cell and quote one that holds a comma",
                )
            line = rows.line_num + 1
    except csv.Error:
        remedy = "end the quoted cell, or double each quote that is part of it"
        yield line, "a quote stands where none belongs", remedy
    if not header:
        yield 1, "the file is empty", f"give it the columns {', '.join(columns)}"


def _faults_of_header(cells: Sequence[str], columns: Sequence[str]) -> Found:
    remedy = f"the columns are {', '.join(columns)}"
    for name in columns:
        if cells.count(name) != 1:
            how = "stands twice" if name in cells else "is missing"
            yield 1, f"the column {name} {how}", remedy
