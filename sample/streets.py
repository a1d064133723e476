"""Houses along a street and trees in a green, placed by hashes and never on others."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from sample.layout import XY, footprint, rectangle

Thing = tuple[list[XY], dict[str, str]]

KINDS = ("house", "house", "detached", "detached", "semidetached_house", "bungalow")
ROOFS = ("gabled", "gabled", "gabled", "hipped", "hipped", "half-hipped", "pyramidal")
COLOURS = ("", "", "brown", "darkred", "grey", "#5b4a44", "red")
SPECIES = ("Quercus robur", "Tilia cordata", "Acer platanoides", "")


def chance(*parts: object) -> float:
    """A number in [0, 1) that its arguments alone decide."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.md5(text).digest()[:6]) / 2**48


def _pick(options: Sequence[str], *parts: object) -> str:
    return options[int(chance(*parts) * len(options))]


@dataclass
class Taken:
    """The ground that is already built on."""

    shapes: list[shapely.Geometry] = field(default_factory=list)

    def add(self, shape: shapely.Geometry) -> None:
        """Take the ground of a shape."""
        self.shapes.append(shape)

    def free(self, shape: shapely.Geometry) -> bool:
        """Whether nothing stands where the shape would."""
        return not bool(shapely.intersects(np.asarray(self.shapes), shape).any())

    def claim(self, outline: list[XY], gap: float) -> bool:
        """Take an outline's ground if it and a gap round it are free."""
        shape = footprint(outline)
        if not self.free(shape.buffer(gap)):
            return False
        self.add(shape)
        return True


def houses(
    street: list[XY],
    size: Sequence[float],
    tags: dict[str, str],
    taken: Taken,
    seed: int,
) -> Iterator[Thing]:
    """Houses on both sides of a street, some with a garage, a pool or a tree.

    Args:
        street: Centre line in local metres.
        size: Distance between houses, distance of their middle from the centre line.
        tags: Put on every house.
        taken: Ground in use; what is placed is added.
        seed: Changes the houses.
    """
    line = LineString(street)
    step, setback = size
    number = 0
    name = tags.get("addr:street", "")
    for place in np.arange(step * 0.8, line.length - step * 0.5, step):
        for side in (-1, 1):
            number += 1
            at, turn, out = _plot(line, float(place), side)
            key = (seed, name, number)
            width, depth = 9 + 4 * chance(*key, "w"), 8 + 3 * chance(*key, "d")
            back = setback + 2.5 * chance(*key, "b")
            body = rectangle(_off(at, out, back), width, depth, turn)
            if not taken.claim(body, 1.5):
                continue
            yield body, _house_tags(tags, number, key)
            yield from _garden(at, out, turn, back + depth / 2, taken, key)


def _plot(line: LineString, place: float, side: int) -> tuple[XY, float, XY]:
    """A place on a street, its direction in degrees, the unit vector off the street."""
    a, b = line.interpolate(place - 2), line.interpolate(place + 2)
    length = math.hypot(b.x - a.x, b.y - a.y)
    ux, uy = (b.x - a.x) / length, (b.y - a.y) / length
    middle = line.interpolate(place)
    return (
        (middle.x, middle.y),
        math.degrees(math.atan2(uy, ux)),
        (-uy * side, ux * side),
    )


def _off(at: XY, way: XY, distance: float, along: float = 0.0) -> XY:
    return (
        at[0] + way[0] * distance + way[1] * along,
        at[1] + way[1] * distance - way[0] * along,
    )


def _house_tags(
    tags: dict[str, str], number: int, key: tuple[object, ...]
) -> dict[str, str]:
    kind = _pick(KINDS, *key, "kind")
    found = {"building": kind, "addr:housenumber": str(number), **tags}
    found["roof:shape"] = _pick(ROOFS, *key, "roof")
    colour = _pick(COLOURS, *key, "colour")
    if colour:
        found["roof:colour"] = colour
    if chance(*key, "levels") < 0.5:
        found["building:levels"] = "1" if kind == "bungalow" else "2"
    if chance(*key, "date") < 0.15:
        found["start_date"] = str(1890 + int(chance(*key, "year") * 120))
    if chance(*key, "source") < 0.2:
        found["source"] = "aerial imagery"
    return found


def _garden(
    at: XY, out: XY, turn: float, back: float, taken: Taken, key: tuple[object, ...]
) -> Iterator[Thing]:
    if chance(*key, "garage") < 0.3:
        shed = rectangle(_off(at, out, back + 4, 5.5), 3.4, 5.6, turn)
        if taken.claim(shed, 0.3):
            yield shed, {"building": "garage", "roof:shape": "flat"}
    if chance(*key, "pool") < 0.16:
        size = 8 + 2 * chance(*key, "pw")
        pool = rectangle(_off(at, out, back + 6.5, -1.5), size, 4.4, turn)
        if taken.claim(pool, 1.0):
            yield pool, {"leisure": "swimming_pool", "access": "private"}
    if chance(*key, "tree") < 0.45:
        spot = _off(
            at, out, back + 4 + 6 * chance(*key, "tb"), 9 * chance(*key, "ta") - 5
        )
        if taken.claim([spot], 1.0):
            yield [spot], {"natural": "tree"}


def trees(
    outline: list[XY],
    size: Sequence[float],
    tags: dict[str, str],
    taken: Taken,
    seed: int,
) -> Iterator[Thing]:
    """About `size[0]` trees inside an outline, `size[1]` metres or more from others."""
    shape = Polygon(outline)
    west, south, east, north = shape.bounds
    count, gap = int(size[0]), size[1]
    for k in range(count * 4):
        key = (seed, outline, k)
        x = west + (east - west) * chance(*key, "x")
        y = south + (north - south) * chance(*key, "y")
        if count == 0 or not shape.contains(Point(x, y)):
            continue
        if taken.claim([(x, y)], gap / 2):
            count -= 1
            species = _pick(SPECIES, *key, "species")
            named = {"species": species} if species else {}
            yield [(x, y)], {"natural": "tree", **tags, **named}
