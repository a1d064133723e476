"""What `doctor --probe` says of services that work, fail, or are not set up."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine

from extract.earthengine_session import close_session
from extract.outlines import outline
from extract.service_probe import probe_services
from skyloom.settings import Settings
from tests.extract.builders import write_image
from tests.extract.earthengine_place import PROJECT, S2, SEEDS, serving
from tests.extract.range_server import running

UTM, SIDE_PX = "EPSG:32631", 300
BARCELONA = Affine(10, 0, 423_700, 0, -10, 4_579_700)
COMMON: dict[str, Any] = {"project": SEEDS.parent, "request_timeout_s": 20}


@pytest.fixture(scope="module")
def coast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Sentinel-2 image of last week, as both services hold it."""
    folder = tmp_path_factory.mktemp("coast")
    values = np.random.default_rng(1).integers(1, 3000, (3, SIDE_PX, SIDE_PX))
    image = values.astype(np.uint16)
    write_image(folder / "s2.tif", image, crs=UTM, transform=BARCELONA, nodata=0)
    for key, band in zip(("red", "green", "blue"), image, strict=True):
        path = folder / f"{key}.tif"
        write_image(path, band[None], crs=UTM, transform=BARCELONA, nodata=0)
    scene = np.full((1, SIDE_PX, SIDE_PX), 4, np.uint8)
    write_image(folder / "scl.tif", scene, crs=UTM, transform=BARCELONA)
    taken = (datetime.now(UTC) - timedelta(7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    edge = outline(UTM, BARCELONA, SIDE_PX, SIDE_PX)
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": "s2",
        "collection": "sentinel-2-l2a",
        "geometry": json.loads(shapely.to_geojson(edge)),
        "bbox": list(edge.bounds),
        "properties": {"datetime": taken},
        "links": [],
        "assets": {
            key: {"href": f"../files/{key}.tif"}
            for key in ("red", "green", "blue", "scl")
        },
    }
    (folder / "items.json").write_text(json.dumps([item]))
    bands = {f"B{4 - n}": ["s2.tif", n + 1] for n in range(3)}
    held = {
        "id": "S2_1",
        "bands": {**bands, "SCL": ["scl.tif", 1]},
        **dict.fromkeys(("startTime", "endTime", "updateTime"), taken),
        "properties": {"CLOUDY_PIXEL_PERCENTAGE": 1},
    }
    (folder / "collections.json").write_text(json.dumps({S2: [held]}))
    return folder


def test_services_that_work_give_a_chip(coast):
    with serving(coast) as earth_engine, running(coast, "stac_server") as stac:
        settings = Settings(
            earthengine_url=earth_engine.url,
            earthengine_project=PROJECT,
            earthengine_credentials="anonymous",
            stac_url=f"{stac.url}/api",
            **COMMON,
        )
        found = list(probe_services(settings))
        close_session()
    assert [one.service for one in found] == ["earthengine", "stac"]
    for one in found:
        assert one.ok, one
        assert "1 image(s) listed" in one.found and "100% valid" in one.found


def test_a_service_that_is_down_is_told_and_one_not_set_up_is_no_fault():
    # Port 9 discards; nobody listens there.
    settings = Settings(stac_url="http://127.0.0.1:9/api", **COMMON)
    earth_engine, stac = probe_services(settings)
    assert earth_engine.ok is None and "project" in earth_engine.fix
    assert stac.ok is False and stac.found and "Traceback" not in stac.found
