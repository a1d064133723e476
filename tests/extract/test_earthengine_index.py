"""A collection becomes footprints: what is listed, and what is passed over."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
import shapely

from extract import earthengine_index, tables
from extract.earthengine_footprints import Passed, footprint
from extract.earthengine_index import images_of
from skyloom.errors import CredentialsError, SkyloomError
from skyloom.progress import be_quiet
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.earthengine_place import (  # noqa: F401 - two are fixtures
    AROUND,
    NAIP,
    OLD_SWISS,
    S2,
    Service,
    footprints,
    known,
    listed,
    place_fixture,
    service_fixture,
)


def names(rows: Any) -> list[str]:
    return [row["source_image_id"] for row in rows]


def test_rows_are_whole_footprints(service: Service) -> None:
    rows = listed(service.open(), "US")
    assert all(set(row) == set(FOOTPRINTS.columns) for row in rows)
    west = rows[0]
    told = {
        "source": "US",
        "kind": "earthengine",
        "source_image_id": "m_west",
        "location": f"{NAIP}/m_west",
        "band_locations": ["R", "G", "B"],
        "acquired": datetime(2018, 6, 1),
        "acquired_precision": "day",
        "cloud_fraction": None,
        "cloud_location": None,
        "crs": "EPSG:32633",
        "transform": [0.6, 0, 500_000, 0, -0.6, 5_200_000],
        "width_px": 400,
        "height_px": 300,
        "scale_min": None,
        "nodata": None,
        "license": "public domain",
        "drawn": False,
    }
    assert {key: west[key] for key in told} == told
    assert west["gsd_m"] == pytest.approx(0.6, rel=1e-3)
    shape = shapely.from_wkb(west["geometry"])
    assert shape.bounds == pytest.approx((15, 46.9519, 15.00316, 46.9535), abs=1e-4)
    frame = pl.DataFrame(rows, schema=tables.schema(FOOTPRINTS))
    assert frame.height == 2


def test_sentinel_tells_clouds_range_and_year(service: Service) -> None:
    rows = listed(service.open(), "S2")
    assert names(rows) == ["S2_1", "S2_2"]
    assert [row["cloud_fraction"] for row in rows] == [0.05, 0.8]
    first = rows[0]
    assert first["band_locations"] == ["B4", "B3", "B2"]
    assert first["cloud_location"] == "SCL"
    assert (first["scale_min"], first["scale_max"]) == (0, 3000)
    assert first["acquired"] == datetime(2021, 5, 1, 10, 20, 30, 500_000)
    assert first["acquired_precision"] == "minute"
    assert first["attribution"].endswith("Sentinel data 2021")


def test_all_pages_are_read_and_each_image_once(service: Service, monkeypatch) -> None:
    monkeypatch.setattr(earthengine_index, "PAGE_SIZE", 1)
    session = service.open()
    service.order()
    assert names(listed(session, "US")) == ["m_west", "m_east"]
    assert service.stats()["paths"] == {"listAssets": 3}
    monkeypatch.setattr(earthengine_index, "MAX_PAGES", 2)
    with pytest.raises(SkyloomError, match="more than 2 images"):
        listed(session, "US")


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (date(2021, 5, 1), date(2021, 5, 1), ["S2_1"]),
        (date(2021, 5, 2), None, ["S2_2"]),
        (None, date(2021, 5, 1), ["S2_1"]),
        (date(2021, 4, 30), date(2021, 5, 2), ["S2_1", "S2_2"]),
        (date(2021, 5, 3), None, []),
    ],
)
def test_both_days_belong(service: Service, first, last, found) -> None:
    session = service.open()
    assert names(listed(session, "S2", first=first, last=last)) == found
    # The service sorts out already: what it lists is what is kept.
    told = service.stats()["last"]["query"]["filter"]
    assert ("startTime >=" in told, "startTime <" in told) == (bool(first), bool(last))


def test_only_images_that_touch_the_area(service: Service) -> None:
    session = service.open()

    def found(area: Any) -> list[str]:
        return names(images_of(session, known("US"), area))

    assert found(shapely.Point(15.0001, 46.9530).buffer(1e-5)) == ["m_west"]
    assert found(shapely.Point(15.0050, 46.9530).buffer(1e-5)) == ["m_east"]
    assert found(shapely.box(16, 48, 17, 49)) == []
    # The corner of its box is near, the triangle itself is not.
    assert found(shapely.Polygon([(14.9, 46.8), (14.9, 47), (14.96, 46.8)])) == []


def test_a_wide_area_is_too_long_for_an_address(service: Service) -> None:
    rows = images_of(service.open(), known("US"), shapely.box(-60, 40, 60, 50))
    assert names(rows) == ["m_west", "m_east"]
    assert len(service.stats()["last"]["query"]["filter"]) > 2048


def test_images_without_a_band_are_counted(service: Service, capsys) -> None:
    be_quiet(False)
    session = service.open()
    any_name = replace(known("US"), id_pattern=None)
    assert names(images_of(session, any_name, AROUND)) == ["m_west", "m_east"]
    assert names(listed(session, "US")) == ["m_west", "m_east"]
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "NAIP: images passed over: 1 without one of the bands",
        "NAIP: images passed over: 1 named otherwise",
    ]


def test_a_former_name_is_tried(service: Service) -> None:
    (row,) = listed(service.open(), "CH")
    assert row["location"] == f"{OLD_SWISS}/swiss_2018"
    assert (row["acquired"], row["acquired_precision"]) == (
        datetime(2018, 1, 1),
        "year",
    )


def test_a_collection_that_is_not_there(service: Service) -> None:
    with pytest.raises(SkyloomError, match="Spain/PNOA/PNOA10") as told:
        listed(service.open(), "ES")
    assert "imagery_sources" in str(told.value)
    assert told.value.exit_code == 1


def test_listing_is_tried_again(service: Service, monkeypatch) -> None:
    monkeypatch.setattr(earthengine_index, "PAUSE_S", 0.01)
    session = service.open()
    service.order(where="listAssets", first=["503", "429", "drop"])
    assert len(listed(session, "US")) == 2
    assert service.stats()["paths"] == {"listAssets": 4}
    service.order(where="listAssets", first=["503"] * 9)
    with pytest.raises(SkyloomError, match=r"could not be listed .*HTTP 503"):
        listed(session, "US")
    refusal = {"status": 403, "message": "Earth Engine API has not been used"}
    service.order(where="listAssets", first=[refusal])
    with pytest.raises(CredentialsError, match="has not been used"):
        listed(session, "US")


def asset(**changes: Any) -> dict[str, Any]:
    grid = {
        "crsCode": "EPSG:32633",
        "dimensions": {"width": 40, "height": 30},
        "affineTransform": {
            "scaleX": 10,
            "translateX": 500_000,
            "scaleY": -10,
            "translateY": 5_200_000,
        },
    }
    grid |= changes.pop("grid", {})
    bands = [{"id": name, "grid": grid} for name in ("B2", "B3", "B4", "SCL")]
    return {"id": f"{S2}/x", "bands": bands, **changes}


STEP = {"scaleX": 10, "translateX": 0, "scaleY": -10, "translateY": 0}


@pytest.mark.parametrize(
    ("grid", "why"),
    [
        ({"crsCode": "SR-ORG:99999"}, "unknown coordinate"),
        ({"crsCode": None}, "without a grid"),
        ({"dimensions": {}}, "without a grid"),
        ({"affineTransform": {**STEP, "shearX": 1}}, "not north up"),
        ({"affineTransform": {**STEP, "scaleY": 10}}, "not north up"),
    ],
)
def test_odd_grids_are_passed_over(grid: dict[str, Any], why: str) -> None:
    with pytest.raises(Passed, match=why):
        footprint(known("S2"), asset(grid=grid))


def test_bands_of_different_grids_are_passed_over() -> None:
    odd = asset()
    odd["bands"][0] = {"id": "B2", "grid": {**odd["bands"][0]["grid"], "crsCode": "x"}}
    with pytest.raises(Passed, match="different grids"):
        footprint(known("S2"), odd)
    # The cloud band's grid may differ: S2's is coarser.
    other = asset()
    other["bands"][3] = {"id": "SCL", "grid": {}}
    assert footprint(known("S2"), other)["cloud_location"] == "SCL"


def test_an_image_may_tell_little() -> None:
    row = footprint(known("S2"), asset())
    assert (row["acquired"], row["acquired_precision"]) == (None, None)
    assert row["cloud_fraction"] is None
    assert row["attribution"] == "Contains modified Copernicus Sentinel data"
    assert shapely.from_wkb(row["geometry"]).geom_type == "Polygon"
    wkt = asset(grid={"crsCode": None, "crsWkt": "EPSG:32633"})
    assert footprint(known("S2"), wkt)["crs"] == "EPSG:32633"
    ring = asset(geometry={"type": "LinearRing", "coordinates": [[0, 0], [1, 1]]})
    assert footprint(known("S2"), ring)["geometry"] == row["geometry"]


def test_a_changed_image_or_range_has_another_digest() -> None:
    source = known("S2")
    digests = {
        footprint(one, asset(updateTime=when))["sha256"]
        for one in (source, replace(source, scale_max=4000))
        for when in ("2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z")
    }
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": None}, "make no sense"),
        ({"id": f"{S2}/a\x1b[31m"}, "cannot be printed"),
        ({"startTime": "yesterday"}, "make no sense"),
        ({"startTime": "0001-01-01T00:00:00+14:00"}, "make no sense"),
        ({"bands": None}, "make no sense"),
        ({"grid": {"dimensions": {"width": "9", "height": "9"}}}, "make no sense"),
        ({"grid": {"dimensions": {"width": -9, "height": 9}}}, "lies nowhere"),
        ({"grid": {"dimensions": {"width": 10**10, "height": 9}}}, "lies nowhere"),
        ({"grid": {"affineTransform": {**STEP, "translateX": 1e30}}}, "lies nowhere"),
    ],
)
def test_an_absurd_image_is_passed_over(change: dict[str, Any], why: str) -> None:
    with pytest.raises(Passed, match=why):
        footprint(known("S2"), asset(**change))


def test_an_outline_around_the_world_is_not_believed() -> None:
    edge = footprint(known("S2"), asset())["geometry"]
    for west, east in ((-179.9, 179.9), (179.5, 180.5)):
        ring = shapely.geometry.mapping(shapely.box(west, 46, east, 47))
        assert footprint(known("S2"), asset(geometry=ring))["geometry"] == edge


def test_a_share_of_cloud_that_is_none_is_not_told() -> None:
    name = known("S2").cloud_property
    for percent in (float("nan"), True, -1, 101):
        row = footprint(known("S2"), asset(properties={name: percent}))
        assert row["cloud_fraction"] is None
