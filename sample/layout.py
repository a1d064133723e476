"""Outlines in local metres from the rows of the town's layout table."""

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

XY = tuple[float, float]
TABLE = Path(__file__).with_name("town.csv")
ROUND = 2  # a centimetre: equal coordinates are one node


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `coords` are places, or `name:role` members of a relation.

    Attributes:
        size: Numbers whose meaning the shape gives (metres, degrees, counts).
        ground: Whether other things may stand on it.
    """

    name: str
    shape: str
    coords: tuple[str, ...]
    size: tuple[float, ...]
    ground: bool
    tags: dict[str, str]

    @property
    def places(self) -> list[XY]:
        """The coordinates as numbers."""
        pairs = (place.split() for place in self.coords)
        return [(float(x), float(y)) for x, y in pairs]


def read_layout(path: Path = TABLE) -> list[Row]:
    """Rows of the layout table, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                row["name"],
                row["shape"],
                tuple(row["coords"].split("/")),
                tuple(float(number) for number in row["size"].split()),
                bool(row["ground"]),
                dict(pair.split("=", 1) for pair in row["tags"].split("|") if pair),
            )
            for row in csv.DictReader(file)
        ]


def _smooth(points: Sequence[XY], closed: bool, step: float = 9.0) -> list[XY]:
    """Catmull-Rom curve through points, about one vertex per `step` metres."""
    given = np.asarray(points)
    ends = (given[-1:], given[:2]) if closed else (given[:1], given[-1:])
    padded = np.vstack([ends[0], given, ends[1]])
    curve: list[XY] = []
    for a, b, c, d in zip(
        padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True
    ):
        count = max(2, round(float(np.hypot(*(c - b))) / step))
        for t in np.arange(count) / count:
            place = 0.5 * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
            curve.append((float(place[0]), float(place[1])))
    return [*curve, curve[0] if closed else points[-1]]


def _turned(outline: Sequence[XY], at: XY, turn: float) -> list[XY]:
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    moved = [(at[0] + x * c - y * s, at[1] + x * s + y * c) for x, y in outline]
    return [*moved, moved[0]]


def rectangle(at: XY, width: float, height: float, turn: float = 0.0) -> list[XY]:
    """A closed rectangle round a centre."""
    w, h = width / 2, height / 2
    return _turned([(-w, -h), (w, -h), (w, h), (-w, h)], at, turn)


def _circle(at: XY, radius: float) -> list[XY]:
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return _turned([(radius * np.cos(t), radius * np.sin(t)) for t in turns], at, 0)


def _oval(at: XY, length: float, width: float, turn: float) -> list[XY]:
    half = (length - width) / 2
    shape = LineString([(-half, 0), (half, 0)]).buffer(width / 2, quad_segs=10)
    return _turned(list(shape.exterior.coords)[:-1], at, turn)


def _ell(at: XY, width: float, height: float, turn: float) -> list[XY]:
    w, h = width / 2, height / 2
    cut = min(w, h)
    return _turned(
        [
            (-w, -h),
            (w, -h),
            (w, -h + cut),
            (-w + cut, -h + cut),
            (-w + cut, h),
            (-w, h),
        ],
        at,
        turn,
    )


def _cross(at: XY, width: float, height: float, turn: float) -> list[XY]:
    w, h, arm = width / 2, height / 2, height * 0.42
    x = w * 0.25
    corners = [
        (-w, -h), (x, -h), (x, -h - arm), (x + h, -h - arm), (x + h, -h), (w, -h),
        (w, h), (x + h, h), (x + h, h + arm), (x, h + arm), (x, h), (-w, h),
    ]  # fmt: skip
    return _turned(corners, at, turn)


def _eee(at: XY, width: float, height: float, turn: float) -> list[XY]:
    w, h, t = width / 2, height / 2, height * 0.3
    m = t / 2
    corners = [
        (-w, -h), (-w + t, -h), (-w + t, h - t), (-m, h - t), (-m, -h + 6), (m, -h + 6),
        (m, h - t), (w - t, h - t), (w - t, -h), (w, -h), (w, h), (-w, h),
    ]  # fmt: skip
    return _turned(corners, at, turn)


def _stack(at: XY, size: Sequence[float]) -> list[list[XY]]:
    """Rectangles one above another: width, height, turn, count, spacing."""
    width, height, turn, count, gap = size
    base = [(0.0, (k - (count - 1) / 2) * gap) for k in range(int(count))]
    return [rectangle(p, width, height) for p in _turned(base, at, turn)[:-1]]


def _terrace(at: XY, size: Sequence[float]) -> list[list[XY]]:
    """Houses in a row that share walls: width, depth, turn, count."""
    width, depth, turn, count = size
    base = [(k * width, 0.0) for k in range(int(count))]
    return [rectangle(p, width, depth, turn) for p in _turned(base, at, turn)[:-1]]


_AROUND: dict[str, Callable[..., list[XY]]] = {
    "rect": rectangle,
    "circle": _circle,
    "oval": _oval,
    "ell": _ell,
    "cross": _cross,
    "eee": _eee,
}


def _polygon(places: list[XY]) -> list[XY]:
    return [*places, places[0]]


_THROUGH: dict[str, Callable[[list[XY]], list[XY]]] = {
    "line": list,
    "poly": _polygon,
    "curve": partial(_smooth, closed=False),
    "blob": partial(_smooth, closed=True),
}


def outlines(row: Row) -> list[list[XY]]:
    """The lines or closed outlines that a row stands for."""
    places = row.places
    if row.shape in _AROUND:
        drawn = [_AROUND[row.shape](place, *row.size) for place in places]
    elif row.shape == "stack":
        drawn = _stack(places[0], row.size)
    elif row.shape == "terrace":
        drawn = _terrace(places[0], row.size)
    elif row.shape == "ribbon":
        line = LineString(_smooth(places, closed=False))
        band = line.buffer(row.size[0] / 2, cap_style="flat").simplify(0.4)
        drawn = [list(band.exterior.coords)]
    else:
        drawn = [_THROUGH[row.shape](places)]
    return [[(round(x, ROUND), round(y, ROUND)) for x, y in line] for line in drawn]


def footprint(outline: Sequence[XY], half_width: float = 5.0) -> shapely.Geometry:
    """The ground an outline takes: its area, or a strip along a line."""
    if len(outline) > 3 and outline[0] == outline[-1]:
        return Polygon(outline).buffer(0)
    if len(outline) == 1:
        return Point(outline[0]).buffer(3.0)
    return LineString(outline).buffer(half_width)
