"""Catalogs to report on."""

from pathlib import Path

import pytest

from tests.explore.stand_in import HOSTILE, StandIn, add_pair


@pytest.fixture
def empty() -> StandIn:
    return StandIn()


@pytest.fixture
def catalog(tmp_path: Path) -> StandIn:
    """Three pairs (one drawn, one hostile) and one row of all that is refused."""
    made = StandIn()
    add_pair(made, tmp_path, "a1")
    add_pair(made, tmp_path, "a2", value=HOSTILE)
    add_pair(made, tmp_path, "r3", drawn=True, osm_type="relation")
    made.add("sources", source="US", name="NAIP", kind="earthengine", gsd_m=0.6)
    made.add("tags", key="note", value=HOSTILE, n_objects=7)
    made.add("scene_rejects", object_id="a9", source="US", reason="box is too large")
    made.add("image_rejects", object_id="a8", source="US", reason="mostly empty")
    made.add("rejects", osm_type="relation", osm_id=5, reason="ring is open")
    made.add("selections", selection="top30", image_id="a1_US_20", kept=False)
    made.add("tag_rules", rule_id="landuse_quarry", key="landuse", value="quarry")
    made.add("tag_rules", rule_id="never_seen", key="natural", value="geyser")
    made.add(
        "snapshots",
        snapshot="town@2026-01-01",
        region="town",
        snapshot_date="2026-01-01",
        file_name="town.osm.pbf",
        loader="duckdb",
        n_points=1,
        n_lines=2,
        n_areas=3,
        n_relations=4,
        n_rejects=5,
        is_current=True,
    )
    return made
