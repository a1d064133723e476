"""Boxes that no single image holds, but several images on one lattice together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from extract.holding import Chip, bounds
from extract.pixel_boxes import Floats, Grounds, Indices, Shapes, Windows

MAX_IMAGES = 4
# Offsets of images on one lattice are whole pixels, but for this.
LATTICE_PX = 1e-3
# What may stay uncovered, in pixels squared: the noise of cutting shapes.
NOTHING_PX2 = 0.05
SLACK_PX = 1e-4


@dataclass(frozen=True, slots=True)
class Lattice:
    """Images whose pixels lie on one endless grid, in order of preference.

    `images` are indices, `offsets` each one's corner in pixels from the first's.
    """

    crs: str
    transform: tuple[float, ...]
    images: list[int] = field(default_factory=list)
    offsets: list[tuple[int, int]] = field(default_factory=list)


def held_by_several(
    sides: Floats, images: Sequence[dict[str, Any]], grounds: Grounds
) -> list[Chip | None]:
    """The chips of boxes that at most MAX_IMAGES images on one lattice cover together.

    `images` are in order of preference, and so are a chip's. Images are added in that
    order where they add anything; where that takes too many, the largest gain first.
    """
    chips: list[Chip | None] = [None] * len(sides)
    tree = shapely.STRtree(shapely.box(*sides.T))
    for lattice in _lattices(images):
        outlines = shapely.box(*np.array([bounds(images[k]) for k in lattice.images]).T)
        near = np.unique(tree.query(outlines)[1])
        near = near[[chips[k] is None for k in near]].astype(np.int64)
        for k, chip in _on_lattice(near, sides[near], lattice, images, grounds):
            chips[k] = chip
    return chips


def _lattices(images: Sequence[dict[str, Any]]) -> list[Lattice]:
    """Lattices of two images or more; the one with the preferred image first."""
    alike: dict[tuple[Any, ...], list[Lattice]] = {}
    order: list[Lattice] = []
    for number, image in enumerate(images):
        a, _, c, _, e, f = image["transform"]
        ranges = image["scale_min"], image["scale_max"]
        key = (image["crs"], f"{a:.9e}", f"{e:.9e}", image["kind"], *ranges)
        for lattice in alike.setdefault(key, []):
            at = (c - lattice.transform[2]) / a, (f - lattice.transform[5]) / e
            if max(abs(place - round(place)) for place in at) <= LATTICE_PX:
                break
        else:
            lattice = Lattice(image["crs"], tuple(image["transform"]))
            alike[key].append(lattice)
            order.append(lattice)
            at = 0.0, 0.0
        lattice.images.append(number)
        lattice.offsets.append((round(at[0]), round(at[1])))
    return [lattice for lattice in order if len(lattice.images) > 1]


def _on_lattice(
    near: Indices,
    sides: Floats,
    lattice: Lattice,
    images: Sequence[dict[str, Any]],
    grounds: Grounds,
) -> Iterator[tuple[int, Chip]]:
    if not near.size:
        return
    windows = Windows.of(sides, lattice.crs, lattice.transform)
    edges = np.stack([windows.left, windows.top, windows.right, windows.bottom])
    finite = np.isfinite(edges).all(axis=0)
    near, edges = near[finite], edges[:, finite]
    boxes = shapely.box(*edges)
    places = [
        shapely.transform(grounds[k], lambda xy, offset=offset: xy + offset)
        for k, offset in zip(lattice.images, lattice.offsets, strict=True)
    ]
    for k, chosen in _mosaics(boxes, places):
        left, top, right, bottom = edges[:, k].tolist()
        # On the grid of the image on top, as if it reached so far.
        (col, row), number = lattice.offsets[chosen[0]], lattice.images[chosen[0]]
        a, _, c, _, e, f = images[number]["transform"]
        corner = a * (left - col) + c, e * (top - row) + f
        yield (
            int(near[k]),
            Chip(
                tuple(lattice.images[one] for one in chosen),
                (a, 0.0, corner[0], 0.0, e, corner[1]),
                int(right - left),
                int(bottom - top),
            ),
        )


def _mosaics(
    boxes: Shapes, places: Sequence[shapely.Geometry]
) -> Iterator[tuple[int, list[int]]]:
    """The boxes that places cover together, and which of the places do."""
    tree = shapely.STRtree(boxes)
    rest, left_over = boxes.copy(), shapely.area(boxes)
    # What all places together do not cover, as at their outer edge, is not tried.
    together = shapely.union_all(places).buffer(SLACK_PX, join_style="mitre")
    shapely.prepare(together)
    left_over[~shapely.covers(together, boxes)] = np.nan
    chosen: list[list[int]] = [[] for _ in boxes]
    touching: list[list[int]] = [[] for _ in boxes]
    for number, place in enumerate(places):
        shapely.prepare(place)
        near = np.sort(tree.query(place, predicate="intersects"))
        for k in near.tolist():
            touching[k].append(number)
        near = near[left_over[near] > NOTHING_PX2]
        smaller = shapely.difference(rest[near], place)
        area = shapely.area(smaller)
        gains = left_over[near] - area > NOTHING_PX2
        near, area = near[gains], area[gains]
        rest[near], left_over[near] = smaller[gains], area
        for k in near.tolist():
            chosen[k].append(number)
    for k in np.flatnonzero(left_over <= NOTHING_PX2).tolist():
        few = chosen[k]
        if len(few) > MAX_IMAGES:
            few = _largest_first(boxes[k], touching[k], places)
        if 0 < len(few) <= MAX_IMAGES:
            yield k, few


def _largest_first(
    box: shapely.Geometry, touching: Sequence[int], places: Sequence[shapely.Geometry]
) -> list[int]:
    """Places that cover a box, each the one that adds most; too many where none do."""
    shapes = np.array([places[number] for number in touching])
    chosen: list[int] = []
    while len(chosen) <= MAX_IMAGES and box.area > NOTHING_PX2:
        left_over: npt.NDArray[np.float64] = shapely.area(
            rests := shapely.difference(box, shapes)
        )
        best = int(np.argmin(left_over))
        chosen.append(touching[best])
        box = rests[best]
    return sorted(chosen)
