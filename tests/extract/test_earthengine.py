"""The unmodified client against the loopback server: pixels, order, limits, clouds."""

import logging
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import ee
import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio.windows import Window

from extract.chips import CloudRule, FetchError, Grid
from extract.earthengine import EarthEngineSource, as_request
from extract.earthengine_arrays import decode, valid_pixels
from extract.earthengine_session import close_session
from extract.earthengine_transport import RESTRICTED_LINE
from skyloom.progress import be_quiet
from tests.extract.earthengine_documents import ALGORITHMS, algorithms, discovery
from tests.extract.earthengine_place import (  # noqa: F401 - two are fixtures
    NAIP,
    OVERLAP,
    PROJECT,
    S2,
    STEP,
    VOID,
    WIDTH,
    Service,
    footprints,
    place_fixture,
    service_fixture,
    sheet,
)

CLOUDS = {"S2": CloudRule(values=(3, 8, 9, 10))}


@pytest.fixture(scope="module")
def source(place: Service) -> EarthEngineSource:
    session = place.open()
    return EarthEngineSource(footprints(session, "US", "S2"), session, CLOUDS, 50.0)


def direct(service: Service, file: str, window: Window) -> Any:
    with rasterio.open(service.folder / file) as image:
        return image.read((1, 2, 3), window=window)


def test_the_wheel_still_ships_what_the_server_needs() -> None:
    assert b'"ImageCollection.mosaic"' in algorithms().replace(b"algorithms/", b"")
    assert b"computePixels" in discovery("http://127.0.0.1:1")
    assert ALGORITHMS.is_file()


def test_a_session_is_opened_once(service: Service, monkeypatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(urllib.request, "urlopen", lambda *given: asked.append(given))
    close_session()
    session = service.open(timeout_s=7)
    assert service.open(timeout_s=7) is not None
    assert service.open(timeout_s=7) == session
    paths = service.stats()["paths"]
    assert paths == {"$discovery": 2, "algorithms": 1}
    assert asked == [], "the client fetched its list of deprecated assets"
    assert ee.data._get_state().max_retries == 0
    assert service.open(timeout_s=8) != session
    assert service.stats()["paths"]["algorithms"] == 2


def test_pixels_are_those_of_the_file(service: Service, source) -> None:
    window = Window(37, 41, 120, 90)
    chip = source.fetch(sheet("US", ["m_west"], window, STEP))
    np.testing.assert_array_equal(chip.pixels, direct(service, "west.tif", window))
    assert chip.pixels.dtype == np.uint8
    assert chip.valid.all()
    assert chip.cloud is None
    assert chip.n_bytes > 3 * 120 * 90
    stats = service.stats()
    assert stats["paths"] == {"getPixels": 1}
    told = stats["last"]
    assert told["body"]["workloadTag"] == "skyloom"
    assert told["headers"]["user-agent"].startswith("skyloom/")
    assert told["headers"]["x-goog-user-project"] == PROJECT
    assert told["path"].endswith(f"{NAIP}/m_west:getPixels")


def test_void_and_outside_are_not_valid(service: Service, source) -> None:
    window = Window(-10, -5, 60, 50)
    chip = source.fetch(sheet("US", ["m_west"], window, STEP))
    expected = np.zeros((50, 60), np.bool_)
    expected[5:, 10:] = True
    expected[5 : 5 + VOID, 10 : 10 + VOID] = False
    np.testing.assert_array_equal(chip.valid, expected)


def test_the_preferred_image_lies_on_top(service: Service, source) -> None:
    window = Window(WIDTH - OVERLAP - 40, 20, 130, 60)
    west = direct(service, "west.tif", Window(window.col_off, 20, 90, 60))
    east = direct(service, "east.tif", Window(0, 20, 90, 60))
    tops = (
        (["m_east", "m_west"], east[:, :, :50]),
        (["m_west", "m_east"], west[:, :, 40:]),
    )
    for order, both in tops:
        chip = source.fetch(sheet("US", order, window, STEP))
        parts = [west[:, :, :40], both, east[:, :, 50:]]
        expected = np.concatenate(parts, axis=2)
        np.testing.assert_array_equal(chip.pixels, expected)
        assert chip.valid.all()
        assert chip.image_ids == tuple(order)
    assert service.stats()["paths"] == {"computePixels": 2}


def test_a_band_of_clouds_comes_along(service: Service, source) -> None:
    window = Window(10, 15, 60, 40)
    chip = source.fetch(sheet("S2", ["S2_1"], window, 10))
    np.testing.assert_array_equal(chip.pixels, direct(service, "s2_1.tif", window))
    assert chip.pixels.dtype == np.uint16
    # The band's pixels are 20 m: rows 10 to 20, columns 10 to 30 are cloud.
    cloud = np.zeros((40, 60), np.bool_)
    cloud[20 - 15 : 40 - 15, 20 - 10 : 60 - 10] = True
    np.testing.assert_array_equal(chip.cloud, cloud)
    assert service.stats()["last"]["body"]["bandIds"] == ["B4", "B3", "B2", "SCL"]
    both = source.fetch(sheet("S2", ["S2_2", "S2_1"], window, 10))
    np.testing.assert_array_equal(both.pixels, direct(service, "s2_2.tif", window))
    np.testing.assert_array_equal(both.cloud, cloud)


def test_clouds_are_values_or_bits() -> None:
    band = np.array([[0, 3, 4, 8, 24]], np.uint16)
    by_value = CloudRule(values=(3, 8)).says(band)
    assert by_value.tolist() == [[False, True, False, True, False]]
    by_bit = CloudRule(bits=8).says(band)
    assert by_bit.tolist() == [[False, False, False, True, True]]


def test_void_is_where_all_three_values_are_the_fill() -> None:
    values = np.array([[[0, 0, 9, 7]], [[0, 1, 9, 7]], [[0, 0, 9, 9]]], np.uint16)
    assert valid_pixels(values, None).tolist() == [[False, True, True, True]]
    assert valid_pixels(values, 9).tolist() == [[True, True, False, True]]
    floats = np.array([[[np.nan, 0.1]], [[0.1, 0.1]], [[0.1, 0.1]]], np.float32)
    assert valid_pixels(floats, None).tolist() == [[False, True]]


@pytest.mark.parametrize("fault", ["slow", "trickle"])
def test_the_deadline_holds(service: Service, fault: str) -> None:
    session = service.open(timeout_s=1)
    late = EarthEngineSource(footprints(session, "US"), session, {})
    service.order(first=[fault], slow_s=4)
    start = time.monotonic()
    with pytest.raises(FetchError) as failure:
        late.fetch(sheet("US", ["m_west"], Window(0, 0, 80, 80), STEP))
    assert failure.value.reason == "timeout"
    assert time.monotonic() - start < 3.5
    assert service.stats()["paths"] == {"getPixels": 1}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("truncate", "truncated"), ("break", "http"), ("drop", "http"), ("503", "http")],
)
def test_a_fetch_is_one_attempt(service: Service, source, fault, reason) -> None:
    service.open()
    service.order(first=[fault])
    wanted = sheet("US", ["m_west"], Window(0, 0, 80, 80), STEP)
    with pytest.raises(FetchError) as failure:
        source.fetch(wanted)
    assert failure.value.reason == reason
    assert service.stats()["paths"] == {"getPixels": 1}
    assert source.fetch(wanted).pixels.shape == (3, 80, 80)


