"""Collections of GeoTIFF files as Earth Engine would list and store them.

A folder holds `collections.json`: for each collection a list of images
`{id, bands: {name: [file, 1-based band]}, startTime, endTime, updateTime, properties}`.
`geometry` (GeoJSON) is told instead of the first band's outline.
"""

import json
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from affine import Affine
from pyproj import CRS, Transformer

from tests.extract.earthengine_faults import ServiceError
from tests.extract.earthengine_filters import holds

# Whole files are kept decoded up to this many bytes each.
KEEP_BYTES = 300_000_000
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Pixels:
    """Where pixels are wanted."""

    crs: str
    transform: Affine
    width: int
    height: int


class Raster:
    """One file, decoded once."""

    def __init__(self, path: Path) -> None:
        with rasterio.open(path) as file:
            self.crs = CRS.from_wkt(file.crs.to_wkt())
            self.code = f"EPSG:{file.crs.to_epsg()}"
            self.transform, self.shape = file.transform, (file.height, file.width)
            self.dtypes = file.dtypes
            masks = file.read_masks() > 0
            self.masks: Array | None = None if masks.all() else masks
            self.values: Array = np.where(masks, file.read(), 0)
        assert self.values.nbytes <= KEEP_BYTES, f"{path} is too large for this server"

    def read(self, band: int, where: Pixels) -> tuple[Array, Array]:
        """Values and mask, the nearest pixel to each centre; 0 where there is none."""
        rows, cols = self._lattice(where)
        down, across = self.shape
        inside = (rows >= 0) & (rows < down) & (cols >= 0) & (cols < across)
        if inside.all() and (window := _window(rows, cols)):
            values = self.values[band - 1][window]
            whole = np.broadcast_to(np.True_, values.shape)
            return values, whole if self.masks is None else self.masks[band - 1][window]
        rows, cols = rows.clip(0, down - 1), cols.clip(0, across - 1)
        values = self.values[band - 1][rows, cols]
        if self.masks is not None:
            inside = inside & self.masks[band - 1][rows, cols]
        return np.where(inside, values, values.dtype.type(0)), inside

    def _lattice(self, where: Pixels) -> tuple[Array, Array]:
        cols, rows = np.arange(where.width) + 0.5, np.arange(where.height) + 0.5
        a, _, c, _, e, f = tuple(where.transform)[:6]
        x, y = (a * cols + c)[None, :], (e * rows + f)[:, None]
        if not _same(where.crs, self.crs):
            x, y = np.broadcast_arrays(x, y)
            x, y = _between(where.crs, self.crs).transform(x, y)
        a, _, c, _, e, f = tuple(self.transform)[:6]
        return (
            np.floor((y - f) / e).astype(np.int64),
            np.floor((x - c) / a).astype(np.int64),
        )


class Store:
    """All images of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        text = (folder / "collections.json").read_text()
        self._collections: dict[str, list[Any]] = json.loads(text)
        self._images = {
            f"{name}/{image['id']}": image
            for name, images in self._collections.items()
            for image in images
        }
        self._reading = threading.Lock()
        self._rasters: dict[str, Raster] = {}

    def raster(self, name: str) -> Raster:
        with self._reading:
            if name not in self._rasters:
                self._rasters[name] = Raster(self._folder / name)
            return self._rasters[name]

    def bands(self, asset: str) -> dict[str, tuple[Raster, int]]:
        """The bands of an image in their order."""
        if asset not in self._images:
            said = f"Image.load: Image asset '{asset}' not found"
            raise ServiceError(404, f"{said} {NO_ACCESS}", "NOT_FOUND")
        bands = self._images[asset]["bands"]
        return {name: (self.raster(file), band) for name, (file, band) in bands.items()}

    def members(self, collection: str) -> list[str]:
        """The ids of a collection's images, by time."""
        if collection not in self._collections:
            said = f"ImageCollection asset '{collection}' not found"
            raise ServiceError(404, f"{said} {NO_ACCESS}", "NOT_FOUND")
        images = sorted(self._collections[collection], key=lambda i: i["startTime"])
        return [f"{collection}/{image['id']}" for image in images]

    def listed(self, collection: str, filter_: str) -> list[dict[str, Any]]:
        """The images of a collection that a filter after AIP-160 lets through."""
        assets = [self.asset(one) for one in self.members(collection)]
        clauses = [part.strip() for part in filter_.split(" AND ") if part.strip()]
        return [one for one in assets if all(holds(one, text) for text in clauses)]

    def asset(self, name: str) -> dict[str, Any]:
        """What the service tells of an image."""
        bands, image = self.bands(name), self._images[name]
        keys = ("startTime", "endTime", "updateTime", "properties")
        told = {key: image[key] for key in keys if key in image}
        first = next(iter(bands.values()))[0]
        return {
            "type": "IMAGE",
            "name": f"projects/earthengine-public/assets/{name}",
            "id": name,
            **told,
            "geometry": image.get("geometry", _edge(first)),
            "bands": [_band(name, *place) for name, place in bands.items()],
        }


def _window(rows: Array, cols: Array) -> tuple[slice, slice] | None:
    """A column of rows and a row of columns that are one after the other."""
    if rows.shape[1] > 1 or cols.shape[0] > 1:
        return None
    top, left = int(rows[0, 0]), int(cols[0, 0])
    down, right = top + rows.size, left + cols.size
    if rows[-1, 0] != down - 1 or cols[0, -1] != right - 1:
        return None
    return slice(top, down), slice(left, right)


NO_ACCESS = "(does not exist or caller does not have access)."


def _band(name: str, raster: Raster, band: int) -> dict[str, Any]:
    a, _, c, _, e, f = tuple(raster.transform)[:6]
    step = {"scaleX": a, "translateX": c, "scaleY": e, "translateY": f}
    height, width = raster.shape
    most = int(np.iinfo(raster.dtypes[band - 1]).max)
    return {
        "id": name,
        "dataType": {"precision": "INT", "range": {"max": most}},
        "grid": {
            "crsCode": raster.code,
            "dimensions": {"width": width, "height": height},
            "affineTransform": step,
        },
    }


def _edge(raster: Raster) -> dict[str, Any]:
    height, width = raster.shape
    corners = [(0, 0), (0, height), (width, height), (width, 0)]
    x, y = zip(*(raster.transform @ corner for corner in corners), strict=True)
    lonlat = Transformer.from_crs(raster.crs, "OGC:CRS84", always_xy=True)
    ring = shapely.Polygon(np.column_stack(lonlat.transform(x, y)))
    geometry: dict[str, Any] = json.loads(shapely.to_geojson(ring))
    return geometry


@lru_cache(maxsize=64)
def _same(crs: str, other: CRS) -> bool:
    return bool(CRS.from_user_input(crs) == other)


@lru_cache(maxsize=64)
def _between(crs: str, other: CRS) -> Transformer:
    return Transformer.from_crs(crs, other, always_xy=True)
