"""Noise and colour fields of the drawn imagery, computed from world coordinates.

Every random number is an integer hash of world coordinates (millimetres), so a place
has the same colour on whichever grid of one resolution it is painted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Field = npt.NDArray[np.floating[Any]]
SUN = np.array([0.64, -0.77])  # horizontal direction towards the sun: the south-east


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle's own axes: centre, unit vector along the long side, two sides."""

    x: float
    y: float
    along_x: float
    along_y: float
    length: float
    width: float


@dataclass(frozen=True, slots=True)
class Patch:
    """What a surface is painted on.

    Attributes:
        x: Eastings of the pixel centres in metres, shape (width,).
        y: Northings of the pixel centres in metres, shape (height,).
        gsd_m: Metres per pixel.
        fill: Colour, 0 to 255, shape (3,).
        second: Second colour of two-coloured surfaces, shape (3,).
        geometry: The shape being painted, in metres.
    """

    x: Field
    y: Field
    gsd_m: float
    fill: Field
    second: Field
    geometry: shapely.Geometry


def frame_of(geometry: shapely.Geometry) -> Frame:
    """Axes of the smallest rectangle around a geometry, rotated as it lies."""
    box = shapely.minimum_rotated_rectangle(geometry)
    if box.geom_type != "Polygon":
        return Frame(geometry.centroid.x, geometry.centroid.y, 1.0, 0.0, 1.0, 1.0)
    ring = np.asarray(box.exterior.coords)
    sides = ring[1:3] - ring[0:2]
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    # A near-square has no long side; the more easterly one keeps the choice stable.
    first = abs(lengths[0] - lengths[1]) < 0.05 and abs(sides[0, 0]) > abs(sides[1, 0])
    long = 0 if first or lengths[0] >= lengths[1] + 0.05 else 1
    along = sides[long] / max(lengths[long], 1e-9)
    along = along if (along[0], along[1]) > (0, 0) else -along
    centre = ring[:4].mean(axis=0)
    return Frame(
        *map(float, (*centre, *along, lengths[long], lengths[1 - long])),
    )


def tones(values: Sequence[float] | Sequence[Sequence[float]]) -> Field:
    """Colours, 0 to 255, as numbers to paint with."""
    return np.asarray(values, dtype=np.float32)


def hash01(i: npt.NDArray[np.int64], j: npt.NDArray[np.int64], seed: int = 0) -> Field:
    """Uniform number in [0, 1) for each pair of integers (broadcast)."""
    mask = np.int64(0xFFFFFFFF)
    i, j = np.atleast_1d(i), np.atleast_1d(j)  # scalars would warn of overflow
    h = (i & mask).astype(np.uint32) * np.uint32(0x9E3779B1)
    h = h ^ ((j & mask).astype(np.uint32) * np.uint32(0x85EBCA77))
    h = h ^ np.uint32((seed * 0xC2B2AE3D + 0x27D4EB2F) & 0xFFFFFFFF)
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    h = h ^ (h >> np.uint32(15))
    return ((h >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)).astype(
        np.float32
    )


def noise(patch: Patch, cell_m: float, seed: int = 0) -> Field:
    """Smooth value noise in [-1, 1], shape (height, width), of the given cell size."""
    step = round(cell_m * 1000)
    lattice, weights = [], []
    for axis in (patch.x, patch.y):
        mm = np.round(axis * 1000).astype(np.int64)
        part = ((mm % step) / step).astype(np.float32)
        lattice.append(mm // step)
        weights.append(part * part * (3 - 2 * part))
    (i, j), (a, b) = lattice, weights
    cols = np.arange(i.min(), i.max() + 2)
    rows = np.arange(j.min(), j.max() + 2)
    values = hash01(cols[None, :], rows[:, None], seed) * 2 - 1
    i, j = i - cols[0], j - rows[0]
    across = values[:, i] * (1 - a) + values[:, i + 1] * a
    smooth: Field = across[j] * (1 - b)[:, None] + across[j + 1] * b[:, None]
    return smooth


def local(patch: Patch, frame: Frame) -> tuple[Field, Field]:
    """Coordinates (along, across) of the pixels in a frame, metres, (height, width)."""
    dx, dy = (patch.x - frame.x)[None, :], (patch.y - frame.y)[:, None]
    along = dx * frame.along_x + dy * frame.along_y
    across = dy * frame.along_x - dx * frame.along_y
    return along.astype(np.float32), across.astype(np.float32)


def stripe(place: Field, period: float, width: float, gsd_m: float) -> Field:
    """Share of a pixel covered by stripes of a width that repeat with a period."""
    distance = np.abs((place + period / 2) % period - period / 2)
    share = np.clip((width / 2 - distance) / gsd_m + 0.5, 0, 1)
    covered: Field = (share * min(1.0, width / gsd_m)).astype(np.float32)
    return covered


def mix(below: Field, above: Field, share: Field) -> Field:
    """Lay one colour (or picture) over another by a share, shape (height, width)."""
    return below + (above - below) * share[..., None]


def mottled(
    patch: Patch, colour: Field, *amounts: tuple[float, float], seed: int = 0
) -> Field:
    """A colour whose brightness wavers by (cell_m, amount) pairs of noise."""
    tone = 1 + sum(
        (noise(patch, cell, seed + k) * np.float32(amount))
        for k, (cell, amount) in enumerate(amounts)
    )
    return colour * np.asarray(tone, dtype=np.float32)[..., None]