def npy(values: Any) -> bytes:
    import io

    body = io.BytesIO()
    np.save(body, values)
    return body.getvalue()


FIELDS = np.zeros((4, 5), [("R", "u1"), ("G", "u2"), ("B", "u1")])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "truncated"),
        (b"\x93NUM", "truncated"),
        (npy(FIELDS)[:40], "truncated"),
        (npy(FIELDS)[:-1], "truncated"),
        (b"<html>", "decode"),
        (b"PK\x03\x04", "decode"),
        (npy(FIELDS.T), "decode"),
        (npy(FIELDS[["R", "G"]]), "decode"),
        (npy(np.zeros((4, 5))), "decode"),
        (npy(np.zeros((0, 5), FIELDS.dtype)), "decode"),
        (b"\x93NUMPY\x09\x00" + bytes(80), "truncated"),
    ],
)
def test_a_body_that_is_no_whole_array_is_told(body: bytes, reason: str) -> None:
    grid = Grid("EPSG:32633", (1, 0, 0, 0, -1, 0), 5, 4)
    FIELDS["G"] = np.arange(20).reshape(4, 5)
    for whole in (FIELDS, np.asfortranarray(FIELDS)):
        np.testing.assert_array_equal(decode(npy(whole), "RGB", grid), FIELDS)
    with pytest.raises(FetchError) as failure:
        decode(body, "RGB", grid)
    assert failure.value.reason == reason


