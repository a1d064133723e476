"""Markings along lines: lanes, runways, rails, wires, moored boats."""

from collections.abc import Iterator

import numpy as np
import shapely
from shapely.geometry import LineString, MultiLineString, Polygon, box
from shapely.ops import substring

from skyloom.drawing.marks import WHITE, Mark, Site, placed
from skyloom.drawing.texture import Frame, hash01


def dashes(
    line: LineString, on: float, off: float, start: float = 0.0
) -> MultiLineString:
    """Pieces of a line: `on` metres painted, `off` metres not."""
    places = np.arange(start, max(line.length - on, start), on + off)
    return MultiLineString(
        [
            p
            for s in places
            if (p := substring(line, s, s + on)).geom_type == "LineString"
        ]
    )


def lanes(site: Site) -> Iterator[Mark]:
    """Dashed centre line and thin edge lines of a road."""
    line = site.geometry
    yield Mark(dashes(line, 4, 5, 3).buffer(0.2, cap_style="flat"), WHITE, 0.9)
    for side in (-1, 1):
        edge = shapely.offset_curve(line, side * (site.width_m / 2 - 0.5))
        yield Mark(edge.buffer(0.12, cap_style="flat"), WHITE, 0.6)


def runway(site: Site) -> Iterator[Mark]:
    """Centre dashes, threshold bars and touchdown blocks at both ends."""
    line = site.geometry
    ends = LineString([line.coords[0], line.coords[-1]])
    yield Mark(dashes(ends, 22, 16, 60).buffer(0.5, cap_style="flat"), WHITE, 0.9)
    half = site.width_m / 2
    for start, stop in ((6, 24), (ends.length - 24, ends.length - 6)):
        bar = substring(ends, start, stop)
        offsets = [s * (1.5 + 2.4 * k) for s in (-1, 1) for k in range(int(half / 2.6))]
        bars = [
            shapely.offset_curve(bar, d).buffer(0.75, cap_style="flat") for d in offsets
        ]
        yield Mark(shapely.union_all(bars), WHITE, 0.95)
    for start in (62, ends.length - 80):
        block = substring(ends, start, start + 18)
        for side in (-1, 1):
            shape = shapely.offset_curve(block, side * half * 0.55)
            yield Mark(shape.buffer(1.3, cap_style="flat"), WHITE, 0.9)


def centre(site: Site) -> Iterator[Mark]:
    """A single yellow line, as on taxiways."""
    yield Mark(site.geometry.buffer(0.2), (214, 178, 60), 0.9)


def rails(site: Site) -> Iterator[Mark]:
    """Sleepers and two rails."""
    line = site.geometry
    sleepers = dashes(line, 0.35, 0.95).buffer(1.25, cap_style="flat")
    yield Mark(sleepers, (92, 84, 78), 0.55)
    for side in (-1, 1):
        rail = shapely.offset_curve(line, side * 0.75).buffer(0.14, cap_style="flat")
        yield Mark(rail, (196, 190, 184), 0.85)


def wires(site: Site) -> Iterator[Mark]:
    """Conductors of a power line."""
    for off in (-site.width_m / 2, 0.0, site.width_m / 2):
        wire = shapely.offset_curve(site.geometry, off) if off else site.geometry
        yield Mark(wire.buffer(0.13), (205, 206, 205), 0.6)


def zebra(site: Site) -> Iterator[Mark]:
    """Crossing stripes, laid along the road's heading, across its width."""
    half = site.width_m / 2
    stripes = [box(-1.6, v, 1.6, v + 0.55) for v in np.arange(-half, half - 0.3, 1.1)]
    yield Mark(placed(site.frame, shapely.union_all(stripes)), WHITE, 0.95)


def boats(site: Site) -> Iterator[Mark]:
    """Hulls moored along both sides of a pier."""
    line = site.geometry
    for k, s in enumerate(np.arange(5, line.length - 2, 5.2)):
        for side in (-1, 1):
            if hash01(np.array(k), np.array(side), 91)[0] > 0.8:
                continue
            a, b = line.interpolate(s), line.interpolate(s + 0.1)
            ux, uy = (b.x - a.x) / 0.1, (b.y - a.y) / 0.1
            frame = Frame(a.x, a.y, -uy * side, ux * side, 1, 1)
            hull = Polygon([(1.6, -1.3), (7, -1.3), (9.6, 0), (7, 1.3), (1.6, 1.3)])
            yield Mark(placed(frame, hull), (240, 240, 238))
            yield Mark(placed(frame, box(3, -0.8, 5.5, 0.8)), (120, 132, 146))
