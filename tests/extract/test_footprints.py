import shutil
from datetime import datetime
from pathlib import Path

import geopandas
import pytest
import shapely
from affine import Affine
from polars import DataFrame

from extract.acquired import parse_acquired
from extract.drawn_footprints import index_drawn
from extract.footprints import index_files
from extract.outlines import outline
from extract.tables import read
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import StandIn, noise, write_image


def footprints(lake: Lake) -> DataFrame:
    return read(lake, FOOTPRINTS).sort("source", "source_image_id")


def test_a_file_is_described(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "town.tif", noise(3), nodata=0)
    count = index_files(
        lake, [path], acquired="2021-06-05", license="CC0", attribution="us"
    )
    (row,) = footprints(lake).to_dicts()
    assert count == 1
    assert (row["source"], row["source_image_id"]) == ("LF", "town")
    assert (row["crs"], row["transform"][:3]) == ("EPSG:32631", [0.5, 0.0, 500_000.0])
    assert (row["width_px"], row["height_px"]) == (160, 120)
    # UTM shrinks lengths by 0.9996 on its central meridian.
    assert row["gsd_m"] == pytest.approx(0.5 / 0.9996, rel=1e-6)
    assert (row["rgb_bands"], row["alpha_band"], row["nodata"]) == ([1, 2, 3], None, 0)
    assert row["acquired"] == datetime(2021, 6, 5)
    assert row["acquired_precision"] == "day"
    assert row["drawn"] is False


def test_the_geometry_is_geoparquet_one_pixel_inside(
    lake: Lake, tmp_path: Path
) -> None:
    index_files(lake, [write_image(tmp_path / "a.tif", noise(3))])
    frame = geopandas.read_parquet(lake.root / "footprints" / "LF.parquet")
    shape = frame.geometry.iloc[0]
    assert shape.is_valid
    assert len(shape.exterior.coords) >= 4 * 21 + 1
    assert frame.crs.to_authority() == ("OGC", "CRS84")
    bounds = frame.to_crs("EPSG:32631").total_bounds
    assert bounds == pytest.approx([500_000.5, 4_000_140.5, 500_079.5, 4_000_199.5])


@pytest.mark.parametrize(
    ("crs", "step", "gsd_m"),
    [
        ("EPSG:4326", 1e-5, 0.967),  # degrees: 1.11 m north, 0.85 m east at 40 degrees
        ("EPSG:3857", 1.0, 0.767),
        ("EPSG:2263", 2.0, 0.6096),  # US survey feet
    ],
)
def test_gsd_is_metres_on_the_ground(
    lake: Lake, tmp_path: Path, crs: str, step: float, gsd_m: float
) -> None:
    corner = {
        "EPSG:4326": (-74.0, 40.0),
        "EPSG:3857": (-8237642.0, 4865942.0),
        "EPSG:2263": (983_000.0, 200_000.0),
    }[crs]
    grid = Affine(step, 0, corner[0], 0, -step, corner[1])
    path = write_image(tmp_path / "a.tif", noise(3), crs=crs, transform=grid)
    index_files(lake, [path])
    assert footprints(lake)["gsd_m"].item() == pytest.approx(gsd_m, rel=0.01)


def test_an_unknown_crs_is_kept_as_wkt(lake: Lake, tmp_path: Path) -> None:
    crs = "+proj=lcc +lat_1=44 +lat_2=49 +lat_0=46.5 +lon_0=3 +x_0=7e5 +y_0=66e5"
    grid = Affine(0.2, 0, 7e5, 0, -0.2, 66e5)
    path = write_image(tmp_path / "a.tif", noise(3), crs=crs, transform=grid)
    index_files(lake, [path])
    assert footprints(lake)["crs"].item().startswith("PROJCS")


def test_the_same_file_again_changes_no_byte(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3))
    index_files(lake, [path], acquired="2020", license="CC0")
    before = (lake.root / "footprints" / "LF.parquet").read_bytes()
    index_files(lake, [path, str(path)])
    assert (lake.root / "footprints" / "LF.parquet").read_bytes() == before


def test_licence_and_date_are_per_image_and_can_be_given_again(
    lake: Lake, tmp_path: Path
) -> None:
    first = write_image(tmp_path / "a.tif", noise(3, seed=1))
    second = write_image(tmp_path / "b.tif", noise(3, seed=2))
    index_files(lake, [first], acquired="2019", license="CC0")
    index_files(lake, [second], acquired="2020-02-03T04:05Z", license="CC-BY-4.0")
    index_files(lake, [first], attribution="somebody", license="ODbL-1.0")
    one, two = footprints(lake).to_dicts()
    assert (one["license"], one["attribution"]) == ("ODbL-1.0", "somebody")
    assert one["acquired"] == datetime(2019, 1, 1)
    assert (two["license"], two["attribution"]) == ("CC-BY-4.0", None)
    assert two["acquired_precision"] == "minute"


def test_new_content_replaces_the_row_and_forgets_the_date(
    lake: Lake, tmp_path: Path
) -> None:
    path = write_image(tmp_path / "a.tif", noise(3, seed=1))
    index_files(lake, [path], acquired="2019", license="CC0")
    old = footprints(lake)["sha256"].item()
    write_image(path, noise(3, seed=2))
    index_files(lake, [path])
    (row,) = footprints(lake).to_dicts()
    assert row["sha256"] != old
    assert (row["license"], row["acquired"]) == ("CC0", None)


