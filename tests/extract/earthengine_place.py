"""A small place on a loopback Earth Engine: what it stores, and its controls."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import requests
import shapely
from affine import Affine
from rasterio.windows import Window

from extract.chips import Grid, Sheet
from extract.earthengine_index import images_of
from extract.earthengine_session import Session, close_session, open_session
from extract.footprints import Row
from extract.known_sources import KnownSource, known_sources
from extract.tables import schema
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import noise, write_image

CHECKOUT = Path(__file__).resolve().parents[2]
SEEDS = CHECKOUT / "dbt_project" / "seeds"
PROJECT = "a-test-project"
TIMEOUT_S = 20
UTM = "EPSG:32633"
NAIP, S2 = "USDA/NAIP/DOQQ", "COPERNICUS/S2_SR_HARMONIZED"
OLD_SWISS = "ORTHO/Switzerland/SWISSIMAGE/10cm"
WEST, NORTH = 500_000.0, 5_200_000.0
WIDTH, HEIGHT, STEP = 400, 300, 0.6
# The second image begins this many pixels before the first one's end.
OVERLAP = 50
# The first image holds nothing in its upper left corner.
VOID = 20
AROUND = shapely.box(14.9, 46.8, 15.2, 47.1)


@dataclass(frozen=True)
class Service:
    """A running server."""

    url: str
    folder: Path

    def order(self, **weather: Any) -> None:
        """Order faults and empty the counts; nothing given = fine weather."""
        answer = requests.post(f"{self.url}/control", json=weather, timeout=5)
        assert answer.status_code == 200

    def stats(self) -> Any:
        return requests.get(f"{self.url}/stats", timeout=5).json()

    def open(self, **changes: Any) -> Session:
        """A session with it, anonymous unless told otherwise."""
        given = {"project": PROJECT, "credentials": "anonymous", **changes}
        given.setdefault("timeout_s", TIMEOUT_S)
        return open_session(self.url, **given)


def known(source: str) -> KnownSource:
    return known_sources(SEEDS)[source]


def footprints(session: Session, *sources: str) -> pl.DataFrame:
    rows = [row for source in sources for row in listed(session, source)]
    return pl.DataFrame(rows, schema=schema(FOOTPRINTS))


def sheet(source: str, images: Sequence[str], window: Window, step: float) -> Sheet:
    """A window of the place, in pixels from its north-west corner."""
    x, y = WEST + step * window.col_off, NORTH - step * window.row_off
    grid = Grid(UTM, (step, 0, x, 0, -step, y), window.width, window.height)
    return Sheet(source, tuple(images), grid, ())


def listed(session: Session, source: str, **dates: Any) -> list[Row]:
    return list(images_of(session, known(source), AROUND, **dates))


def write_place(folder: Path) -> Path:
    """Two NAIP images side by side and one without blue; Sentinel-2 on two days."""
    grid = Affine(STEP, 0, WEST, 0, -STEP, NORTH)
    beside = grid @ Affine.translation(WIDTH - OVERLAP, 0)
    aerial: dict[str, Any] = {"crs": UTM, "photometric": "MINISBLACK", "nodata": 0}
    west = noise(4, HEIGHT, WIDTH, seed=1)
    west[:, :VOID, :VOID] = 0
    write_image(folder / "west.tif", west, transform=grid, **aerial)
    east = noise(4, HEIGHT, WIDTH, seed=2)
    write_image(folder / "east.tif", east, transform=beside, **aerial)
    ten, twenty = (Affine(m, 0, WEST, 0, -m, NORTH) for m in (10, 20))
    for day in (1, 2):
        values = np.random.default_rng(day).integers(1, 4000, (3, 120, 160))
        values = values.astype(np.uint16)
        write_image(folder / f"s2_{day}.tif", values, crs=UTM, transform=ten)
    scene = np.full((1, 60, 80), 4, np.uint8)
    scene[:, 10:20, 10:30] = 9
    write_image(folder / "scl.tif", scene, crs=UTM, transform=twenty)
    (folder / "collections.json").write_text(json.dumps(_collections()))
    return folder


def _collections() -> dict[str, Any]:
    rgbn = ("R", "G", "B", "N")
    old = _image("swiss_2018", "2018", {n: ["west.tif", i + 1] for i, n in RGB})
    return {
        NAIP: [
            _image(
                "m_west",
                "2018-06-01",
                {n: ["west.tif", rgbn.index(n) + 1] for n in rgbn},
            ),
            _image(
                "m_east",
                "2020-07-15",
                {n: ["east.tif", rgbn.index(n) + 1] for n in rgbn},
            ),
            _image(
                "c_west",
                "2018-06-01",
                {n: ["west.tif", rgbn.index(n) + 1] for n in "NRG"},
            ),
        ],
        OLD_SWISS: [{**old, "endTime": "2019-01-01T00:00:00Z"}],
        S2: [_sentinel(1, 5), _sentinel(2, 80)],
    }


RGB = list(enumerate("RGB"))


def _sentinel(day: int, cloudy: float) -> dict[str, Any]:
    file = f"s2_{day}.tif"
    bands: dict[str, Any] = {"B2": [file, 3], "B3": [file, 2], "B4": [file, 1]}
    image = _image(f"S2_{day}", f"2021-05-0{day}", {**bands, "SCL": ["scl.tif", 1]})
    when = f"2021-05-0{day}T10:20:30.5Z"
    told = {"CLOUDY_PIXEL_PERCENTAGE": cloudy}
    return {**image, "startTime": when, "endTime": when, "properties": told}


def _image(name: str, day: str, bands: dict[str, Any]) -> dict[str, Any]:
    start = f"{day}-01-01T00:00:00Z" if len(day) == 4 else f"{day}T00:00:00Z"
    return {"id": name, "bands": bands, "startTime": start, "updateTime": start}


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """The server in a process of its own, which ends with this one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.extract.earthengine_server", str(folder)],
        cwd=CHECKOUT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        port = process.stdout.readline().strip()
        assert port, "the server did not start"
        yield Service(f"http://127.0.0.1:{port}", folder)
    finally:
        process.stdin.close()
        process.wait(timeout=10)


@pytest.fixture(scope="module", name="place")
def place_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The server of this module's tests."""
    with serving(write_place(tmp_path_factory.mktemp("place"))) as service:
        yield service
        close_session()


@pytest.fixture(name="service")
def service_fixture(place: Service) -> Service:
    """The server in fine weather. The session stays: to open one takes a second."""
    place.order()
    return place
