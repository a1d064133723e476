"""The SQL steps from one PBF to its objects, in order and in bounded batches."""

from pathlib import Path

import duckdb

from load.snapshot import Extract
from skyloom import progress
from skyloom.errors import SkyloomError

SQL = Path(__file__).with_name("sql")
WAYS_AT_ONCE = 200_000
AREAS_AT_ONCE = 5_000


def build(con: duckdb.DuckDBPyConnection, extract: Extract, area_rules: Path) -> None:
    """Make the tables `objects` and `rejects` from an extract that `check_pbf` passed.

    Raises:
        SkyloomError: the file holds an object more than once.
        duckdb.Error: the memory or the disk is full.
    """
    con.execute("set preserve_insertion_order = false")
    names = {"region": extract.region, "snapshot": extract.name}
    run_sql(con, "elements", file=str(extract.path))
    for step in ("nodes", "members", "paths_table"):
        run_sql(con, step)
    _run_batches(con, "paths", WAYS_AT_ONCE, extract.name)
    _refuse_repeated(con, extract.path)
    run_sql(con, "area_ways", rules=str(area_rules))
    for step in ("ways", "relations", "parts", "outlines_table"):
        run_sql(con, step)
    _run_batches(con, "outlines", AREAS_AT_ONCE, extract.name)
    for step in ("built", "untangled", "assembled", "shapes"):
        run_sql(con, step)
    # What is no longer needed goes before the geometries are copied.
    for table in ("paths", "ways", "outlines", "built", "untangled", "assembled"):
        con.execute(f"drop table {table}")
    run_sql(con, "objects", **names)
    run_sql(con, "rejects", **names)


def run_sql(
    con: duckdb.DuckDBPyConnection, step: str, **values: str | int | None
) -> duckdb.DuckDBPyConnection:
    """Run `load/sql/{step}.sql` with its parameters."""
    return con.execute((SQL / f"{step}.sql").read_text(), values or None)


def _run_batches(
    con: duckdb.DuckDBPyConnection, step: str, size: int, name: str
) -> None:
    ranges = run_sql(con, f"batches_of_{step}", size=size).fetchall()
    with progress.track(f"{name}: {step}", len(ranges)) as done:
        for first, last in ranges:
            run_sql(con, step, first=first, last=last)
            done(1)


def _refuse_repeated(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    repeated = run_sql(con, "repeated").fetchone()
    if repeated:
        raise SkyloomError(
            f"holds {repeated[0]} {repeated[1]}, or a node of it, more than once",
            where=str(path),
            remedy="merge extracts with `osmium merge`, which keeps each object once",
        )
