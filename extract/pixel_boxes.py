"""Lon/lat boxes and footprints on the pixel grid of an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely

from extract.outlines import from_lonlat

POINTS_PER_SIDE = 9
# A box on the very edge of a pixel must not gain a pixel through rounding.
TOLERANCE_PX = 1e-6
# Footprints are drawn one pixel inside the image, and so that much is given back.
EDGE_PX = 1.5
CHUNK = 20_000
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """The pixel-aligned envelopes of boxes, and the boxes' own corners in pixels.

    All are of shape (boxes,), `corners` of (boxes, 4, 2). What lies outside the
    projection is infinite or NaN.
    """

    left: Floats
    top: Floats
    right: Floats
    bottom: Floats
    corners: Floats

    @classmethod
    def of(cls, sides: Floats, crs: str, transform: Sequence[float]) -> Self:
        """Those of boxes given as west, south, east, north; sides are densified."""
        parts = [
            _windows(sides[start : start + CHUNK], crs, transform)
            for start in range(0, max(len(sides), 1), CHUNK)
        ]
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def within(self, width_px: int, height_px: int) -> npt.NDArray[np.bool_]:
        """Which envelopes lie whole in an image of that size."""
        whole = (self.left >= 0) & (self.left < self.right) & (self.right <= width_px)
        whole &= (self.top >= 0) & (self.top < self.bottom)
        return whole & (self.bottom <= height_px)


def unwrapped(sides: Floats) -> Floats:
    """Boxes whose east lies behind their west, made to pass the antimeridian."""
    east = sides[:, 2] + np.where(sides[:, 2] < sides[:, 0], 360.0, 0.0)
    return np.column_stack([sides[:, 0], sides[:, 1], east, sides[:, 3]])


class Grounds:
    """Where footprints have pixels, each in its own and worked out when asked for."""

    def __init__(self, images: Sequence[dict[str, Any]]) -> None:
        """Of these images, by their places in the sequence."""
        self._images = images
        self._known: dict[int, shapely.Geometry] = {}

    def __getitem__(self, number: int) -> shapely.Geometry:
        """An image's ground, with EDGE_PX given back at the edge of its pixels."""
        if number not in self._known:
            self._known[number] = _ground(self._images[number])
        return self._known[number]


def _ground(image: dict[str, Any]) -> shapely.Geometry:
    width, height = image["width_px"], image["height_px"]
    grown = shapely.box(-0.5, -0.5, width + 0.5, height + 0.5)
    shape = _in_pixels(image)
    if shape is None:
        return grown
    shape = shape.buffer(EDGE_PX, join_style="mitre", mitre_limit=2.0)
    # A whole image is the most frequent one, and a rectangle the simplest shape.
    if shape.covers(shapely.box(0, 0, width, height)):
        return grown
    return shapely.intersection(shape, grown)


def _in_pixels(image: dict[str, Any]) -> shapely.Geometry | None:
    shape = shapely.from_wkb(image["geometry"])
    west, _, east, _ = shapely.bounds(shape)
    a, _, c, _, e, f = image["transform"]
    project = from_lonlat(image["crs"])

    def to_pixels(lonlat: Floats) -> Floats:
        lon = lonlat[:, 0]
        if east - west > 180:
            lon = np.where(lon < 0, lon + 360, lon)
        x, y = project.transform(lon, lonlat[:, 1])
        return np.column_stack([(np.asarray(x) - c) / a, (np.asarray(y) - f) / e])

    placed = shapely.transform(shape, to_pixels)
    # A footprint that reaches beyond the projection tells no more than its rectangle.
    if not np.isfinite(shapely.get_coordinates(placed)).all():
        return None
    return placed if shapely.is_valid(placed) else shapely.make_valid(placed)


def _windows(
    sides: Floats, crs: str, transform: Sequence[float]
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    a, _, c, _, e, f = transform
    with np.errstate(invalid="ignore"):
        x, y = from_lonlat(crs).transform(*_edges(sides))
        cols, rows = (np.asarray(x) - c) / a, (np.asarray(y) - f) / e
        last = POINTS_PER_SIDE - 1
        # Along the south to its end, back along the north.
        turn = [0, last, 2 * last + 1, last + 1]
        return (
            np.floor(cols.min(axis=1) + TOLERANCE_PX),
            np.floor(rows.min(axis=1) + TOLERANCE_PX),
            np.ceil(cols.max(axis=1) - TOLERANCE_PX),
            np.ceil(rows.max(axis=1) - TOLERANCE_PX),
            np.stack([cols[:, turn], rows[:, turn]], axis=2),
        )


def _edges(sides: Floats) -> tuple[Floats, Floats]:
    """Points along the edges of boxes, longitudes and latitudes of (boxes, points)."""
    west, south, east, north = (side[:, None] for side in sides.T)
    part = np.linspace(0.0, 1.0, POINTS_PER_SIDE)[None, :]
    # Not west + part * (east - west): that misses the east edge by a rounding.
    lon, lat = west * (1 - part) + east * part, south * (1 - part) + north * part
    still = np.ones_like(part)
    return (
        np.concatenate([lon, lon, west * still, east * still], axis=1),
        np.concatenate([south * still, north * still, lat, lat], axis=1),
    )
