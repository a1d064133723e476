"""The SQL steps from what a file holds to its objects and rejects, in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from load.blocks import BadBlock
from load.pbf import REENCODE
from skyloom import duck, progress
from skyloom.errors import SkyloomError

if TYPE_CHECKING:
    # It brings shapely, which most loads do not need.
    from load.clip import Clip

SQL = Path(__file__).with_name("sql")
AREAS_AT_ONCE = 5_000
# Each thread holds a row group: small ones take less memory, and less time with it.
SPOOLED = "format parquet, compression uncompressed, row_group_size 20000"


def assemble(
    con: duckdb.DuckDBPyConnection, work: Path, area_rules: Path, title: str
) -> None:
    """Make `shapes` from the views `elements` and `drawn`.

    Raises:
        duckdb.Error: the memory or the disk is full.
    """
    run_sql(con, "area_rules", rules=area_rules)
    run_sql(con, "areas")
    run_sql(con, "members")
    run_sql(con, "relations")
    spool(con, "parts", work, "line")
    for step in ("steps", "outlines_table", "built_table"):
        run_sql(con, step)
    ranges = run_sql(con, "batches_of_outlines", size=AREAS_AT_ONCE).fetchall()
    with progress.track(f"{title}: areas", len(ranges)) as done:
        for first, last in ranges:
            run_sql(con, "outlines", first=first, last=last)
            run_sql(con, "built", first=first, last=last)
            done(1)
    for step in ("tangled_parts", "untangled", "assembled", "shapes"):
        run_sql(con, step)


def measure(
    con: duckdb.DuckDBPyConnection,
    work: Path,
    bad_blocks: Sequence[BadBlock],
    clip: Clip | None,
    **names: str,
) -> None:
    """Make `objects` and `rejects` from `shapes` and the tags of `elements`.

    `names` are the region and the snapshot.
    """
    # Two threads take turns at memory here: one takes less of it, and two thirds of the
    # time of two together.
    con.execute("set threads = 1")
    run_sql(con, "macros")
    run_sql(con, "bad_blocks")
    for block in bad_blocks:
        reason = duck.quoted(str(block))
        con.execute(f"insert into bad_blocks values ({block.offset}, {reason})")
    spool(con, "measured", work, "geometry", clip=clip.wkb.hex() if clip else None)
    run_sql(con, "objects", **names)
    run_sql(con, "rejects")


def refuse_repeated(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a file that holds an element more than once.

    Raises:
        SkyloomError: naming the element.
    """
    repeated = run_sql(con, "repeated").fetchone()
    if repeated:
        raise SkyloomError(
            f"holds {repeated[0]} {repeated[1]} more than once",
            where=str(path),
            remedy="merge extracts with `osmium merge`, which keeps each object once",
        )


def refuse_misread(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a file in which DuckDB finds other elements than libosmium.

    Raises:
        SkyloomError: naming the type that differs.
    """
    differing = run_sql(con, "counts").fetchone()
    if differing:
        kind, theirs, ours = differing
        raise SkyloomError(
            "a PBF of a kind that DuckDB does not read as libosmium does "
            f"({theirs} instead of {ours} elements of type {kind})",
            where=str(path),
            remedy=REENCODE,
        )


def run_sql(
    con: duckdb.DuckDBPyConnection, step: str, **values: object
) -> duckdb.DuckDBPyConnection:
    """Run `load/sql/{step}.sql`, whose variables take the values."""
    _set_variables(con, values)
    return con.execute((SQL / f"{step}.sql").read_text())


def spool(
    con: duckdb.DuckDBPyConnection,
    step: str,
    work: Path,
    geometry: str | None = None,
    **values: object,
) -> None:
    """Put the rows of `load/sql/{step}.sql` into a file, under a view of that name.

    What is as large as the extract stays out of memory so, for the price of a copy.
    """
    _set_variables(con, values)
    file = duck.quoted(work / f"{step}.parquet")
    sql = (SQL / f"{step}.sql").read_text()
    con.execute(f"copy ({sql}) to {file} ({SPOOLED})")
    # Without any geometry in it, a file's column is one of blobs.
    shown = f"* replace ({geometry}::geometry as {geometry})" if geometry else "*"
    con.execute(f"create view {step} as select {shown} from read_parquet({file})")


def _set_variables(con: duckdb.DuckDBPyConnection, values: dict[str, object]) -> None:
    for name, value in values.items():
        # Not parameters: to bind one, DuckDB's client imports pandas, for two seconds.
        literal = "null" if value is None else duck.quoted(str(value))
        con.execute(f"set variable {name} = {literal}")
