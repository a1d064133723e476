"""The last model of a shard's first pass: what the other shards must know of it."""

from pathlib import Path

import pandas as pd

from skyloom.shards.files import write_files


def model(dbt, session):
    """One row for each small table that all shards are counted from: its file."""
    dbt.config(materialized="table", tags=["shard"])
    # dbt reads the names from the calls, so each stands here in full.
    relations = {
        "int_focus_counts": dbt.ref("int_focus_counts"),
        "int_focus_firsts": dbt.ref("int_focus_firsts"),
        "int_region_tiles": dbt.ref("int_region_tiles"),
        "int_shard_reach": dbt.ref("int_shard_reach"),
    }
    order_by = {
        "int_focus_counts": "source, key, value",
        "int_focus_firsts": "source, key, value, place_in_line, object_id",
        "int_region_tiles": "tile_x, tile_y",
        "int_shard_reach": "west, south, east, north",
    }
    path = session.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()[0]
    for name, relation in relations.items():
        session.register(f"shard_{name}", relation)
    queries = {name: f"from shard_{name}" for name in relations}
    return pd.DataFrame(
        write_files(Path(path).parent, "summaries", session, queries, order_by)
    )
