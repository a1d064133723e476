"""Which boxes lie whole in one image, and the chips that it then gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from extract.pixel_boxes import CHUNK, Floats, Grounds, Indices, Windows

# A footprint's bounds are single floats, drawn one pixel inside.
BOUNDS_SLACK = 1e-4
BOUNDS_SLACK_PX = 4


@dataclass(frozen=True, slots=True)
class Chip:
    """A grid in the CRS of its images, which are indices, the preferred one first."""

    images: tuple[int, ...]
    transform: tuple[float, ...]
    width_px: int
    height_px: int


def held_by_one(
    sides: Floats,
    tree: shapely.STRtree,
    images: Sequence[dict[str, Any]],
    grounds: Grounds,
    chips: list[Chip | None],
) -> None:
    """Fill in the chip of each box that an image holds; the first of them gives it.

    `tree` is of the boxes; `images` are in order of preference.
    """
    is_open = np.array([chip is None for chip in chips], np.bool_)
    for number, image in enumerate(images):
        near = np.sort(tree.query(shapely.box(*bounds(image))))
        near = near[is_open[near]]
        near = near[_may_hold(image, sides[near])]
        if not near.size:
            continue
        shape = grounds[number]
        for start in range(0, near.size, CHUNK):
            part = near[start : start + CHUNK]
            for k, chip in _held(number, image, shape, part, sides[part]):
                chips[k] = chip
                is_open[k] = False


def bounds(image: dict[str, Any]) -> list[float]:
    """West, south, east and north of a footprint."""
    return [image["bbox"][side] for side in ("xmin", "ymin", "xmax", "ymax")]


def _may_hold(image: dict[str, Any], sides: Floats) -> np.ndarray[Any, Any]:
    """What lies within the footprint's bounds; the rest is not worth projecting."""
    west, south, east, north = bounds(image)
    if east - west > 180:
        return np.ones(len(sides), np.bool_)
    down = BOUNDS_SLACK + BOUNDS_SLACK_PX * (north - south) / image["height_px"]
    across = BOUNDS_SLACK + BOUNDS_SLACK_PX * (east - west) / image["width_px"]
    inside = (sides[:, 0] >= west - across) & (sides[:, 2] <= east + across)
    inside &= (sides[:, 1] >= south - down) & (sides[:, 3] <= north + down)
    return np.asarray(inside)


def _held(
    number: int,
    image: dict[str, Any],
    shape: shapely.Geometry,
    boxes: Indices,
    sides: Floats,
) -> list[tuple[int, Chip]]:
    windows = Windows.of(sides, image["crs"], image["transform"])
    whole = windows.within(image["width_px"], image["height_px"])
    if not shape.covers(shapely.box(0, 0, image["width_px"], image["height_px"])):
        shapely.prepare(shape)
        some = np.flatnonzero(whole)
        whole[some] = shapely.covers(shape, shapely.polygons(windows.corners[some]))
    a, _, c, _, e, f = image["transform"]
    left, top = windows.left[whole], windows.top[whole]
    width, height = windows.right[whole] - left, windows.bottom[whole] - top
    columns = (boxes[whole], a * left + c, e * top + f, width, height)
    return [
        (int(k), Chip((number,), (a, 0.0, x, 0.0, e, y), int(w), int(h)))
        for k, x, y, w, h in zip(*(one.tolist() for one in columns), strict=True)
    ]