def test_too_large_a_sheet_is_not_asked_for(service: Service, source) -> None:
    for code, image, side in (("US", "m_west", 3900), ("S2", "S2_1", 1900)):
        with pytest.raises(FetchError) as failure:
            source.fetch(sheet(code, [image], Window(0, 0, side, side), STEP))
        assert failure.value.reason == "too_heavy"
    assert service.stats()["requests"] == 0
    limits = source.limits
    assert limits.max_bytes < 50_331_648
    assert (limits.service, limits.in_flight, limits.per_second) == (
        "earthengine",
        40,
        50.0,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"crs": "EPSG:32634"},
        {"transform": (0.6, 0, 500_000.3, 0, -0.6, 5_200_000)},
        {"transform": (1.2, 0, 500_000, 0, -1.2, 5_200_000)},
    ],
)
def test_another_grid_is_not_asked_for(service: Service, source, change) -> None:
    wanted = sheet("US", ["m_west"], Window(0, 0, 20, 20), STEP)
    with pytest.raises(FetchError, match="grid"):
        source.fetch(replace(wanted, grid=replace(wanted.grid, **change)))
    assert service.stats()["requests"] == 0


def test_the_server_finds_the_nearest_pixel_in_another_projection(
    service: Service,
) -> None:
    service.open()
    here = Transformer.from_crs("EPSG:32633", "EPSG:32634", always_xy=True)
    x, y = here.transform(500_100.1, 5_199_900.2)
    grid = Grid("EPSG:32634", (0.6, 0, x - 0.3, 0, -0.6, y + 0.3), 1, 1)
    asked = {"assetId": f"{NAIP}/m_west", "fileFormat": "NUMPY_NDARRAY"}
    values = ee.data.getPixels({**asked, "grid": as_request(grid)})
    pixel = Window(int(100.1 / 0.6), int(99.8 / 0.6), 1, 1)
    assert list(values[0, 0])[:3] == direct(service, "west.tif", pixel).ravel().tolist()


def test_restricted_mode_is_said_once_in_a_run(
    service: Service, source, capsys
) -> None:
    be_quiet(False)
    service.order(restricted=True)
    for _ in range(2):
        service.open()
        for _ in range(2):
            source.fetch(sheet("US", ["m_west"], Window(0, 0, 8, 8), STEP))
    assert capsys.readouterr().err.splitlines() == [RESTRICTED_LINE] * 2


def test_forty_threads_share_forty_connections(
    service: Service, source, caplog
) -> None:
    service.open()
    service.order(latency_s=0.05, max_in_flight=40)
    sheets = [
        sheet("US", ["m_west"], Window(k, k // 2, 100, 100), STEP) for k in range(120)
    ]
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(40) as pool:
        chips = list(pool.map(source.fetch, sheets))
    assert len(chips) == 120
    stats = service.stats()
    assert 10 < stats["max_in_flight"] <= 40
    assert stats["connections"] <= 42
    assert stats["duplicates"] == 0
    assert stats["answers"] == {"200": 120}
    assert "pool is full" not in caplog.text


def test_shares_of_faults_are_the_same_in_each_run(service: Service, source) -> None:
    service.open()

    def failed() -> list[int]:
        service.order(shares={"503": 0.2, "429": 0.2}, seed=3)
        numbers = []
        for k in range(30):
            try:
                source.fetch(sheet("US", ["m_west"], Window(k, 0, 8, 8), STEP))
            except FetchError as error:
                numbers.append(k + 100 * (error.reason == "throttled"))
        return numbers

    first = failed()
    assert 4 < len(first) < 22
    assert failed() == first


def test_the_server_serves_the_client_as_it_is(service: Service) -> None:
    service.open()
    collection = ee.ImageCollection(NAIP)
    assert collection.size().getInfo() == 3
    grid = as_request(sheet("US", ["m_west"], Window(50, 50, 30, 20), STEP).grid)
    shown = collection.first().visualize(bands=["R", "G", "B"], min=0, max=255)
    picture = ee.data.computePixels(
        {"expression": shown, "fileFormat": "PNG", "grid": grid}
    )
    assert picture.startswith(b"\x89PNG")
    values = ee.data.getPixels(
        {"assetId": f"{S2}/S2_1", "fileFormat": "NUMPY_NDARRAY", "grid": grid}
    )
    assert values.dtype.names == ("B2", "B3", "B4", "SCL")
    assert ee.data.getAsset(f"{NAIP}/m_west")["id"] == f"{NAIP}/m_west"
    with pytest.raises(ee.EEException, match=r"function Image\.\w+ is not known"):
        ee.data.computePixels(
            {"expression": ee.Image(f"{NAIP}/m_west").divide(2), "grid": grid}
        )
    grid["dimensions"] = {"width": 5000, "height": 5000}
    with pytest.raises(ee.EEException, match="less than or equal to 50331648 bytes"):
        ee.data.getPixels(
            {"assetId": f"{NAIP}/m_west", "fileFormat": "NPY", "grid": grid}
        )
