"""Small parts drawn on structures: tanks, towers, basins, aircraft."""

from collections.abc import Iterator

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import LineString, Point, Polygon, box

from skyloom.drawing.marks import DARK, WHITE, Mark, Site, placed
from skyloom.drawing.texture import hash01


def helipad(site: Site) -> Iterator[Mark]:
    """Ring and H."""
    frame = site.frame
    r = frame.width / 2
    ring = Point(0, 0).buffer(r * 0.86).difference(Point(0, 0).buffer(r * 0.76))
    bars = [
        box(-r * 0.4, s - 0.09 * r, r * 0.4, s + 0.09 * r)
        for s in (-0.28 * r, 0.28 * r)
    ]
    letter = shapely.union_all([*bars, box(-0.09 * r, -0.28 * r, 0.09 * r, 0.28 * r)])
    yield Mark(placed(frame, shapely.union_all([ring, letter])), WHITE, 0.95)


def tank(site: Site) -> Iterator[Mark]:
    """Rim of a round tank, its sunken lid shaded, and a stair."""
    rim = site.geometry
    yield Mark(rim.difference(rim.buffer(-0.7)), (240, 240, 238), 0.9)
    lid = rim.buffer(-0.7)
    shade = lid.difference(affinity.translate(lid, -1.6, 1.9))
    yield Mark(shade, DARK, 0.35)
    u = site.frame.length / 2
    yield Mark(placed(site.frame, box(0, -0.4, u, 0.4)), (150, 150, 148), 0.7)


def basin(site: Site) -> Iterator[Mark]:
    """Concrete rim, scraper bridge and middle column of a clarifier."""
    rim = site.geometry
    u = site.frame.length / 2
    yield Mark(rim.difference(rim.buffer(-1.0)), (186, 184, 176))
    yield Mark(placed(site.frame, box(-u, -0.5, u * 0.1, 0.5)), (198, 196, 190))
    yield Mark(placed(site.frame, Point(0, 0).buffer(1.5)), (176, 174, 168))


def rim(site: Site) -> Iterator[Mark]:
    """A pale border, as of a pool or fountain."""
    yield Mark(site.geometry.buffer(0.9).difference(site.geometry), (214, 206, 192))


def ring(site: Site) -> Iterator[Mark]:
    """Fountain: round stone edge with water and a jet."""
    shape = site.geometry
    yield Mark(shape.buffer(-0.7), (92, 140, 150))
    yield Mark(shape.centroid.buffer(0.7), (240, 244, 244), 0.9)


def lattice(site: Site) -> Iterator[Mark]:
    """Lattice tower: four legs, cross-bracing and arms across the line."""
    h = site.width_m / 2
    legs = [
        box(-h, -h, h, h).exterior,
        LineString([(-h, -h), (h, h)]),
        LineString([(-h, h), (h, -h)]),
    ]
    arms = [LineString([(x, -4.5), (x, 4.5)]) for x in (-0.5, 0.5)]
    drawn = shapely.union_all([line.buffer(0.28) for line in (*legs, *arms)])
    yield Mark(placed(site.frame, drawn), (196, 198, 200), 0.95)


def turbine(site: Site) -> Iterator[Mark]:
    """Three blades seen from above the hub, leaning with the view."""
    x, y = site.geometry.centroid.x, site.geometry.centroid.y
    blades = []
    for turn in (15, 135, 255):
        blade = Polygon([(0, -0.9), (5, -1.3), (24, -0.2), (24, 0.2), (5, 0.9)])
        blade = affinity.scale(
            affinity.rotate(blade, turn, (0, 0)), 1, 0.55, origin=(0, 0)
        )
        blades.append(affinity.translate(blade, x, y))
    yield Mark(shapely.union_all([*blades, Point(x, y).buffer(1.9)]), (246, 246, 246))


def works(site: Site) -> Iterator[Mark]:
    """Building site: foundations, stacks of material and a crane's jib."""
    frame = site.frame
    u, v = frame.length / 2, frame.width / 2
    walls = box(-0.55 * u, -0.5 * v, 0.3 * u, 0.5 * v)
    grid = [walls.boundary, LineString([(-0.55 * u, 0), (0.3 * u, 0)])]
    grid += [LineString([(x * u, -0.5 * v), (x * u, 0.5 * v)]) for x in (-0.3, -0.05)]
    yield Mark(placed(frame, walls), (172, 168, 160))
    yield Mark(
        placed(frame, shapely.union_all([g.buffer(0.5) for g in grid])), (120, 116, 110)
    )
    for k in range(8):
        a = float(hash01(np.array(k), np.array(1), 81)[0])
        stack = box(
            0.5 * u,
            -v * 0.8 + k * v * 0.2,
            0.5 * u + 2 + 4 * a,
            -v * 0.8 + k * v * 0.2 + 2,
        )
        yield Mark(placed(frame, stack), (196, 160, 96) if k % 2 else (110, 96, 90))
    jib = LineString([(-0.1 * u, 0.75 * v), (0.75 * u, -0.1 * v)]).buffer(0.6)
    yield Mark(placed(frame, jib), (226, 190, 50))


def switchyard(site: Site) -> Iterator[Mark]:
    """Substation: rows of busbars, breakers and two transformers."""
    frame = site.frame
    u, v = frame.length / 2 - 4, frame.width / 2 - 4
    bars = [box(-u, y - 0.25, u * 0.5, y + 0.25) for y in np.linspace(-v, v, 5)]
    posts = [
        box(x - 0.7, y - 1, x + 0.7, y + 1)
        for x in np.linspace(-u, u * 0.4, 7)
        for y in np.linspace(-v, v, 5)
    ]
    yield Mark(placed(frame, shapely.union_all(bars)), (206, 206, 204))
    yield Mark(placed(frame, shapely.union_all(posts)), (92, 94, 98))
    for y in (-0.45 * v, 0.45 * v):
        yield Mark(
            placed(frame, box(u * 0.65, y - 3.5, u * 0.95, y + 3.5)), (70, 84, 84)
        )


def spire(site: Site) -> Iterator[Mark]:
    """Church: a square tower with a pointed cap at one end."""
    frame = site.frame
    tower = box(-frame.length / 2, -3.2, -frame.length / 2 + 6.4, 3.2)
    yield Mark(placed(frame, tower), site.second)
    cap = [(tower.bounds[0] + 3.2, 0), *tower.exterior.coords[0:2]]
    yield Mark(placed(frame, Polygon(cap)), tuple(int(c * 0.7) for c in site.second))  # type: ignore[arg-type]


def planes(site: Site) -> Iterator[Mark]:
    """Small aircraft parked in a row."""
    frame = site.frame
    for k, u in enumerate(np.arange(-frame.length / 2 + 14, frame.length / 2 - 10, 19)):
        if hash01(np.array(k), np.array(2), 92)[0] > 0.7:
            continue
        body = box(u - 0.7, -4.5, u + 0.7, 4.0)
        parts = [body, box(u - 5.5, 0.6, u + 5.5, 2.2), box(u - 2, -4.5, u + 2, -3.4)]
        yield Mark(placed(frame, shapely.union_all(parts)), WHITE)
