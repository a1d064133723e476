"""Build the sample town: OSM elements from the layout table and two generators."""

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from shapely.geometry import LineString, Point

from sample.edges import EDGE_TAGS, add_edges
from sample.elements import Elements, Node, Relation, Way, to_degrees
from sample.layout import ROUND, XY, Row, footprint, outlines, read_layout
from sample.streets import Taken, Thing, houses, trees

ORIGIN = (695_600.0, 5_007_900.0)  # local (0, 0) in UTM metres
FIRST = {"node": 1001, "way": 501, "relation": 101}
SNAP_M = 4.0
Drawn = dict[str, list[list[XY]]]
_LATER = ("node", "on", "beside", "mp", "houses", "scatter")  # not ways themselves


class Builder:
    """Collects elements; equal places become one shared node."""

    def __init__(self) -> None:
        """Start empty."""
        self.tags: dict[XY, dict[str, str]] = {}
        self.order: dict[XY, int] = {}
        self.ways: list[Way] = []
        self.relations: list[Relation] = []
        self.named: dict[str, int] = {}

    def node(self, place: XY, tags: dict[str, str] | None = None) -> int:
        """Id of the node at a place; tags are added to those it has."""
        spot = (round(place[0], ROUND), round(place[1], ROUND))
        number = self.order.setdefault(spot, FIRST["node"] + len(self.order))
        self.tags.setdefault(spot, {}).update(tags or {})
        return number

    def way(self, outline: Sequence[XY], tags: dict[str, str], name: str = "") -> int:
        """Add a way through places; `name` lets relations refer to it."""
        number = FIRST["way"] + len(self.ways)
        refs = tuple(self.node(place) for place in outline)
        self.ways.append(Way(number, refs, tags))
        if name:
            self.named.setdefault(name, number)
        return number

    def relation(
        self, members: Iterable[tuple[str, int, str]], tags: dict[str, str]
    ) -> int:
        """Add a relation."""
        number = FIRST["relation"] + len(self.relations)
        self.relations.append(Relation(number, tuple(members), tags))
        return number

    def elements(self) -> Elements:
        """Everything collected, in degrees."""
        east, north = ORIGIN
        nodes = tuple(
            Node(number, *to_degrees(east + x, north + y), self.tags[(x, y)])
            for (x, y), number in self.order.items()
        )
        return Elements(nodes, tuple(self.ways), tuple(self.relations))


def town(seed: int = 0) -> Elements:
    """A fictional town of about 1.6 x 1.2 km in the open Atlantic.

    Args:
        seed: Changes houses, gardens and trees; streets and landmarks stay.
    """
    rows = read_layout()
    drawn = {row.name: outlines(row) for row in rows if row.shape not in _LATER}
    drawn = _joined(drawn, rows)
    builder, taken = Builder(), Taken()
    _build_ways(builder, taken, rows, drawn)
    _build_nodes(builder, taken, rows, drawn)
    for row in rows:
        if row.shape == "mp":
            pairs = (member.split(":") for member in row.coords)
            members = [("w", builder.named[name], role) for name, role in pairs]
            builder.relation(members, row.tags)
    for row in (row for row in rows if row.shape == "houses"):
        street = drawn[row.coords[0]][0]
        _place(builder, houses(street, row.size, row.tags, taken, seed))
    for row in (row for row in rows if row.shape == "scatter"):
        _place(builder, trees(row.places, row.size, row.tags, taken, seed))
    add_edges(builder)
    return builder.elements()


def _build_ways(builder: Builder, taken: Taken, rows: list[Row], drawn: Drawn) -> None:
    for row in rows:
        for outline in drawn.get(row.name, []):
            builder.way(outline, row.tags | EDGE_TAGS.get(row.name, {}), row.name)
            if not row.ground:
                taken.add(footprint(outline))


def _build_nodes(builder: Builder, taken: Taken, rows: list[Row], drawn: Drawn) -> None:
    roads = [LineString(drawn[row.name][0]) for row in rows if _is_road(row)]
    for row in rows:
        if row.shape in ("node", "on", "beside"):
            for place in row.places:
                spot = _placed(row.shape, place, roads)
                builder.node(spot, row.tags | EDGE_TAGS.get(row.name, {}))
                taken.add(footprint([spot]))


def _place(builder: Builder, things: Iterable[Thing]) -> None:
    for outline, tags in things:
        if len(outline) == 1:
            builder.node(outline[0], tags)
        else:
            builder.way(outline, tags)


def _is_road(row: Row) -> bool:
    named = "highway" in row.tags or "railway" in row.tags
    return named and row.shape in ("line", "curve", "circle")


def _placed(shape: str, place: XY, roads: list[LineString]) -> XY:
    """Put a node onto its nearest road, or 8.5 m beside it, if its shape asks so."""
    if shape == "node":
        return place
    road = min(roads, key=lambda line: float(line.distance(Point(place))))
    if shape == "on":
        vertices = np.asarray(road.coords)
        nearest = vertices[np.hypot(*(vertices - place).T).argmin()]
        return float(nearest[0]), float(nearest[1])
    at = road.project(Point(place))
    edge = shapely.offset_curve(road, 8.5)
    spot = edge.interpolate(edge.project(road.interpolate(at)))
    return float(spot.x), float(spot.y)


def _joined(drawn: Drawn, rows: Iterable[Row]) -> Drawn:
    """Give roads that meet or cross on the ground a node in common."""
    names = [
        row.name
        for row in rows
        if _is_road(row) and "bridge" not in row.tags and row.tags.get("highway")
    ]
    lines = {name: drawn[name][0] for name in names}
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            a, b = lines[first], lines[second]
            for spot in _meetings(a, b):
                lines[first] = a = _through(a, spot)
                lines[second] = b = _through(b, spot)
    return drawn | {name: [line] for name, line in lines.items()}


def _meetings(a: list[XY], b: list[XY]) -> list[XY]:
    first, second = LineString(a), LineString(b)
    if first.distance(second) > SNAP_M:
        return []
    spots = [
        end
        for line, other in ((a, second), (b, first))
        for end in (line[0], line[-1])
        if line[0] != line[-1] and other.distance(Point(end)) <= SNAP_M
    ]
    common = first.intersection(second)
    for point in [] if common.is_empty else shapely.get_parts(common):
        spot = (round(point.centroid.x, ROUND), round(point.centroid.y, ROUND))
        if all(np.hypot(spot[0] - x, spot[1] - y) > 2 * SNAP_M for x, y in spots):
            spots.append(spot)
    return spots


def _through(line: list[XY], spot: XY) -> list[XY]:
    """A line with a vertex at a spot: a near one is moved, else one is put in."""
    if spot in line:
        return line
    closed = line[0] == line[-1]
    ends = (0, len(line) - 1)
    for k, (x, y) in enumerate(line):
        near = np.hypot(spot[0] - x, spot[1] - y) < SNAP_M
        if near and not (closed and k in ends):
            return [*line[:k], spot, *line[k + 1 :]]
    gaps = [
        float(LineString(line[k : k + 2]).distance(Point(spot)))
        for k in range(len(line) - 1)
    ]
    k = int(np.argmin(gaps))
    return [*line[: k + 1], spot, *line[k + 1 :]]
