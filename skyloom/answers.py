"""Printing rows: a table for people, CSV and JSON for machines."""

import csv
import json
import sys
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

TABLE_ROWS = 100


def print_rows(result: duckdb.DuckDBPyConnection, form: str) -> None:
    """Print a query's rows to stdout as `table`, `csv` or `json`.

    A table stops after TABLE_ROWS rows and says so; the other forms print them all.
    """
    names = [column[0] for column in result.description or ()]
    if form == "json":
        rows = (dict(zip(names, row, strict=True)) for row in _rows(result))
        print("[" + ",\n".join(json.dumps(row, default=_text) for row in rows) + "]")
    elif form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(_rows(result))
    else:
        _print_table(names, result)


def _rows(result: duckdb.DuckDBPyConnection) -> Any:
    while batch := result.fetchmany(1000):
        yield from batch


def _print_table(names: list[str], result: duckdb.DuckDBPyConnection) -> None:
    rows = result.fetchmany(TABLE_ROWS + 1)
    table = Table(*names)
    for row in rows[:TABLE_ROWS]:
        # As plain text: a tag's value may look like the console's own markup.
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    # Piped output must not be folded to the width of a terminal that is not there.
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width).print(table)
    if len(rows) > TABLE_ROWS:
        print(f"the first {TABLE_ROWS} rows; --format csv prints all")


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
