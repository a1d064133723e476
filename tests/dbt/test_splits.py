"""No pixel of one split is seen in another, on a real town's boxes."""

import json
import shutil

import numpy as np
import polars as pl
import pytest
import shapely
import yaml

from skyloom.catalog import Catalog
from skyloom.dbt_run import PROJECT
from skyloom.lake import Lake

pytestmark = pytest.mark.realdata
METRES_PER_DEGREE = 111_000
VARS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]


def across_splits(scenes, margin_m=0.0):
    """Pairs of scenes of two splits of which one, widened, meets the other."""
    kept = scenes.filter(pl.col("split") != "gap")
    west, south, east, north = (
        kept.select("west", "south", "east", "north").to_numpy().T
    )
    up = margin_m / METRES_PER_DEGREE
    out = up / np.cos(np.radians(south))
    boxes = shapely.box(west, south, east, north)
    wide = shapely.box(west - out, south - up, east + out, north + up)
    one, other = shapely.STRtree(boxes).query(wide, predicate="intersects")
    split = kept["split"].to_numpy()
    differ = split[one] != split[other]
    # The search finds what meets at all: each box meets itself.
    assert len(one) > 2 * len(kept)
    return [
        (kept["scene_id"][int(a)], kept["scene_id"][int(b)])
        for a, b in zip(one[differ], other[differ], strict=True)
    ]


def test_boxes_of_two_splits_are_the_gap_apart(real_town):
    scenes = Catalog.open(real_town).frame("scenes")
    counts = dict(scenes.group_by("split").len().iter_rows())
    assert set(counts) == {"train", "val", "test", "gap"}
    assert min(counts.values()) >= 10
    assert across_splits(scenes) == []
    # Half a metre for the degree's length, which differs with the latitude.
    assert across_splits(scenes, VARS["split_gap_m"] - 0.5) == []


def test_what_is_kept_out_is_near_another_split(real_town):
    """A gap without need would waste pairs: each gap scene's tiles say two splits."""
    scenes = Catalog.open(real_town).frame("scenes")
    halves = scenes.with_columns(
        split=pl.when(pl.col("split") == "gap").then(pl.lit("train")).otherwise("split")
    )
    assert across_splits(halves)


@pytest.fixture(scope="module")
def by_region(real_town, skyloom, tmp_path_factory):
    """The same town where its western half is the test split."""
    assert "split_test_regions" in VARS
    lake = tmp_path_factory.mktemp("regions") / "lake"
    shutil.copytree(real_town.root, lake)
    chosen = {"split_zoom": 15, "split_val": 0.25, "split_test_regions": ["west"]}
    done = skyloom("build", "--lake", lake, "--vars", json.dumps(chosen))
    assert done.returncode == 0, done.stderr
    catalog = Catalog.open(Lake.open(lake))
    regions = catalog.frame("objects").select("object_id", "region")
    return catalog.frame("scenes").join(regions, on="object_id")


def test_a_named_region_is_the_test_split_and_nothing_else_is(by_region):
    own = pl.col("region") == "west"
    assert set(by_region.filter(own)["split"]) == {"test"}
    assert set(by_region.filter(~own)["split"]) == {"train", "val", "gap"}


def test_no_box_of_the_test_region_meets_one_of_train_or_val(by_region):
    assert across_splits(by_region, VARS["split_gap_m"] - 0.5) == []
