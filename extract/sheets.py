"""Chips that lie near each other in one image are read as one window."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import shapely

from extract.chips import ChipRequest, Grid, Limits, Sheet

Indices = npt.NDArray[np.int64]
# Offsets on one lattice are whole pixels, but for this.
PHASE_DIGITS = 3


def sheets(
    requests: Sequence[ChipRequest], limits: Limits, bytes_per_pixel: int = 3
) -> list[Sheet]:
    """Each request in exactly one sheet, the sheets of one image side by side.

    Chips share a sheet within `limits` where they are of one source, the same images
    and one lattice; overlaps count once in what they cover of it. Sheets are in
    spatial order, and the order of the requests is nothing. A chip larger than the
    limits is alone.
    """
    lattices: dict[tuple[object, ...], list[ChipRequest]] = defaultdict(list)
    for request in sorted(requests, key=lambda one: one.request_id):
        lattices[_lattice(request)].append(request)
    found: list[Sheet] = []
    for key in sorted(lattices):
        found += _packed(lattices[key], limits, bytes_per_pixel)
    return found


def _lattice(request: ChipRequest) -> tuple[object, ...]:
    a, _, c, _, e, f = request.grid.transform
    phase = (round(c / a % 1, PHASE_DIGITS) % 1, round(f / e % 1, PHASE_DIGITS) % 1)
    return request.source, request.image_ids, request.grid.crs, a, e, *phase


def _packed(
    chips: Sequence[ChipRequest], limits: Limits, bytes_per_pixel: int
) -> Iterator[Sheet]:
    """Halve what is no good sheet, along its longer side, until every part is one."""
    edges = _edges(chips)
    side = limits.sheet_px
    if limits.max_bytes is not None:
        side = min(side, math.isqrt(limits.max_bytes // bytes_per_pixel))
    todo = [np.arange(len(chips))]
    while todo:
        part = todo.pop()
        if part.size == 1 or _is_sheet(edges[part], limits, bytes_per_pixel):
            yield _sheet([chips[k] for k in part.tolist()], edges[part])
        else:
            # The lower half is taken next: neighbours stay neighbours.
            todo += reversed(_halves(part, edges[part], side))


def _edges(chips: Sequence[ChipRequest]) -> Indices:
    """Left, top, right and bottom in pixels from the first chip's corner."""
    a, _, c, _, e, f = chips[0].grid.transform
    corners = np.array([chip.grid.transform for chip in chips])[:, [2, 5]]
    start = np.rint((corners - (c, f)) / (a, e)).astype(np.int64)
    sizes = [(chip.grid.width_px, chip.grid.height_px) for chip in chips]
    return np.hstack([start, start + np.array(sizes, np.int64)])


def _is_sheet(edges: Indices, limits: Limits, bytes_per_pixel: int) -> bool:
    width, height = (edges[:, 2:].max(axis=0) - edges[:, :2].min(axis=0)).tolist()
    if max(width, height) > limits.sheet_px:
        return False
    if limits.max_bytes is not None and (
        width * height * bytes_per_pixel > limits.max_bytes
    ):
        return False
    needed = limits.min_used * width * height
    areas = (edges[:, 2:] - edges[:, :2]).prod(axis=1)
    # Overlaps are only worth looking at between the two bounds.
    if areas.max() >= needed:
        return True
    if areas.sum() < needed:
        return False
    return bool(shapely.union_all(shapely.box(*edges.T)).area >= needed)


def _halves(part: Indices, edges: Indices, side: int) -> list[Indices]:
    """Two parts with chips in each, by the middles of the chips along one axis."""
    middles = edges[:, :2] + edges[:, 2:]
    axis = int(np.argmax(np.ptp(middles, axis=0)))
    along = middles[:, axis]
    order = np.lexsort((part, middles[:, 1 - axis], along))
    # Middles are counted in half pixels.
    room = 2 * (side - int((edges[:, 2:] - edges[:, :2])[:, axis].max()))
    span = int(np.ptp(along))
    # As many parts as are needed, cut so that few sheets are left half empty.
    needed = max(2, math.ceil(span / room)) if room > 0 else 2
    cut = along.min() + span * (needed // 2) / needed
    count = int(np.count_nonzero(along <= cut)) if span else part.size // 2
    return [part[order[:count]], part[order[count:]]]


def _sheet(chips: Sequence[ChipRequest], edges: Indices) -> Sheet:
    if len(chips) == 1:
        return Sheet.of(chips[0])
    order = np.lexsort((np.arange(len(chips)), edges[:, 0], edges[:, 1])).tolist()
    width, height = (edges[:, 2:].max(axis=0) - edges[:, :2].min(axis=0)).tolist()
    leftmost, topmost = (chips[k].grid.transform for k in edges.argmin(axis=0)[:2])
    a, _, x, _, e, _ = leftmost
    grid = Grid(chips[0].grid.crs, (a, 0.0, x, 0.0, e, topmost[5]), width, height)
    ordered = tuple(chips[k] for k in order)
    return Sheet(chips[0].source, chips[0].image_ids, grid, ordered)