def test_two_images_of_one_name_are_both_kept(lake: Lake, tmp_path: Path) -> None:
    east = write_image(tmp_path / "east" / "a.tif", noise(3, seed=1))
    west = write_image(tmp_path / "west" / "a.tif", noise(3, seed=2))
    index_files(lake, [east])
    assert index_files(lake, [west]) == 2
    assert index_files(lake, [west, east]) == 2
    ids = footprints(lake)["source_image_id"].to_list()
    assert ids[0] == "a"
    assert ids[1].startswith("a-")


def test_a_moved_file_keeps_its_row(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3))
    index_files(lake, [path], acquired="2019")
    (tmp_path / "elsewhere").mkdir()
    there = Path(shutil.move(path, tmp_path / "elsewhere" / "a.tif"))
    assert index_files(lake, [there]) == 1
    (row,) = footprints(lake).to_dicts()
    assert (row["location"], row["acquired_precision"]) == (str(there), "year")


def test_one_source_has_one_resolution(lake: Lake, tmp_path: Path) -> None:
    fine = write_image(tmp_path / "fine.tif", noise(3))
    grid = Affine(0.6, 0, 500_000, 0, -0.6, 4_000_200)
    coarse = write_image(tmp_path / "coarse.tif", noise(3), transform=grid)
    index_files(lake, [fine])
    with pytest.raises(UsageError, match=r"fine .* coarse .*--source-code"):
        index_files(lake, [coarse])
    assert footprints(lake)["source_image_id"].to_list() == ["fine"]
    assert index_files(lake, [coarse], source="L2") == 1


@pytest.mark.parametrize("code", ["L", "LFX", "lf", "L-", ""])
def test_a_source_code_is_two_characters(lake: Lake, code: str) -> None:
    with pytest.raises(UsageError, match="source code"):
        index_files(lake, [], source=code)


@pytest.mark.parametrize("text", ["20", "2020-13", "2020-02-30", "soon", "2020-1-1"])
def test_bad_dates_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="YYYY-MM-DD"):
        parse_acquired(text)


def test_the_sample_imagery_says_it_is_drawn(lake: Lake, tmp_path: Path) -> None:
    tags = {"TIFFTAG_IMAGEDESCRIPTION": "drawn by Skyloom, not a photograph"}
    index_files(lake, [write_image(tmp_path / "a.tif", noise(3), tags=tags)])
    assert footprints(lake)["drawn"].item() is True


def test_an_outline_across_the_antimeridian_has_two_parts() -> None:
    shape = outline("EPSG:3832", Affine(100, 0, 3.32e6, 0, -100, 0), 400, 300)
    assert shape.geom_type == "MultiPolygon"
    assert shape.bounds[0] == -180
    assert shape.bounds[2] == 180
    assert shapely.area(shape) < 1


OBJECTS = """
    create table snapshots as select 'town' as snapshot, 'abc' as sha256;
    create table objects as
    select {{'xmin': x, 'ymin': y, 'xmax': x + 0.01, 'ymax': y + 0.01}} as bbox
    from (values {places}) as places (x, y)
"""


def test_drawn_footprints_follow_the_zones(lake: Lake) -> None:
    sql = OBJECTS.format(places="(8.5, 47.1), (8.6, 47.2), (12.1, 47.0), (8.5, -1.0)")
    assert index_drawn(lake, StandIn([], sql=sql)) == 3
    rows = footprints(lake).to_dicts()
    assert [row["crs"] for row in rows] == ["EPSG:32632", "EPSG:32633", "EPSG:32732"]
    for row in rows:
        assert row["transform"][2] % 0.5 == row["transform"][5] % 0.5 == 0
        assert row["gsd_m"] == pytest.approx(0.5, rel=0.01)
        assert (row["drawn"], row["location"]) == (True, "drawn")
        assert row["license"] == "CC0-1.0"
        assert row["acquired"] is None
    before = (lake.root / "footprints" / "DR.parquet").read_bytes()
    index_drawn(lake, StandIn([], sql=sql))
    assert (lake.root / "footprints" / "DR.parquet").read_bytes() == before


def test_drawn_footprints_of_a_lake_without_objects_are_none(lake: Lake) -> None:
    assert index_drawn(lake, None) == 0


def test_a_pattern_names_files(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c[1]"):
        write_image(tmp_path / "tiles" / f"{name}.tif", noise(3))
    write_image(tmp_path / "tiles" / "deep" / "d.tif", noise(3))
    monkeypatch.chdir(tmp_path)
    assert index_files(lake, ["tiles/[ab].tif", "tiles/c[1].tif"]) == 3
    assert index_files(lake, ["tiles/**/*.tif"]) == 4
    with pytest.raises(UsageError, match=r"x\*\.tif: no file matches"):
        index_files(lake, ["tiles/x*.tif"])


def test_values_that_are_no_bytes_need_a_range(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3).astype("uint16") * 20)
    with pytest.raises(UsageError, match="--scale MIN,MAX"):
        index_files(lake, [path])
    with pytest.raises(UsageError, match="range 9,9 is empty"):
        index_files(lake, [path], scale=(9, 9))
    index_files(lake, [path], scale=(0, 3000))
    (row,) = footprints(lake).to_dicts()
    assert (row["scale_min"], row["scale_max"]) == (0, 3000)
    # It stays until another is given, which makes another image of the file.
    index_files(lake, [path], license="CC0-1.0")
    (same,) = footprints(lake).to_dicts()
    assert (same["scale_max"], same["sha256"]) == (3000, row["sha256"])
    index_files(lake, [path], scale=(0, 4000))
    (other,) = footprints(lake).to_dicts()
    assert other["scale_max"] == 4000
    assert other["sha256"] != row["sha256"]
    complex_values = noise(3).astype("complex64")
    with pytest.raises(UsageError, match="complex64"):
        index_files(
            lake, [write_image(tmp_path / "z.tif", complex_values)], scale=(0, 1)
        )
