"""The README's second step on loopback: a real map, and Sentinel-2 from a STAC API."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import rasterio
import shapely
from affine import Affine

from extract.outlines import outline
from skyloom.catalog import Catalog
from skyloom.lake import Lake
from tests.extract.builders import write_image
from tests.extract.range_server import running

pytestmark = pytest.mark.realdata

UTM, SIDE_PX = "EPSG:32632", 900
# Round Monaco; the west of the second day's image holds nothing.
TEN_M = Affine(10, 0, 369_000, 0, -10, 4_849_000)
VOID_PX = 330
DAYS = ("2023-10-02", "2023-11-03")
BBOX = "7.40,43.72,7.45,43.76"


def write_sentinel(
    folder: Path, name: str, day: str, void_px: int
) -> dict[str, object]:
    """An item of four files: three bands of 10 m and the classes of 20 m."""
    random = np.random.default_rng(int(day[-2:]))
    rough = random.integers(200, 2800, (3, SIDE_PX // 20, SIDE_PX // 20))
    values = np.kron(rough, np.ones((1, 20, 20), dtype=int))
    values += random.integers(0, 200, values.shape)
    values[:, :, :void_px] = 0
    tiled: dict[str, Any] = {"tiled": True, "blockxsize": 256, "blockysize": 256}
    for key, band in zip(("red", "green", "blue"), values, strict=True):
        write_image(
            folder / f"{name}_{key}.tif",
            band[None].astype(np.uint16),
            crs=UTM,
            transform=TEN_M,
            nodata=0,
            compress="deflate",
            **tiled,
        )
    twenty = TEN_M @ Affine.scale(2)
    classes = np.full((1, SIDE_PX // 2, SIDE_PX // 2), 5, dtype=np.uint8)
    write_image(folder / f"{name}_scl.tif", classes, crs=UTM, transform=twenty)
    holds = TEN_M @ Affine.translation(void_px, 0)
    edge = outline(UTM, holds, SIDE_PX - void_px, SIDE_PX)
    grid = {"proj:shape": [SIDE_PX, SIDE_PX], "proj:transform": list(TEN_M)}
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": name,
        "collection": "sentinel-2-l2a",
        "geometry": json.loads(shapely.to_geojson(edge)),
        "bbox": list(edge.bounds),
        "properties": {
            "datetime": f"{day}T10:30:00Z",
            "proj:epsg": 32632,
            "eo:cloud_cover": 3,
            "earthsearch:boa_offset_applied": True,
        },
        "links": [],
        "assets": {
            key: {"href": f"../files/{name}_{key}.tif", **grid}
            for key in ("red", "green", "blue")
        }
        | {"scl": {"href": f"../files/{name}_scl.tif"}},
    }


def test_a_region_and_sentinel_without_an_account(tmp_path, real_data, skyloom):
    folder = tmp_path / "service"
    folder.mkdir()
    items = [
        write_sentinel(folder, "whole", DAYS[0], 0),
        write_sentinel(folder, "half", DAYS[1], VOID_PX),
    ]
    (folder / "items.json").write_text(json.dumps(items))
    pbf = real_data / "osm" / "monaco_quackosm.osm.pbf"
    lake = tmp_path / "lake"
    given = ("run", "--lake", lake, "--osm", pbf, "--bbox", BBOX, "--sources", "S2")
    with running(folder, "stac_server") as server:
        where = {"SKYLOOM_STAC_URL": f"{server.url}/api"}
        done = skyloom(*given, **where)
        assert done.returncode == 0, done.stderr
        searches = server.stats()["search"]
        again = skyloom(*given, **where)
        assert again.returncode == 0, again.stderr
        assert "nothing to do" in again.stdout
        # Listed once, and each chip fetched once.
        assert server.stats()["search"] == searches
        forecast = skyloom("plan", "--lake", lake, "--json", **where)
        (row,) = json.loads(forecast.stdout)
        assert row["source"] == "S2" and row["n_to_fetch"] == 0 and row["n_there"] > 5
        reasons = skyloom("fetch", "--lake", lake, "--report", **where)
        assert reasons.returncode == 0, reasons.stderr
    check_catalog(Catalog.open(Lake.open(lake)))


def check_catalog(catalog: Catalog) -> None:
    images = catalog.frame("images")
    assert images.height > 5
    (license,) = images["license"].unique()  # noqa: A001 (the column's name)
    assert license == "Copernicus Sentinel data terms"
    assert images["attribution"].unique().to_list() == [
        "Contains modified Copernicus Sentinel data 2023"
    ]
    assert images["gsd_x_m"].is_between(9.9, 10.1).all()
    assert not images["drawn"].any()
    # The newest image that holds the box; the older one where the newest is void.
    for row in images.iter_rows(named=True):
        col, _ = ~TEN_M @ (row["transform"][2], row["transform"][5])
        expected = "half" if col >= VOID_PX + 2 else "whole"
        if abs(col - VOID_PX) > 2:
            assert row["source_image_ids"][0] == expected, row
    used = images["source_image_ids"].list.first()
    assert set(used) == {"half", "whole"}
    captions = catalog.frame("captions").join(images, on="scene_id")
    assert captions["title"].str.starts_with("a satellite image of").all()
    coarse = catalog.frame("object_tags").filter(pl.col("groundable"))
    said = set(catalog.frame("caption_words")["rule_id"].drop_nulls())
    assert said <= set(coarse.filter(pl.col("max_gsd_m") >= 10)["rule_id"])


def test_the_sample_image_is_read_as_it_was_written(tmp_path):
    write_sentinel(tmp_path, "whole", DAYS[0], VOID_PX)
    with rasterio.open(tmp_path / "whole_red.tif") as file:
        assert file.read(1)[:, :VOID_PX].max() == 0
