"""What goes to stdout: rows for people and machines, and the end of the demo."""

import csv
import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyloom.catalog import Catalog
from skyloom.errors import UsageError, printable
from skyloom.lake import Lake

TABLE_ROWS = 100


def print_rows(
    result: duckdb.DuckDBPyConnection, form: str, file: TextIO | None = None
) -> None:
    """Print a query's rows to stdout or a file as `table`, `csv` or `json`.

    A table stops after TABLE_ROWS rows and says so; the other forms print them all.
    """
    names = [column[0] for column in result.description or ()]
    if form == "json":
        lead = "["
        for row in _rows(result):
            record = dict(zip(names, row, strict=True))
            print(lead + json.dumps(record, default=_text), end="", file=file)
            lead = ",\n"
        print("]" if lead != "[" else "[]", file=file)
    elif form == "csv":
        writer = csv.writer(file or sys.stdout)
        writer.writerow(names)
        writer.writerows(_rows(result))
    else:
        _print_table(names, result, file)


def print_json(value: object) -> None:
    """Print one value to stdout as JSON."""
    print(json.dumps(value, default=_text))


def print_demo(lake: Lake, pairs: Path) -> None:
    """A few captions, the paths of what was made, and what to try next."""
    rows = Catalog.open(lake).query(
        "select image_id, title_multi_objects from images "
        "inner join captions using (scene_id) "
        "where style = 'skyscript' order by md5(image_id) limit 5"
    )
    print("\nsome of the captions:")
    for image_id, caption in rows.fetchall():
        print(f"  {image_id}: {printable(caption)}")
    print(f"\ncatalog  {lake.catalog / 'catalog.duckdb'}")
    print(f"csv      {pairs}")
    print(f"report   {lake.root / 'report.html'}")
    shown = os.path.relpath(lake.root)
    sql = "select title, count(*) from captions group by 1 order by 2 desc"
    print("\nnext:")
    print(f"  .venv/bin/skyloom tables --lake {shown}")
    print(f'  .venv/bin/skyloom query --lake {shown} "{sql}"')
    print("  edit dbt_project/seeds/tag_rules.csv, then")
    print(f"  .venv/bin/skyloom build --lake {shown}")


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    try:
        while batch := result.fetchmany(1000):
            yield from batch
    except duckdb.Error as error:
        raise UsageError(f"the query failed: {error}") from None


def print_table(
    names: Sequence[str], rows: Iterable[Sequence[Any]], file: TextIO | None = None
) -> None:
    """Print rows to stdout or a file under their names, whatever the cells hold."""
    table = Table(*names)
    for row in rows:
        # As plain text: a tag's value may look like the console's own markup.
        table.add_row(*(Text(printable(value)) for value in row))
    # Piped output must not be folded to the width of a terminal that is not there.
    width = None if (file or sys.stdout).isatty() else 10_000
    Console(width=width, file=file).print(table)


def _print_table(
    names: list[str], result: duckdb.DuckDBPyConnection, file: TextIO | None
) -> None:
    rows = list(itertools.islice(_rows(result), TABLE_ROWS + 1))
    print_table(names, rows[:TABLE_ROWS], file)
    if len(rows) > TABLE_ROWS:
        print(f"the first {TABLE_ROWS} rows; --format csv prints all", file=file)


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def print_forecast(rows: Sequence[Mapping[str, Any]]) -> None:
    """What a fetch would ask for, a line per source."""
    counts = ("n_scenes", "n_uncovered", "n_there", "n_to_fetch", "n_requests")
    print_table(
        (
            *("source", "scenes", "no image", "there", "to fetch", "requests"),
            *("across seams", "uncompressed", "at the quota"),
        ),
        (
            (
                row["source"],
                *(f"{row[name]:,}" for name in counts),
                f"{row['seam_share']:.0%}",
                f"{row['n_bytes'] / 1e6:,.1f} MB",
                "none" if row["hours"] is None else f"{row['hours']:.2f} h",
            )
            for row in rows
        ),
    )


def print_reasons(rows: Sequence[Mapping[str, Any]]) -> None:
    """Why chips are missing, the most frequent reason first."""
    names = ("source", "reason", "n_chips", "n_attempts", "example", "what_next")
    print_table(names, ([row[name] for name in names] for row in rows))


def print_rates(rows: Sequence[Mapping[str, Any]]) -> None:
    """Why answers were refused, a line per model, prompt and reason."""
    names = ("model", "prompt", "n_facts", "n_polished", "reason", "n_refused")
    print_table(
        (*names, "share"),
        ((*(row[name] for name in names), f"{row['share']:.1%}") for row in rows),
    )
