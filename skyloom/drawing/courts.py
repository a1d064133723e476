"""Markings of pitches, courts and playgrounds."""

from collections.abc import Iterator

import shapely
from shapely import affinity
from shapely.geometry import LineString, Point, box

from skyloom.drawing.marks import DARK, WHITE, Mark, Site, painted, placed
from skyloom.drawing.texture import Frame


def fitted(frame: Frame, length: float, width: float) -> tuple[float, float]:
    """Half sides of a court of a standard size, shrunk to fit its frame."""
    scale = min(frame.length / length, frame.width / width, 1.0)
    return length * scale / 2, width * scale / 2


def soccer(site: Site) -> Iterator[Mark]:
    """Touch lines, halfway line, circle and penalty areas."""
    frame = site.frame
    u, v = frame.length / 2 - 2, frame.width / 2 - 2
    scale = u / 52.5
    lines: list[shapely.Geometry] = [
        box(-u, -v, u, v).exterior,
        LineString([(0, -v), (0, v)]),
        Point(0, 0).buffer(9.15 * scale).exterior,
    ]
    for side in (-1, 1):
        for deep, half in ((16.5, 20.2), (5.5, 9.2)):
            inner = side * (u - deep * scale)
            lines.append(
                box(
                    min(inner, side * u),
                    -half * scale,
                    max(inner, side * u),
                    half * scale,
                ).exterior
            )
    yield painted(frame, lines, 0.45)


def tennis(site: Site) -> Iterator[Mark]:
    """A court of its own colour inside its run-off, with the net."""
    frame = site.frame
    u, v = fitted(frame, 23.77, 10.97)
    s = v * 0.75
    lines = [
        box(-u, -v, u, v).exterior,
        LineString([(-u, s), (u, s)]),
        LineString([(-u, -s), (u, -s)]),
        LineString([(-u * 0.54, 0), (u * 0.54, 0)]),
    ]
    lines += [LineString([(k * u * 0.54, -s), (k * u * 0.54, s)]) for k in (-1, 1)]
    yield Mark(placed(frame, box(-u, -v, u, v)), site.second)
    yield painted(frame, lines, 0.3)
    yield Mark(placed(frame, box(-0.2, -v - 0.6, 0.2, v + 0.6)), DARK, 0.8)


def basketball(site: Site) -> Iterator[Mark]:
    """Court lines, keys in the second colour, three-point arcs."""
    frame = site.frame
    u, v = fitted(frame, 28, 15)
    yield Mark(placed(frame, box(-u, -v, u, v)), site.second)
    lines = [
        box(-u, -v, u, v).exterior,
        LineString([(0, -v), (0, v)]),
        Point(0, 0).buffer(1.8).exterior,
    ]
    for side in (-1, 1):
        key = box(
            min(side * u, side * (u - 5.8)), -2.5, max(side * u, side * (u - 5.8)), 2.5
        )
        arc = Point(side * (u - 1.6), 0).buffer(6.7).exterior
        lines += [key.exterior, arc.intersection(box(-u, -v, u, v))]
        yield Mark(placed(frame, key), (150, 70, 52))
    yield painted(frame, lines, 0.3)


def diamond(site: Site) -> Iterator[Mark]:
    """Ball field: infield of the second colour in one corner, grass diamond, mound."""
    frame = site.frame
    u, v = frame.length / 2 - 4, frame.width / 2 - 4
    home = Point(-u, -v)
    sector = home.buffer(32).intersection(box(-u, -v, u, v))
    yield Mark(placed(frame, sector), site.second)
    inner = affinity.translate(box(0, 0, 19, 19), -u + 3, -v + 3)
    yield Mark(placed(frame, inner), (104, 132, 74))
    yield Mark(placed(frame, Point(-u + 12, -v + 12).buffer(2.5)), site.second)
    yield painted(frame, [LineString([(-u, v), (-u, -v), (u, -v)])], 0.4)


def oval(site: Site) -> Iterator[Mark]:
    """Running track: lane lines and a field of the second colour inside."""
    lanes = 6
    shapes = [site.geometry.buffer(-1.22 * k) for k in range(1, lanes + 1)]
    outer = shapely.union_all(
        [shape.boundary.buffer(0.12) for shape in shapes if not shape.is_empty]
    )
    yield Mark(shapes[-1], site.second)
    yield Mark(outer, WHITE, 0.75)


def play(site: Site) -> Iterator[Mark]:
    """Play equipment: small bright shapes on a soft floor."""
    frame = site.frame
    spots = [(-0.28, 0.15), (0.22, -0.2), (0.05, 0.25), (-0.12, -0.25), (0.33, 0.2)]
    colours = [
        (196, 60, 52),
        (52, 96, 170),
        (222, 178, 52),
        (70, 140, 84),
        (200, 110, 50),
    ]
    for (a, b), colour in zip(spots, colours, strict=True):
        spot = Point(a * frame.length, b * frame.width).buffer(1.5, quad_segs=1)
        yield Mark(placed(frame, spot), colour)
