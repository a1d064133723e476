"""The same chip, byte for byte, from Earth Engine, from STAC and from files."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import rasterio
import shapely
from PIL import Image

from extract import services, tables
from extract.earthengine_session import close_session
from extract.fetcher import fetch
from extract.footprints import footprint_file, index_files
from extract.known_sources import known_sources
from extract.outlines import outline
from extract.render import to_bytes
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS, LEDGER, REQUESTS
from skyloom.settings import Settings
from tests.extract.builders import StandIn, lonlat_box, scene, source_row
from tests.extract.earthengine_place import (
    AROUND,
    HEIGHT,
    OVERLAP,
    PROJECT,
    SEEDS,
    TIMEOUT_S,
    WIDTH,
    serving,
    write_place,
)
from tests.extract.range_server import running

# NAIP's red, green and blue of one file; the seed's row of the Planetary Computer.
AERIAL = {"west": "2018-06-01", "east": "2020-07-15"}
SEAM = WIDTH - OVERLAP
WAYS = ("earthengine", "stac", "file")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_place(tmp_path_factory.mktemp("place"))
    items = [
        item(folder, "naip", name, {"image": name}, f"{day}T00:00:00Z")
        for name, day in AERIAL.items()
    ]
    bands = split(folder, "s2_1", ("red", "green", "blue"))
    assets = {**bands, "scl": "scl"}
    taken = "2021-05-01T10:20:30.5Z"
    items.append(item(folder, "sentinel-2-l2a", "s2_1", assets, taken))
    (folder / "items.json").write_text(json.dumps(items))
    return folder


def item(
    folder: Path, collection: str, name: str, assets: dict[str, str], taken: str
) -> dict[str, Any]:
    with rasterio.open(folder / f"{name}.tif") as file:
        edge = outline("EPSG:32633", file.transform, file.width, file.height)
        grid = {"proj:shape": file.shape, "proj:transform": list(file.transform)}
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": name,
        "collection": collection,
        "geometry": json.loads(shapely.to_geojson(edge)),
        "bbox": list(edge.bounds),
        "properties": {
            "datetime": taken,
            "proj:epsg": 32633,
            "eo:cloud_cover": 5,
            "earthsearch:boa_offset_applied": True,
        },
        "links": [],
        "assets": {
            key: {"href": f"../files/{file}.tif", **({} if key == "scl" else grid)}
            for key, file in assets.items()
        },
    }


def split(folder: Path, name: str, colours: tuple[str, ...]) -> dict[str, str]:
    """One file for each band, as Sentinel-2 comes."""
    with rasterio.open(folder / f"{name}.tif") as file:
        profile = {**file.profile, "count": 1, "photometric": "MINISBLACK"}
        for number, colour in enumerate(colours, start=1):
            with rasterio.open(folder / f"{colour}.tif", "w", **profile) as band:
                band.write(file.read(number), 1)
    return {colour: colour for colour in colours}


@pytest.fixture(scope="module")
def settings(place: Path) -> Iterator[dict[str, Settings]]:
    common: dict[str, Any] = {
        "project": SEEDS.parent,
        "request_timeout_s": TIMEOUT_S,
        "workers": 2,
    }
    with serving(place) as earth_engine, running(place, "stac_server") as stac:
        yield {
            "earthengine": Settings(
                earthengine_url=earth_engine.url,
                earthengine_project=PROJECT,
                earthengine_credentials="anonymous",
                **common,
            ),
            "stac": Settings(stac_url=f"{stac.url}/api", **common),
            "file": Settings(**common),
        }
        close_session()


def indexed(lake: Lake, source: str, way: str, settings: Settings, place: Path) -> None:
    if way == "file":
        if source == "S2":
            scale = (0.0, 3000.0)
            index_files(lake, [place / "s2_1.tif"], source="S2", scale=scale)
            return
        for name, day in AERIAL.items():
            index_files(lake, [place / f"{name}.tif"], source=source, acquired=day)
        return
    via, images_of = services.way(known_sources(SEEDS)[source], settings)
    assert via == way
    rows = [{**row, "source": source} for row in images_of(AROUND, None, None)]
    frame = pl.DataFrame(rows, schema=tables.schema(FOOTPRINTS))
    tables.write(
        FOOTPRINTS, frame, footprint_file(lake, source), order_by="source_image_id"
    )


def fetched(
    lake: Lake, source: str, way: str, settings: Settings, boxes: dict[str, Any]
) -> dict[str, bytes]:
    """The bytes of each scene's chip."""
    rows = [scene(f"{name}_{source}", box, source) for name, box in boxes.items()]
    catalog = StandIn(rows, [{**source_row(source, way), **clouds(source)}])
    opened = partial(services.openers, settings)
    result = fetch(lake, catalog, services=opened)
    ledger = tables.read(lake, LEDGER)
    assert result.fetched == len(boxes), ledger.to_dicts()
    return {
        row["scene_id"]: (lake.root / row["filepath"]).read_bytes()
        for row in ledger.iter_rows(named=True)
    }


