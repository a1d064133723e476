"""Which rows the spatial models wrote: those that do not stand where they stood."""

import shutil
from pathlib import Path

import duckdb

from skyloom.duck import connect, quoted

# Models that work on geometry: what rules say is nothing to them.
SPATIAL = ("objects", "scene_objects", "int_objects_in_imagery", "int_area_pieces")
SPATIAL_PATTERN = "^int_(box_.*|.*_boxes|object_edges|object_pieces)$"
KEYS = ("scene_id", "object_id", "source", "attempt")


def spatial_tables(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The tables of the spatial models, with the columns that identify a row."""
    names = ", ".join(map(quoted, SPATIAL))
    keys = ", ".join(map(quoted, KEYS))
    pattern = quoted(SPATIAL_PATTERN)
    rows = con.execute(
        f"""
        select table_name, string_agg(column_name, ', ' order by column_index)
        from duckdb_columns()
        inner join duckdb_tables() using (database_name, schema_name, table_name)
        where
            schema_name = 'main'
            and column_name in ({keys})
            and (table_name in ({names}) or regexp_matches(table_name, {pattern}))
        group by table_name
        order by table_name
        """
    ).fetchall()
    return {str(name): str(columns) for name, columns in rows}


def shuffled(lake: Path, folder: Path) -> Path:
    """Turn round the rows of the spatial tables and note the place of each.

    A model that runs again writes its rows in its own order; a row that is still in
    its place was left alone.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with connect(lake / "warehouse.duckdb") as con:
        for name in spatial_tables(con):
            con.execute(f"create temp table turned as from {name} order by rowid desc")
            con.execute(f"delete from {name}")
            con.execute(f"insert into {name} from turned")
            con.execute("drop table turned")
    # The checkpoint at the end of a connection gives rows their places.
    with connect(lake / "warehouse.duckdb") as con:
        for name, keys in spatial_tables(con).items():
            out = quoted(folder / f"{name}.parquet")
            con.execute(f"copy (select {keys}, rowid as place from {name}) to {out}")
    return folder


def rows_written(lake: Path, places: Path) -> dict[str, int]:
    """How many rows of each spatial table stand where they did not stand before."""
    found = {}
    with connect(lake / "warehouse.duckdb", read_only=True) as con:
        for name, keys in spatial_tables(con).items():
            (number,) = con.execute(
                f"""
                select count(*)
                from (select {keys}, rowid as place from {name})
                anti join {quoted(places / f"{name}.parquet")} using ({keys}, place)
                """
            ).fetchall()[0]
            found[name] = int(number)
    return found
