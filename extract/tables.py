"""This stage's raw tables as polars frames: footprints, requests and the ledger."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from skyloom import duck
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import BBOX, GEOMETRY, REQUESTS, RawTable

POLARS_TYPES: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "BOOLEAN": pl.Boolean(),
    "INTEGER": pl.Int32(),
    "BIGINT": pl.Int64(),
    "DOUBLE": pl.Float64(),
    "TIMESTAMP": pl.Datetime("us"),
    "VARCHAR[]": pl.List(pl.String()),
    "INTEGER[]": pl.List(pl.Int32()),
    "DOUBLE[]": pl.List(pl.Float64()),
    BBOX: pl.Struct({side: pl.Float32() for side in ("xmin", "ymin", "xmax", "ymax")}),
    GEOMETRY: pl.Binary(),
}


def schema(table: RawTable) -> pl.Schema:
    """The polars types of a raw table; geometry is WKB in a binary column."""
    return pl.Schema({name: POLARS_TYPES[kind] for name, kind in table.columns.items()})


def read(lake: Lake, table: RawTable) -> pl.DataFrame:
    """All rows of a raw table."""
    wanted = schema(table)
    parts = [pl.read_parquet(file) for file in lake.files(table)]
    frames = [part.select(wanted.names()).cast(wanted) for part in parts]
    return pl.concat([pl.DataFrame(schema=wanted), *frames])


def write(table: RawTable, rows: pl.DataFrame, path: Path, *, order_by: str) -> None:
    """Write rows as one file of a raw table; it appears whole or not at all."""
    columns = ", ".join(
        f"st_geomfromwkb({name}) as {name}"
        if kind == GEOMETRY
        else f'"{name}"::{kind} as "{name}"'
        for name, kind in table.columns.items()
    )
    # By way of a file: to scan a frame, DuckDB imports pandas, for two seconds.
    with TemporaryDirectory() as folder, duck.connect() as con:
        frame = Path(folder) / "rows.parquet"
        rows.write_parquet(frame)
        query = f"select {columns} from read_parquet({duck.quoted(frame)})"
        write_parquet(con, query, path, order_by=order_by)


def write_plan(lake: Lake, plan: pl.DataFrame) -> None:
    """Write a plan as one file per source; a source without requests loses its file."""
    kept = {lake.root / REQUESTS.empty_file}
    for (source,), rows in plan.group_by("source", maintain_order=True):
        path = lake.root / REQUESTS.pattern.replace("*", str(source))
        write(REQUESTS, rows, path, order_by="scene_id")
        kept.add(path)
    for path in set(lake.files(REQUESTS)) - kept:
        path.unlink()