def clouds(source: str) -> dict[str, Any]:
    values = [3, 8, 9, 10] if source == "S2" else None
    return {"cloud_values": values, "cloud_bits": None}


def test_an_aerial_chip_is_the_same_from_everywhere(place, settings, tmp_path):
    west, east = place / "west.tif", place / "east.tif"
    boxes = {
        "a1": lonlat_box(west, 40.3, 50.2, 90, 70),
        "a2": lonlat_box(west, 120.3, 60.2, 60, 70),
        # In both images: the newer one's.
        "a3": lonlat_box(west, SEAM + 5, 100, 30, 40),
        # Across the seam: what the newer one lacks is the older one's.
        "a4": lonlat_box(west, SEAM - 60, 150, 170, 60),
        "a5": lonlat_box(east, 200.7, HEIGHT - 90, 100, 80),
    }
    chips = {}
    for way in WAYS:
        lake = Lake.open(tmp_path / way, create=True)
        indexed(lake, "US", way, settings[way], place)
        chips[way] = fetched(lake, "US", way, settings[way], boxes)
        plans = tables.read(lake, REQUESTS).sort("scene_id")
        assert plans["source_image_ids"].list.len().to_list() == [1, 1, 1, 2, 1]
        check_grids(plans, west)
    assert chips["earthengine"] == chips["stac"] == chips["file"]
    assert len(set(chips["file"].values())) == len(boxes)


def check_grids(plans: pl.DataFrame, image: Path) -> None:
    """Each chip's grid is the image's own: its pixels, whole."""
    with rasterio.open(image) as file:
        for transform in plans["transform"]:
            assert transform[0] == file.transform.a and transform[4] == file.transform.e
            col, row = ~file.transform @ (transform[2], transform[5])
            assert (col, row) == pytest.approx((round(col), round(row)), abs=1e-6)


def test_a_chip_of_sixteen_bits_is_the_same_from_everywhere(place, settings, tmp_path):
    image = place / "s2_1.tif"
    boxes = {"a1": lonlat_box(image, 80.2, 50.1, 50, 60)}
    chips = {}
    for way in WAYS:
        lake = Lake.open(tmp_path / way, create=True)
        indexed(lake, "S2", way, settings[way], place)
        chips[way] = fetched(lake, "S2", way, settings[way], boxes)
    assert chips["earthengine"] == chips["stac"] == chips["file"]
    with rasterio.open(image) as file:
        (plan,) = tables.read(lake, REQUESTS).to_dicts()
        col, row = ~file.transform @ (plan["transform"][2], plan["transform"][5])
        values = file.read()[
            :,
            round(row) : round(row) + plan["height_px"],
            round(col) : round(col) + plan["width_px"],
        ]
    (path,) = lake.images.rglob("*.jpg")
    shown = np.asarray(Image.open(path)).astype(int).transpose(2, 0, 1)
    wanted = to_bytes(values, 0, 3000).astype(int)
    # Noise at quality 95 is off by a few grey values.
    assert np.abs(shown - wanted).mean() < 4
