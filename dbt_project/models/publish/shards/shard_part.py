"""The last model of a shard's second pass: the tables that it makes its part of."""

from pathlib import Path

import pandas as pd

from skyloom.shards.files import write_files


def model(dbt, session):
    """One row for each table that the shards make together: the file of this part."""
    dbt.config(materialized="table", tags=["shard"])
    # dbt reads the names from the calls, so each stands here in full.
    relations = {
        "caption_words": dbt.ref("caption_words"),
        "captions": dbt.ref("captions"),
        "int_object_countries": dbt.ref("int_object_countries"),
        "object_tags": dbt.ref("object_tags"),
        "objects": dbt.ref("objects"),
        "scene_facts": dbt.ref("scene_facts"),
        "scene_objects": dbt.ref("scene_objects"),
        "scene_rejects": dbt.ref("scene_rejects"),
        "scene_tags": dbt.ref("scene_tags"),
        "scenes": dbt.ref("scenes"),
    }
    order_by = {
        "caption_words": "scene_id, style, caption, position",
        "captions": "scene_id, style",
        "int_object_countries": "object_id",
        "object_tags": "object_id, tag_rank",
        "objects": "object_id",
        "scene_facts": "scene_id, style",
        "scene_objects": "scene_id, rank",
        "scene_rejects": "object_id, source",
        "scene_tags": "scene_id, object_rank, tag_rank",
        "scenes": "scene_id",
    }
    session.register("shard_own", dbt.ref("int_owned_objects"))
    path = session.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()[0]
    for name, relation in relations.items():
        session.register(f"shard_{name}", relation)
    queries = {name: f"from shard_{name}" for name in relations}
    # Scenes are the shard's own; of objects it knows its neighbours' too.
    for name in ("int_object_countries", "object_tags", "objects"):
        queries[name] = f"from shard_{name} semi join shard_own using (object_id)"
    return pd.DataFrame(
        write_files(Path(path).parent, "parts", session, queries, order_by)
    )
