"""The map of scenes: boxes by split over longitude and latitude."""

import math
from dataclasses import dataclass

import duckdb

from explore.charts import ticks
from explore.figures import SplitCount, rows

MOST_BOXES = 2500
WIDTH = 960.0
LEAST_HEIGHT, MOST_HEIGHT = 260.0, 720.0
LEAST_SIDE = 8.0  # a box is drawn at least so large that its hatching shows
PADDING = 0.06
ROOM = 3.0  # a source's extent widens the map up to this many times the scenes' own


@dataclass(frozen=True)
class Extent:
    """A lon/lat rectangle with the split of its scene, or the source it belongs to."""

    west: float
    south: float
    east: float
    north: float
    split: str | None = None


@dataclass(frozen=True)
class Spot:
    """How many scenes of one split lie where one box is drawn."""

    n: int


@dataclass(frozen=True)
class Shape:
    """A rectangle in the units of the view box."""

    x: float
    y: float
    width: float
    height: float
    name: str


@dataclass(frozen=True)
class Tick:
    """One line of the graticule."""

    place: float
    label: str


@dataclass(frozen=True)
class Map:
    """An equirectangular map, true to scale at its middle latitude."""

    width: float
    height: float
    boxes: tuple[Shape, ...]
    sources: tuple[Shape, ...]
    meridians: tuple[Tick, ...]
    parallels: tuple[Tick, ...]
    splits: tuple[SplitCount, ...]
    n_scenes: int


@dataclass(frozen=True)
class _View:
    frame: Extent
    width: float
    height: float

    def x(self, lon: float) -> float:
        span = self.frame.east - self.frame.west
        return (lon - self.frame.west) / span * self.width

    def y(self, lat: float) -> float:
        span = self.frame.north - self.frame.south
        return (self.frame.north - lat) / span * self.height

    def shape(self, extent: Extent, least: float) -> Shape | None:
        """The visible part of an extent, None where there is none."""
        left, right = self.x(extent.west), self.x(extent.east)
        top, bottom = self.y(extent.north), self.y(extent.south)
        grow_x = max(0.0, least - (right - left)) / 2
        grow_y = max(0.0, least - (bottom - top)) / 2
        left, right = max(left - grow_x, 0.0), min(right + grow_x, self.width)
        top, bottom = max(top - grow_y, 0.0), min(bottom + grow_y, self.height)
        if left >= right or top >= bottom:
            return None
        return Shape(
            round(left, 1),
            round(top, 1),
            round(right - left, 1),
            round(bottom - top, 1),
            extent.split or "none",
        )


def coverage(con: duckdb.DuckDBPyConnection) -> Map | None:
    """Lay out the map; None while there is no scene."""
    extents = rows(con, "map_extent", Extent)
    if not extents:
        return None
    sources = rows(con, "map_sources", Extent)
    splits = rows(con, "scene_splits", SplitCount)
    view = _view(_frame(extents[0], sources))
    seen = view.frame
    boxes = _boxes(con, view)
    return Map(
        view.width,
        view.height,
        tuple(s for box in boxes if (s := view.shape(box, LEAST_SIDE))),
        tuple(s for source in sources if (s := view.shape(source, 0.0))),
        tuple(
            Tick(round(view.x(lon), 1), degrees(lon, "E", "W"))
            for lon in ticks(seen.west, seen.east, 7)
        ),
        tuple(
            Tick(round(view.y(lat), 1), degrees(lat, "N", "S"))
            for lat in ticks(seen.south, seen.north, 6)
        ),
        splits,
        sum(split.n for split in splits),
    )


def degrees(value: float, positive: str, negative: str) -> str:
    """A coordinate as people write it: 7.43° E."""
    return (
        f"{abs(value):.6f}".rstrip("0").rstrip(".")
        + "° "
        + (positive if value >= 0 else negative)
    )


def _boxes(con: duckdb.DuckDBPyConnection, view: _View) -> tuple[Extent, ...]:
    seen = view.frame
    cell = {
        "cell_lon": (seen.east - seen.west) * LEAST_SIDE / view.width,
        "cell_lat": (seen.north - seen.south) * LEAST_SIDE / view.height,
    }
    spots = [spot.n for spot in rows(con, "map_spots", Spot, **cell)]
    return rows(
        con, "map_boxes", Extent, most=MOST_BOXES, turns=turns(spots, MOST_BOXES)
    )


def turns(sizes: list[int], most: int) -> int:
    """How many each place shows, at most, so that together they show `most`, or all.

    It may be up to twice as many as need be.
    """
    found = 1
    while found < max(sizes, default=1) and sum(min(n, found) for n in sizes) < most:
        found *= 2
    return found


def _frame(scenes: Extent, sources: tuple[Extent, ...]) -> Extent:
    room_x = max(scenes.east - scenes.west, 0.002) * ROOM
    room_y = max(scenes.north - scenes.south, 0.002) * ROOM
    close = [
        s for s in sources if s.east - s.west <= room_x and s.north - s.south <= room_y
    ]
    west = min([scenes.west, *(s.west for s in close)])
    south = min([scenes.south, *(s.south for s in close)])
    east = max([scenes.east, *(s.east for s in close)])
    north = max([scenes.north, *(s.north for s in close)])
    pad_x = max((east - west) * PADDING, 0.001)
    pad_y = max((north - south) * PADDING, 0.001)
    return Extent(west - pad_x, south - pad_y, east + pad_x, north + pad_y)


def _view(frame: Extent) -> _View:
    middle = math.radians((frame.south + frame.north) / 2)
    wide = (frame.east - frame.west) * max(math.cos(middle), 0.01)
    high = frame.north - frame.south
    height = min(max(WIDTH * high / wide, LEAST_HEIGHT), MOST_HEIGHT)
    # Where the height is cut, the frame grows instead of the scale being torn.
    share = WIDTH / height / (wide / high)
    grow_x = (frame.east - frame.west) * max(share - 1, 0) / 2
    grow_y = high * max(1 / share - 1, 0) / 2
    grown = Extent(
        frame.west - grow_x,
        frame.south - grow_y,
        frame.east + grow_x,
        frame.north + grow_y,
    )
    return _View(grown, WIDTH, round(height, 1))
