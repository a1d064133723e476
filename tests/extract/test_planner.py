from pathlib import Path

import polars as pl
import pytest
from affine import Affine

from extract.footprints import index_files
from extract.planner import plan
from extract.tables import read, schema, write_plan
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS, REQUESTS
from tests.extract.builders import (
    StandIn,
    lonlat_box,
    noise,
    only_request,
    planned,
    scene,
    source_row,
    write_image,
)

DEGREES = Affine(2.0**-16, 0, 8.5, 0, -(2.0**-16), 47.25)


def test_a_box_on_pixel_edges_gains_no_pixel(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3), crs="EPSG:4326", transform=DEGREES)
    index_files(lake, [path])
    grid = only_request(lake, lonlat_box(path, 10, 20, 40, 30)).grid
    assert (grid.width_px, grid.height_px) == (40, 30)
    assert grid.affine == DEGREES @ Affine.translation(10, 20)


def test_the_whole_image_is_held_by_itself(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3), crs="EPSG:4326", transform=DEGREES)
    index_files(lake, [path])
    grid = only_request(lake, lonlat_box(path, 0, 0, 160, 120)).grid
    assert (grid.width_px, grid.height_px) == (160, 120)


def test_a_box_within_pixels_gets_their_envelope(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3), crs="EPSG:4326", transform=DEGREES)
    index_files(lake, [path])
    grid = only_request(lake, lonlat_box(path, 10.4, 20.6, 40, 30)).grid
    assert (grid.width_px, grid.height_px) == (41, 31)
    assert grid.affine == DEGREES @ Affine.translation(10, 20)


def test_the_envelope_holds_the_edges_of_the_box_not_only_its_corners(
    lake: Lake, tmp_path: Path
) -> None:
    # A parallel bulges in UTM: over 200 km its middle lies kilometres off the chord.
    grid = Affine(500, 0, 300_000, 0, -500, 6_800_000)
    path = write_image(tmp_path / "a.tif", noise(3, 800, 800), transform=grid)
    index_files(lake, [path])
    chip = only_request(lake, (1.0, 60.0, 5.0, 60.5)).grid
    bottom = chip.transform[5] - 500 * chip.height_px
    on_meridian = 6_651_411.19  # northing of 60 N, 3 E in zone 31
    assert bottom <= on_meridian < bottom + 500


def test_what_no_image_holds_whole_has_no_coverage(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3))
    index_files(lake, [path])
    boxes = {
        "a1_LF": lonlat_box(path, 150, 100, 20, 10),
        "a2_LF": (100.0, -20.0, 100.01, -19.99),
        "a3_LF": lonlat_box(path, 20, 20, 20, 20),
    }
    catalog = StandIn([scene(name, box) for name, box in boxes.items()])
    table = planned(lake, catalog)
    assert table.schema == schema(REQUESTS)
    assert table["why_not"].to_list() == ["no_coverage", "no_coverage", None]
    assert table["transform"].null_count() == table["crs"].null_count() == 2
    assert table["width_px"].null_count() == 2


def test_the_newest_image_is_chosen_and_the_undated_last(
    lake: Lake, tmp_path: Path
) -> None:
    for name, date in (("old", "2015"), ("new", "2021-05-01"), ("undated", None)):
        seed = len(name)
        path = write_image(tmp_path / f"{name}.tif", noise(3, seed=seed))
        index_files(lake, [path], acquired=date)
    box = lonlat_box(path, 20, 20, 30, 30)
    assert only_request(lake, box).image_ids == ("new",)
    images = read(lake, FOOTPRINTS)
    catalog = StandIn([scene("a1_LF", box)])
    for gone, then in (("new", "old"), ("old", "undated")):
        images = images.filter(pl.col("source_image_id") != gone)
        table = plan(catalog.frame("scenes"), images, catalog.frame("sources"))
        assert table["source_image_ids"].to_list() == [[then]]


def test_the_order_of_the_inputs_is_nothing(lake: Lake, tmp_path: Path) -> None:
    for seed in range(3):
        path = write_image(tmp_path / f"i{seed}.tif", noise(3, seed=seed))
        index_files(lake, [path])
    boxes = [lonlat_box(path, 5 * k, 3 * k, 20 + k, 30) for k in range(20)]
    scenes = pl.DataFrame([scene(f"a{k}_LF", box) for k, box in enumerate(boxes)])
    images = read(lake, FOOTPRINTS)
    sources = pl.DataFrame([source_row(), source_row("XX")])
    one = plan(scenes, images, sources)
    two = plan(
        scenes.sample(fraction=1, shuffle=True, seed=3),
        images.reverse(),
        sources.reverse(),
    )
    assert one.equals(two)
    assert one["scene_id"].is_sorted()
    assert one["request_id"].n_unique() == 20


@pytest.mark.parametrize("change", ["box", "recipe", "content"])
def test_a_request_is_its_box_its_pixels_and_its_recipe(
    lake: Lake, tmp_path: Path, change: str
) -> None:
    path = write_image(tmp_path / "a.tif", noise(3))
    index_files(lake, [path])
    box = lonlat_box(path, 20, 20, 30, 30)
    catalog = StandIn([scene("a1_LF", box)])
    before = planned(lake, catalog)["request_id"].item()
    assert planned(lake, catalog)["request_id"].item() == before
    if change == "box":
        # The same pixels, but other words: the box moved by less than a pixel.
        catalog = StandIn([scene("a1_LF", (box[0] + 2e-7, *box[1:]))])
    elif change == "recipe":
        catalog.sources = [source_row(recipe="rgb-v2")]
    else:
        index_files(lake, [write_image(path, noise(3, seed=9))])
    assert planned(lake, catalog)["request_id"].item() != before


def test_no_scenes_make_an_empty_plan() -> None:
    scenes = pl.DataFrame(schema={"scene_id": pl.String, "source": pl.String})
    table = plan(
        scenes, pl.DataFrame(schema=schema(FOOTPRINTS)), pl.DataFrame([source_row()])
    )
    assert (table.height, table.schema) == (0, schema(REQUESTS))


def test_a_source_that_vanished_loses_its_requests(lake: Lake) -> None:
    box = (8.5, 47.0, 8.51, 47.01)
    both = [scene("a1_LF", box), scene("a1_L2", box, "L2")]
    sources = [source_row(), source_row("L2")]
    write_plan(lake, planned(lake, StandIn(both, sources)))
    names = [path.name for path in lake.files(REQUESTS)]
    assert names == ["L2.parquet", "LF.parquet", "empty.parquet"]
    write_plan(lake, planned(lake, StandIn(both[:1], sources)))
    assert [path.name for path in lake.files(REQUESTS)] == names[1:]
    assert read(lake, REQUESTS)["scene_id"].to_list() == ["a1_LF"]
