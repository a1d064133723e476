import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shapely
from affine import Affine

from extract.footprints import index_files
from extract.outlines import grid_columns
from extract.planner import plan
from extract.tables import read, schema, write_plan
from skyloom.errors import SkyloomError
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
from tests.extract.imagery import CORNER, STEP, box_at, frame, image

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


def answer(
    images: list[dict[str, Any]], box: tuple[float, float, float, float], **rules: Any
) -> dict[str, Any]:
    """The one request of a box of source S2."""
    days = rules.pop("snapshots", None)
    scenes = pl.DataFrame([{**scene("a1_S2", box, "S2"), "osm_snapshot": "here"}])
    sources = pl.DataFrame([source_row("S2", "earthengine", **rules)])
    table = plan(scenes, frame(images), sources, days)
    (row,) = table.to_dicts()
    # Neither the order of the footprints nor of the sources may show.
    assert plan(scenes, frame(images[::-1]), sources, days).equals(table)
    return row


def names(row: dict[str, Any]) -> list[str] | None:
    found: list[str] | None = row["source_image_ids"]
    return found


DATED = [
    image("spring", acquired="2020-04-01T10:00", cloud_fraction=0.1),
    image("summer", acquired="2021-07-01T10:00", cloud_fraction=0.15),
    image("autumn", acquired="2022-10-01T10:00", cloud_fraction=0.19),
    image("storm", acquired="2023-01-01T10:00", cloud_fraction=0.21),
    image("undated"),
]
INSIDE = box_at(100, 100, 50)


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ({}, "autumn"),
        ({"max_image_cloud_fraction": 0.5}, "storm"),
        ({"max_image_cloud_fraction": 0.12}, "spring"),
        ({"max_image_cloud_fraction": 0.0}, "undated"),
        ({"acquired_to": dt.date(2021, 7, 1)}, "summer"),
        ({"acquired_to": dt.date(2021, 6, 30)}, "spring"),
        ({"acquired_from": dt.date(2022, 10, 1)}, "autumn"),
        ({"image_choice": "least_cloudy"}, "spring"),
    ],
)
def test_an_image_is_chosen_among_those_that_are_wanted(
    rules: dict[str, Any], wanted: str
) -> None:
    assert names(answer(DATED, INSIDE, **rules)) == [wanted]


def test_between_two_days_an_undated_image_is_none() -> None:
    row = answer(DATED, INSIDE, acquired_from=dt.date(2023, 6, 1))
    assert (names(row), row["why_not"]) == (None, "no_coverage")


def test_of_equally_cloudy_images_the_newest_is_chosen() -> None:
    images = [
        image("a", acquired="2020-04-01", cloud_fraction=0.1),
        image("b", acquired="2021-04-01", cloud_fraction=0.1),
        image("c", acquired="2022-04-01"),
    ]
    assert names(answer(images, INSIDE, image_choice="least_cloudy")) == ["b"]


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        (dt.date(2020, 1, 1), "spring"),
        (dt.date(2021, 3, 1), "summer"),
        (dt.date(2030, 1, 1), "autumn"),
        # Of an unknown day nothing is near: the newest.
        (None, "autumn"),
    ],
)
def test_the_image_nearest_to_the_snapshot_is_chosen(
    day: dt.date | None, wanted: str
) -> None:
    days = pl.DataFrame(
        {"snapshot": ["here"], "snapshot_date": [day]},
        schema={"snapshot": pl.String, "snapshot_date": pl.Date},
    )
    row = answer(DATED, INSIDE, image_choice="nearest_to_snapshot", snapshots=days)
    assert names(row) == [wanted]


def test_without_snapshots_nothing_is_nearest() -> None:
    with pytest.raises(SkyloomError, match="nearest to the snapshot"):
        answer(DATED, INSIDE, image_choice="nearest_to_snapshot")


def test_a_box_in_the_empty_half_of_an_image_is_held_by_another() -> None:
    half = shapely.Polygon([(0, 0), (600, 0), (400, 1000), (0, 1000)])
    images = [
        image("half", acquired="2022-01-01", pixels=half),
        image("whole", acquired="2021-01-01"),
    ]
    assert names(answer(images, box_at(100, 500, 50))) == ["half"]
    assert names(answer(images, box_at(700, 500, 50))) == ["whole"]
    # Across the edge of the new one's pixels the old one alone holds all.
    assert names(answer(images, box_at(480, 500, 50))) == ["whole"]
    assert answer(images[:1], box_at(700, 500, 50))["why_not"] == "no_coverage"


