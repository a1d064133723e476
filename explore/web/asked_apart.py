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
from skyloom import duck, gate
from skyloom.catalog import view
from skyloom.errors import SkyloomError


def main() -> None:
    """Wait for the order, and answer it."""
    # What takes time comes before the order does.
    con = duck.connect()
    given = sys.stdin.buffer.read()
    if not given:
        return
    order = Order(**json.loads(given))
    most = order.memory + ROOM
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    # No file is written, whatever the query.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        verdict, content = b"ok", answered(con, order)
    except SkyloomError as error:
        verdict, content = b"refused", str(error).encode()
    sys.stdout.buffer.write(verdict + b"\n" + content)


def answered(con: duckdb.DuckDBPyConnection, order: Order) -> bytes:
    """The answer in the form that was ordered.

    Raises:
        UsageError: DuckDB refuses the query.
    """
    confine(con, order)
    if order.form == "csv":
        return as_csv(con, order.sql)
    if order.form == "parquet":
        return as_parquet(con, order.sql)
    return json.dumps(asdict(ask(con, order.sql, order.rows))).encode()


def confine(con: duckdb.DuckDBPyConnection, order: Order) -> None:
    """From here on a database reads the catalog's files, and nothing else."""
    for table, file in sorted(order.files.items()):
        con.execute(view(table, Path(file)))
    for setting in (
        f"memory_limit = '{order.memory}B'",
        f"threads = {order.threads}",
        "temp_directory = ''",
    ):
        con.execute(f"set {setting}")
    gate.lock(con, order.files.values())


if __name__ == "__main__":
    main()
