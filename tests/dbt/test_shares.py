"""What a scene shows of each object, beside shapely over every scene and object."""

import numpy as np
import polars as pl
import pytest
import shapely

from skyloom.catalog import Catalog

pytestmark = pytest.mark.realdata
KEY = ["scene_id", "object_id"]
NAMES = ["share_of_box", "visible_fraction", "extent_px"]


@pytest.fixture(scope="module")
def catalog(real_town):
    return Catalog.open(real_town)


@pytest.fixture(scope="module")
def by_shapely(catalog):
    """One row for each scene and object that meet, if only at an edge."""
    scenes, objects = catalog.frame("scenes"), catalog.frame("objects")
    shapes = shapely.from_wkb(objects["geometry"].to_numpy())
    corners = scenes.select("west", "south", "east", "north").to_numpy()
    boxes = shapely.box(*corners.T)
    scene, thing = shapely.STRtree(shapes).query(boxes, predicate="intersects")
    shape, corners = shapes[thing], corners[scene]
    visible = shapely.intersection(shape, boxes[scene])
    size = shapely.get_dimensions(shape)
    whole = np.where(size == 2, shapely.area(shape), shapely.length(shape))
    part = np.where(size == 2, shapely.area(visible), shapely.length(visible))
    west, south, east, north = shapely.bounds(visible).T
    width = (east - west) / (corners[:, 2] - corners[:, 0])
    height = (north - south) / (corners[:, 3] - corners[:, 1])
    sides = scenes.select("width_px", "height_px").to_numpy()[scene].T
    with np.errstate(invalid="ignore"):
        measured = {
            "share_of_box": np.where(
                size == 2, part / shapely.area(boxes[scene]), np.nan
            ),
            "visible_fraction": np.where(size > 0, part / whole, np.nan),
            "extent_px": np.where(
                size > 0, np.fmax(width * sides[0], height * sides[1]), np.nan
            ),
        }
    return pl.DataFrame(
        {
            "scene_id": scenes["scene_id"].gather(scene),
            "object_id": objects["object_id"].gather(thing),
            "kind": np.array(["point", "line", "area"])[size],
            "touches": (size > 0) & shapely.touches(shape, boxes[scene]),
            **{
                name: pl.Series(cells).fill_nan(None)
                for name, cells in measured.items()
            },
        }
    )


def test_the_same_objects_are_in_the_same_scenes(catalog, by_shapely):
    """What only touches a box may stand there or not: it shows nothing."""
    pair = [*KEY, "kind"]
    found = catalog.frame("scene_objects").select(pair)
    assert len(found) > 100_000
    assert set(found["kind"]) == {"point", "line", "area"}
    assert found.join(by_shapely, on=pair, how="anti").is_empty()
    shown = by_shapely.filter(
        ~pl.col("touches") & (pl.col("extent_px").fill_null(1) > 0.01)
    )
    assert len(by_shapely) - len(shown) < len(found) / 1000
    assert shown.join(found, on=pair, how="anti").is_empty()
    assert found.select(KEY).is_unique().all()


def test_the_focus_is_the_scene_s_own_object(catalog):
    scenes = catalog.frame("scenes").select(*KEY).sort(KEY)
    focus = catalog.frame("scene_objects").filter(pl.col("role") == "focus")
    assert focus.select(*KEY).sort(KEY).equals(scenes)


@pytest.mark.parametrize(
    ("name", "off"), [*dict.fromkeys(NAMES[:2], 1e-6).items(), ("extent_px", 2e-3)]
)
def test_measures_are_shapely_s(catalog, by_shapely, name, off):
    both = catalog.frame("scene_objects").join(by_shapely, on=KEY, suffix="_there")
    here, there = both[name], both[f"{name}_there"]
    assert here.is_null().equals(there.is_null().alias(name))
    assert here.null_count() < len(here)
    assert (here - there).abs().max() <= off
    # Whole, in part, and hardly: the measure is seen to change.
    assert here.drop_nulls().n_unique() > 1000


def test_the_more_prominent_come_first(catalog):
    rows = catalog.frame("scene_objects").sort("scene_id", "rank")
    number = pl.int_range(1, pl.len() + 1).over("scene_id")
    assert rows.filter(pl.col("rank") != number).is_empty()
    around = rows.filter(pl.col("role") == "surrounding")
    assert around.filter(
        pl.col("prominence") > pl.col("prominence").shift(1).over("scene_id")
    ).is_empty()
