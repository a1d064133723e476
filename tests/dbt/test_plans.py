"""The shape of the spatial joins decides minutes or hours: it is read from EXPLAIN."""

import duckdb
import pytest

from skyloom.duck import ensure_spatial

SPATIAL = (
    "int_detour_boxes",
    "int_hashed_boxes",
    "int_object_countries",
    "int_objects_in_imagery",
    "rule_indoor_pool",
    "scene_objects",
)


@pytest.mark.parametrize("model", SPATIAL)
def test_a_spatial_model_joins_by_an_index_and_never_in_a_nested_loop(
    model, demo, compiled
):
    ensure_spatial()
    (file,) = (compiled / "target/compiled/skyloom/models").rglob(f"{model}.sql")
    database = demo / "lake" / "warehouse.duckdb"
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("load spatial")
        plan = con.execute(f"explain {file.read_text()}").fetchall()[0][1]
    assert "SPATIAL_JOIN" in plan
    assert "NL_JOIN" not in plan
    assert "NESTED_LOOP" not in plan
