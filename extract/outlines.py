"""Where a pixel grid lies on the Earth: its outline and its pixels' true size."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from pyproj import Geod, Transformer

LONLAT = "OGC:CRS84"
GEOD = Geod(ellps="WGS84")
POINTS_PER_SIDE = 22
GSD_SPAN_PX = 200
# What the columns of sides can hold.
MAX_SIDE_PX = 2**31 - 1
Row = dict[str, Any]
Floats = npt.NDArray[np.float64]


@lru_cache(maxsize=256)
def from_lonlat(crs: str) -> Transformer:
    """Longitude and latitude to x and y of a CRS (authority code or WKT)."""
    return Transformer.from_crs(LONLAT, crs, always_xy=True)


@lru_cache(maxsize=256)
def to_lonlat(crs: str) -> Transformer:
    """Coordinates x and y of a CRS to longitude and latitude."""
    return Transformer.from_crs(crs, LONLAT, always_xy=True)


def pixel_lonlat(
    crs: str, transform: Affine, cols: Floats, rows: Floats
) -> tuple[Floats, Floats]:
    """Longitude and latitude of pixel coordinates (corners are whole numbers)."""
    x = transform.a * cols + transform.b * rows + transform.c
    y = transform.d * cols + transform.e * rows + transform.f
    lon, lat = to_lonlat(crs).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def ground_pixel_m(
    crs: str, transform: Affine, width_px: int, height_px: int
) -> tuple[float, float]:
    """Metres on the ground per pixel along x and y at the grid's centre."""
    # One pixel alone would be as short as the noise of some inverse projections.
    across, down = min(width_px, GSD_SPAN_PX), min(height_px, GSD_SPAN_PX)
    col, row = width_px / 2, height_px / 2
    cols = np.array([col - across / 2, col + across / 2, col, col])
    rows = np.array([row, row, row - down / 2, row + down / 2])
    lon, lat = pixel_lonlat(crs, transform, cols, rows)
    _, _, metres = GEOD.inv(lon[[0, 2]], lat[[0, 2]], lon[[1, 3]], lat[[1, 3]])
    return float(metres[0]) / across, float(metres[1]) / down


def outline(
    crs: str, transform: Affine, width_px: int, height_px: int
) -> shapely.Geometry:
    """The grid's edge in longitude and latitude, one pixel inside, sides densified.

    A grid across the antimeridian becomes two parts.
    """
    along = np.linspace(1, width_px - 1, POINTS_PER_SIDE)
    down = np.linspace(1, height_px - 1, POINTS_PER_SIDE)
    left, right = np.full_like(down, 1), np.full_like(down, width_px - 1)
    top, bottom = np.full_like(along, 1), np.full_like(along, height_px - 1)
    # From the lower left corner, counter-clockwise as GeoParquet likes its rings.
    cols = np.concatenate([along[:-1], right[:-1], along[:0:-1], left[:-1]])
    rows = np.concatenate([bottom[:-1], down[:0:-1], top[:-1], down[:-1]])
    lon, lat = pixel_lonlat(crs, transform, cols, rows)
    if np.ptp(lon) <= 180:
        return shapely.Polygon(np.column_stack([lon, lat]))
    ring = shapely.Polygon(np.column_stack([np.where(lon < 0, lon + 360, lon), lat]))
    west = shapely.intersection(ring, shapely.box(-180, -90, 180, 90))
    east = shapely.intersection(ring, shapely.box(180, -90, 540, 90))
    return shapely.union(west, shapely.transform(east, lambda xy: xy - (360, 0)))


def grid_columns(crs: str, transform: Affine, width_px: int, height_px: int) -> Row:
    """The columns of a footprint that follow from its grid alone.

    Raises:
        ValueError: its sides or its pixels are of no size.
    """
    if not all(0 < side <= MAX_SIDE_PX for side in (width_px, height_px)):
        raise ValueError(f"an image of {width_px} x {height_px} pixels")
    gsd_x_m, gsd_y_m = ground_pixel_m(crs, transform, width_px, height_px)
    if not 0 < gsd_x_m * gsd_y_m < math.inf:
        raise ValueError(f"pixels of {gsd_x_m} x {gsd_y_m} m")
    edge = outline(crs, transform, width_px, height_px)
    return {
        "crs": crs,
        "transform": list(transform[:6]),
        "width_px": width_px,
        "height_px": height_px,
        "gsd_x_m": gsd_x_m,
        "gsd_y_m": gsd_y_m,
        "gsd_m": (gsd_x_m * gsd_y_m) ** 0.5,
        **ground_columns(edge),
    }


def ground_columns(shape: shapely.Geometry) -> Row:
    """The columns of a footprint that say where it has pixels, in lon/lat."""
    sides = ("xmin", "ymin", "xmax", "ymax")
    return {
        "bbox": dict(zip(sides, shape.bounds, strict=True)),
        "geometry": shapely.to_wkb(shape),
    }
