"""Tiny rasters, scenes, and the two calls of a catalog that this stage makes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from extract.chips import ChipRequest, as_requests
from extract.planner import plan
from extract.tables import read
from skyloom import duck
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS

UTM = Affine(0.5, 0.0, 500_000.0, 0.0, -0.5, 4_000_200.0)
Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]


def noise(bands: int, height: int = 120, width: int = 160, seed: int = 1) -> Pixels:
    """Values of 1 to 254, so that 0 and 255 are free to mean nothing."""
    values = np.random.default_rng(seed).integers(1, 255, (bands, height, width))
    return values.astype(np.uint8)


def write_image(
    path: Path,
    pixels: npt.NDArray[Any],
    *,
    crs: str | None = "EPSG:32631",
    transform: Affine = UTM,
    colours: Sequence[str] = (),
    palette: Mapping[int, tuple[int, ...]] | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
    tags: dict[str, str] | None = None,
    **options: Any,
) -> Path:
    """Pixels of shape (bands, height, width) as a GeoTIFF."""
    path.parent.mkdir(exist_ok=True)
    bands, height, width = pixels.shape
    size = {"count": bands, "height": height, "width": width, "dtype": pixels.dtype}
    profile = {**size, "crs": crs, "transform": transform, **options}
    with rasterio.open(path, "w", driver="GTiff", **profile) as file:
        if colours:
            file.colorinterp = [ColorInterp[colour] for colour in colours]
        file.write(pixels)
        if palette:
            file.write_colormap(1, palette)
        if mask is not None:
            file.write_mask(mask)
        file.update_tags(**(tags or {}))
    return path


def lonlat_box(path: Path, col: float, row: float, width: float, height: float) -> Box:
    """The lon/lat box round a window given in pixels of a file."""
    with rasterio.open(path) as file:
        corners = [
            file.transform @ (c, r)
            for c in (col, col + width)
            for r in (row, row + height)
        ]
        to_lonlat = Transformer.from_crs(file.crs.to_wkt(), "OGC:CRS84", always_xy=True)
    x, y = zip(*corners, strict=True)
    lon, lat = to_lonlat.transform(x, y)
    return min(lon), min(lat), max(lon), max(lat)


def read_direct(path: Path, request: ChipRequest, bands: Sequence[int]) -> Pixels:
    """What rasterio reads where the request's grid lies."""
    with rasterio.open(path) as file:
        col, row = ~file.transform @ (
            request.grid.transform[2],
            request.grid.transform[5],
        )
        window = Window(
            round(col), round(row), request.grid.width_px, request.grid.height_px
        )
        pixels: Pixels = file.read(list(bands), window=window)
    return pixels


def scene(scene_id: str, box: Box, source: str = "LF") -> dict[str, Any]:
    """The columns of a scene that are read here."""
    rounded = [round(side, 7) for side in box]
    sides = dict(zip(("west", "south", "east", "north"), box, strict=True))
    box_id = hashlib.md5(f"{rounded}{source}".encode()).hexdigest()
    ids = {"scene_id": scene_id, "box_id": box_id, "source": source}
    return ids | sides | {"osm_snapshot": "here@2024-01-01"}


def source_row(
    source: str = "LF", kind: str = "file", **changes: Any
) -> dict[str, Any]:
    """The columns of a source that are read here."""
    return {
        "source": source,
        "kind": kind,
        "jpeg_quality": 95,
        "min_valid_fraction": 0.99,
        "min_std": 2.0,
        "max_saturated_fraction": 0.5,
        "max_cloud_fraction": 0.1,
        "recipe": "rgb-v1",
        "image_choice": "newest",
        "acquired_from": None,
        "acquired_to": None,
        "max_image_cloud_fraction": 0.2,
        **changes,
    }


@dataclass
class StandIn:
    """A catalog of frames; `sql` makes the views of its connections."""

    scenes: list[dict[str, Any]]
    sources: list[dict[str, Any]] = field(default_factory=lambda: [source_row()])
    sql: str = ""

    def frame(self, table: str) -> pl.DataFrame:
        snapshots: list[dict[str, Any]] = []
        held = {"scenes": self.scenes, "sources": self.sources, "snapshots": snapshots}
        return pl.DataFrame(held[table])

    def connect(self) -> duckdb.DuckDBPyConnection:
        con = duck.connect()
        if self.sql:
            con.execute(self.sql)
        return con


def planned(lake: Lake, catalog: StandIn) -> pl.DataFrame:
    """The plan of a catalog over the lake's footprints."""
    return plan(
        catalog.frame("scenes"), read(lake, FOOTPRINTS), catalog.frame("sources")
    )


def only_request(lake: Lake, box: Box) -> ChipRequest:
    """The request of one scene with this box."""
    (request,) = as_requests(planned(lake, StandIn([scene("a1_LF", box)])))
    return request
