"""`python -m explore.web.asked_apart`: one order from stdin, its answer to stdout.

The first line is `ok` or `refused`, the rest the answer or the reason.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

import duckdb

from explore.web.asked import as_csv, as_parquet, ask
from explore.web.asker import ROOM, Order
from skyloom import gate
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError


def main() -> None:
    """Wait for the order, and answer it."""
    given = sys.stdin.buffer.read()
    if not given:
        return
    order = Order(**json.loads(given))
    most = order.memory + ROOM
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    # No file is written, whatever the query.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        verdict, content = b"ok", answered(order)
    except SkyloomError as error:
        verdict, content = b"refused", str(error).encode()
    sys.stdout.buffer.write(verdict + b"\n" + content)


def answered(order: Order) -> bytes:
    """The answer in the form that was ordered.

    Raises:
        UsageError: DuckDB refuses the query.
    """
    with confined(order) as con:
        if order.form == "csv":
            return as_csv(con, order.sql)
        if order.form == "parquet":
            return as_parquet(con, order.sql)
        return json.dumps(asdict(ask(con, order.sql, order.rows))).encode()


def confined(order: Order) -> duckdb.DuckDBPyConnection:
    """A database that reads the catalog's files, and nothing else of this machine."""
    files = {name: Path(file) for name, file in order.files.items()}
    con = Catalog(Path(order.folder), "", files).connect()
    for setting in (
        f"memory_limit = '{order.memory}B'",
        f"threads = {order.threads}",
        "temp_directory = ''",
    ):
        con.execute(f"set {setting}")
    gate.lock(con, files.values())
    return con


if __name__ == "__main__":
    main()