def test_boxes_across_a_seam_are_made_of_both_images() -> None:
    images = [
        image("west", acquired="2021-01-01"),
        image("east", col=1000, acquired="2022-01-01"),
    ]
    row = answer(images, box_at(980, 500, 50))
    assert names(row) == ["east", "west"]
    assert row["source_image_sha256s"] == ["sha-east", "sha-west"]
    a, _, x, _, e, y = row["transform"]
    assert (a, e) == (STEP, -STEP)
    # Whole pixels of both images, and no more of them than the box touches.
    assert ((x - CORNER[0]) / STEP, (CORNER[1] - y) / STEP) == (979, 499)
    assert 51 <= row["width_px"] <= 56
    assert 51 <= row["height_px"] <= 56


def test_a_mosaic_is_another_request_when_its_lower_image_changes() -> None:
    images = [image("west"), image("east", col=1000)]
    box = box_at(980, 500, 50)
    before = answer(images, box)["request_id"]
    images[1]["sha256"] = "other"
    assert answer(images, box)["request_id"] != before


def test_at_a_corner_three_or_four_images_meet() -> None:
    images = [
        image("a", acquired="2021-01-01"),
        image("b", col=1000, acquired="2022-01-01"),
        image("c", col=0, row=1000, size=3000, acquired="2020-01-01"),
    ]
    assert names(answer(images, box_at(980, 980, 50))) == ["b", "a", "c"]
    images[2] = image("c", row=1000, acquired="2020-01-01")
    assert answer(images, box_at(980, 980, 50))["why_not"] == "no_coverage"
    images.append(image("d", col=1000, row=1000, acquired="2019-01-01"))
    assert names(answer(images, box_at(980, 980, 50))) == ["b", "a", "c", "d"]


def test_many_slivers_give_way_to_few_large_images() -> None:
    strips = [
        image(
            f"strip{k}",
            acquired=f"2022-01-0{k + 1}",
            pixels=shapely.box(900 + 20 * k, 0, 912 + 20 * k, 1000),
        )
        for k in range(5)
    ]
    images = [*strips, image("west"), image("east", col=1000)]
    assert names(answer(images, box_at(920, 500, 100))) == ["east", "west"]


@pytest.mark.parametrize(
    "east",
    [
        image("east", col=1000.3),
        image("east", col=1000, step=5.0, size=2000),
        image("east", col=1000, scale_max=4000.0),
        image("east", col=1000, crs="EPSG:25832"),
        image("east", col=1004),
    ],
    ids=["off_by_a_share", "other_pixels", "other_range", "other_crs", "gap"],
)
def test_images_that_do_not_fit_make_no_mosaic(east: dict[str, Any]) -> None:
    row = answer([image("west"), east], box_at(980, 500, 50))
    assert row["why_not"] == "no_coverage"


def test_images_off_by_less_than_a_thousandth_of_a_pixel_do() -> None:
    images = [image("west"), image("east", col=1000.0005)]
    assert names(answer(images, box_at(980, 500, 50))) == ["east", "west"]


def test_at_the_edge_of_a_zone_the_image_that_reaches_beyond_it_holds_the_box() -> None:
    # Six degrees east of Greenwich lie the zones 31 and 32, and images of both.
    images = [
        image("zone31", crs="EPSG:32631", acquired="2022-01-01", size=5000),
        image("zone32", crs="EPSG:32632", acquired="2021-01-01", size=5000),
    ]
    for one, x in zip(images, (700_000, 250_000), strict=True):
        affine = Affine(STEP, 0, x, 0, -STEP, CORNER[1])
        one |= grid_columns(one["crs"], affine, 5000, 5000)
    row = answer(images, (5.98, 46.8, 6.02, 46.82))
    assert names(row) == ["zone31"]
    # West of what zone 31 shows, only the older image of zone 32 holds the box.
    images[0] |= grid_columns(
        "EPSG:32631", Affine(STEP, 0, 729_000, 0, -STEP, CORNER[1]), 5000, 5000
    )
    row = answer(images, (5.98, 46.8, 6.02, 46.82))
    assert (names(row), row["crs"]) == (["zone32"], "EPSG:32632")


def test_an_image_across_the_antimeridian_holds_boxes_on_both_sides_and_across() -> (
    None
):
    affine = Affine(STEP, 0, 800_000, 0, -STEP, 8_000_000)
    images = [image("fiji") | grid_columns("EPSG:32760", affine, 4000, 4000)]
    west = shapely.from_wkb(images[0]["geometry"]).bounds
    assert west[0] == -180
    for box in (
        (179.98, -18.2, 179.99, -18.19),
        (-179.99, -18.2, -179.98, -18.19),
        (179.995, -18.2, -179.995, -18.19),
    ):
        row = answer(images, box)
        assert names(row) == ["fiji"], box
