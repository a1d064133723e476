"""Outlines of OSM objects in the pixels of a chip, as SVG path data.

Longitude and latitude go to the image's CRS, then through the inverse of the chip's
own transform, so an outline lies where the chip was cut, not where it was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

Points = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]
MARGIN_PX = 6.0  # clipped edges run outside the chip, where SVG does not show them
TOLERANCE_PX = 0.3
MARKER_SHARE = 1 / 30  # a point's ring, as a share of the chip's longer side


@dataclass(frozen=True)
class Grid:
    """A chip's pixel grid.

    Attributes:
        crs: Anything pyproj reads.
        transform: Affine a, b, c, d, e, f with x = a col + b row + c and
            y = d col + e row + f, counted from the outer corner of the first pixel.
        width_px: Columns.
        height_px: Rows.
        box: The scene's west, south, east, north in degrees.
    """

    crs: str
    transform: tuple[float, ...]
    width_px: int
    height_px: int
    box: tuple[float, float, float, float]


def outline(wkb: bytes, grid: Grid) -> str:
    """SVG path data of a lon/lat geometry in the chip's pixels, clipped to the chip.

    Points become rings round their place. Empty where nothing of it is in the chip.
    """
    return outlines([wkb], grid)[0]


def outlines(wkbs: Sequence[bytes], grid: Grid) -> tuple[str, ...]:
    """The outlines of a chip's objects, at a fraction of the cost of each by itself."""
    near = _near(_valid(shapely.from_wkb(np.array(wkbs, dtype=object))), grid.box)
    pixels = _valid(shapely.transform(near, lambda xy: to_pixels(xy, grid)))
    frame = shapely.box(
        -MARGIN_PX, -MARGIN_PX, grid.width_px + MARGIN_PX, grid.height_px + MARGIN_PX
    )
    inside = shapely.simplify(shapely.intersection(pixels, frame), TOLERANCE_PX)
    radius = max(grid.width_px, grid.height_px) * MARKER_SHARE
    return tuple("".join(_path(part, radius) for part in _parts(one)) for one in inside)


def to_pixels(lonlat: Points, grid: Grid) -> Points:
    """Column and row (n, 2) of longitudes and latitudes (n, 2)."""
    x, y = _transformer(grid.crs).transform(lonlat[:, 0], lonlat[:, 1])
    a, b, c, d, e, f = grid.transform[:6]
    place = np.column_stack([np.asarray(x) - c, np.asarray(y) - f])
    pixels: Points = np.linalg.solve(np.array([[a, b], [d, e]]), place.T).T
    return pixels


@cache
def _transformer(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("OGC:CRS84", crs, always_xy=True)


def _valid(geometries: Geometries) -> Geometries:
    broken = ~shapely.is_valid(geometries)
    if broken.any():
        geometries = geometries.copy()
        geometries[broken] = shapely.make_valid(geometries[broken])
    return geometries


def _near(geometries: Geometries, box: tuple[float, float, float, float]) -> Geometries:
    # What is far away may have no place in the image's CRS: it would become infinite.
    west, south, east, north = box
    if west > east:
        return geometries
    wide, high = east - west, north - south
    around = shapely.box(west - wide, south - high, east + wide, north + high)
    near: Geometries = shapely.intersection(geometries, around)
    return near


def _parts(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    if geometry.geom_type.startswith("Multi") or (
        geometry.geom_type == "GeometryCollection"
    ):
        return [part for inner in geometry.geoms for part in _parts(inner)]
    return [] if geometry.is_empty else [geometry]


def _path(geometry: shapely.Geometry, radius: float) -> str:
    if geometry.geom_type == "Point":
        return _ring(geometry.x, geometry.y, radius)
    if geometry.geom_type == "Polygon":
        rings = [geometry.exterior, *geometry.interiors]
        return "".join(_line(np.asarray(r.coords)[:-1]) + "Z" for r in rings)
    return _line(np.asarray(geometry.coords))


def _line(points: Points) -> str:
    return "M" + "L".join(f"{_number(x)},{_number(y)}" for x, y in points[:, :2])


def _ring(x: float, y: float, radius: float) -> str:
    r, across = _number(radius), _number(2 * radius)
    start = f"M{_number(x - radius)},{_number(y)}"
    return f"{start}a{r},{r} 0 1,0 {across},0a{r},{r} 0 1,0 -{across},0Z"


def _number(value: float) -> str:
    # Adding zero turns -0.0 into 0.0.
    return f"{round(float(value), 1) + 0.0:.1f}".removesuffix(".0")
