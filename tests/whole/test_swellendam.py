"""A real aerial image and the real ways of the same place."""

import osmium
import polars as pl
import pytest
import rasterio
import shapely

from skyloom.catalog import Catalog
from skyloom.lake import Lake

# One worker makes what these tests read; another would only wait for it.
pytestmark = [pytest.mark.realdata, pytest.mark.xdist_group("swellendam")]
IMAGE = "3420B_2010_328_RGB_LATLNG.tif"


@pytest.fixture(scope="module")
def place(real_data):
    return real_data / "pairs" / "swellendam"


@pytest.fixture(scope="module")
def lake(once, skyloom, place):
    def fill(folder):
        done = skyloom(
            "run",
            *("--lake", folder / "lake", "--osm", place / "swellendam.osm.pbf"),
            *("--imagery", place / IMAGE, "--source-code", "ZA"),
            *("--acquired", "2010-11-24", "--attribution", "CD:NGI South Africa"),
        )
        assert done.returncode == 0, done.stderr

    return Lake.open(once("swellendam", fill) / "lake")


@pytest.fixture(scope="module")
def ways_in_the_image(place):
    """Tagged ways that touch the image, by libosmium and shapely alone."""
    with rasterio.open(place / IMAGE) as image:
        extent = shapely.box(*image.bounds)
    found = set()
    file = osmium.FileProcessor(place / "swellendam.osm.pbf").with_locations()
    for way in file:
        if not isinstance(way, osmium.osm.Way) or not way.tags:
            continue
        line = shapely.LineString([(node.lon, node.lat) for node in way.nodes])
        # A ring that holds the image in its inside is an area round it.
        shape = shapely.Polygon(line) if way.is_closed() else line
        if shape.intersects(extent):
            found.add(way.id)
    return found


def test_each_way_in_the_image_has_a_pair_or_a_reason(lake, ways_in_the_image):
    catalog = Catalog.open(lake)
    number = pl.col("object_id").str.slice(1).cast(pl.Int64)
    is_way = pl.col("object_id").str.contains("^[wa]")
    paired = set(catalog.frame("images").filter(is_way).select(number).to_series())
    reasons = catalog.frame("scene_rejects").filter(is_way)
    refused = set(reasons.select(number).to_series())
    assert len(ways_in_the_image) == 97
    assert paired | refused == ways_in_the_image
    assert not paired & refused
    assert len(catalog.frame("images")) >= 30
    assert set(reasons["reason"]) <= {"no_visible_tag", "leaves_imagery"}


def test_small_buildings_alone_are_too_small_to_be_seen(lake):
    catalog = Catalog.open(lake)
    with catalog.connect() as con:
        rows = con.execute(
            """
            select objects.kind, objects.area_m2, objects.tags
            from scene_rejects inner join objects using (object_id)
            where reason = 'no_visible_tag' and osm_type = 'way'
            """
        ).fetchall()
    assert rows
    for kind, area_m2, tags in rows:
        assert kind == "area"
        assert "building" in tags
        assert area_m2 < 400


def test_no_box_leaves_the_image(lake, place):
    with rasterio.open(place / IMAGE) as image:
        west, south, east, north = image.bounds
    scenes = Catalog.open(lake).frame("scenes")
    assert scenes["west"].min() >= west
    assert scenes["south"].min() >= south
    assert scenes["east"].max() <= east
    assert scenes["north"].max() <= north


def test_a_release_leaves_out_pixels_without_a_licence(lake, skyloom, tmp_path):
    done = skyloom("export", "--lake", lake.root, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 pairs in")
    assert "of source ZA (its licence is not stated)" in done.stdout
    assert (tmp_path / "out" / "recipes.parquet").is_file()
    assert not list((tmp_path / "out").rglob("*.jpg"))
    done = skyloom(
        "export", "--lake", lake.root, "--out", tmp_path / "out", "--private"
    )
    assert done.returncode == 0, done.stderr
    assert "For private use" in (tmp_path / "out" / "ATTRIBUTION.md").read_text()
    assert list((tmp_path / "out").rglob("*.jpg"))
