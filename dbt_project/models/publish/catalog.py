"""The last model: publishes every public table, and so is skipped when one fails."""

from pathlib import Path

import pandas as pd

from skyloom.lake import Lake
from skyloom.publish import publish


def model(dbt, session):
    """One row for each published table: its file, digest and rows."""
    dbt.config(materialized="table", tags=["global"])
    # dbt reads the names from the calls, so each stands here in full.
    relations = {
        "attribute_keys": dbt.ref("attribute_keys"),
        "build_settings": dbt.ref("build_settings"),
        "caption_styles": dbt.ref("caption_styles"),
        "caption_words": dbt.ref("caption_words"),
        "captions": dbt.ref("captions"),
        "duplicates": dbt.ref("duplicates"),
        "embeddings": dbt.ref("embeddings"),
        "image_rejects": dbt.ref("image_rejects"),
        "images": dbt.ref("images"),
        "import_rejects": dbt.ref("import_rejects"),
        "models": dbt.ref("models"),
        "object_tags": dbt.ref("object_tags"),
        "objects": dbt.ref("objects"),
        "polished_captions": dbt.ref("polished_captions"),
        "published_captions": dbt.ref("published_captions"),
        "rejects": dbt.ref("rejects"),
        "rule_scorecard": dbt.ref("rule_scorecard"),
        "scene_facts": dbt.ref("scene_facts"),
        "scene_objects": dbt.ref("scene_objects"),
        "scene_rejects": dbt.ref("scene_rejects"),
        "scene_tags": dbt.ref("scene_tags"),
        "scenes": dbt.ref("scenes"),
        "scores": dbt.ref("scores"),
        "selection_losses": dbt.ref("selection_losses"),
        "selections": dbt.ref("image_selections"),
        "snapshots": dbt.ref("snapshots"),
        "sources": dbt.ref("sources"),
        "table_columns": dbt.ref("table_columns"),
        "tag_rules": dbt.ref("tag_rules"),
        "tags": dbt.ref("tags"),
        "training_pairs": dbt.ref("training_pairs"),
    }
    # Neighbours on the ground stand together, so that a filter on bbox reads little.
    world = "{'min_x': -180, 'min_y': -90, 'max_x': 180, 'max_y': 90}::box_2d"
    order_by = {
        "attribute_keys": "key",
        "build_settings": "name",
        "caption_styles": "style",
        "caption_words": "scene_id, style, caption, position",
        "captions": "scene_id, style",
        "duplicates": "what, image_id",
        "embeddings": "model, kind, content_sha256",
        "image_rejects": "request_id, scene_id",
        "images": "image_id",
        "import_rejects": "dataset, file, line, image_name, reason, detail",
        "models": "model",
        "object_tags": "object_id, tag_rank",
        "objects": f"st_hilbert(geometry, {world}), object_id",
        "polished_captions": "scene_id, style",
        "published_captions": "scene_id, caption",
        "rejects": "snapshot, osm_type, osm_id, reason",
        "rule_scorecard": "rule_id, source, country",
        "scene_facts": "scene_id, style",
        "scene_objects": "scene_id, rank",
        "scene_rejects": "object_id, source",
        "scene_tags": "scene_id, object_rank, tag_rank",
        "scenes": f"st_hilbert(geometry, {world}), scene_id",
        "scores": "image_id, style, caption, model",
        "selection_losses": "selection, part, name",
        "selections": "selection, image_id",
        "snapshots": "snapshot",
        "sources": "source",
        "table_columns": "table_name, position",
        "tag_rules": "rule_id",
        "tags": "key, value",
        "training_pairs": "selection, style, image_id",
    }
    path = session.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()[0]
    for name, relation in relations.items():
        session.register(f"public_{name}", relation)
    run = publish(
        Lake.open(Path(path).parent),
        session,
        {name: f"public_{name}" for name in relations},
        order_by,
        # Tables bear as a comment what they were made from (macros/keeping.sql).
        dict(
            session.execute(
                "select table_name, comment from duckdb_tables() "
                "where schema_name = current_schema() and comment is not null"
            ).fetchall()
        ),
    )
    return pd.DataFrame(run["tables"]).assign(run_id=run["run_id"])
