"""OSM elements held in memory, and small edits that tests and the demo make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pyproj import Transformer

CRS = "EPSG:32625"  # UTM zone 25 north: open ocean
_TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
_TO_METRES = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)


@dataclass(frozen=True, slots=True)
class Node:
    """A place, in degrees."""

    id: int
    lon: float
    lat: float
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Way:
    """A line or an outline: node ids in order."""

    id: int
    refs: tuple[int, ...]
    tags: Mapping[str, str]

    @property
    def closed(self) -> bool:
        """Whether it ends where it starts."""
        return len(self.refs) > 3 and self.refs[0] == self.refs[-1]


@dataclass(frozen=True, slots=True)
class Relation:
    """A group: members are (type `n`, `w` or `r`, id, role)."""

    id: int
    members: tuple[tuple[str, int, str], ...]
    tags: Mapping[str, str]


Element = Node | Way | Relation


@dataclass(frozen=True, slots=True)
class Elements:
    """A whole file: each tuple is ordered by id."""

    nodes: tuple[Node, ...]
    ways: tuple[Way, ...]
    relations: tuple[Relation, ...]

    def __iter__(self) -> Iterator[Element]:
        """Nodes, then ways, then relations."""
        yield from self.nodes
        yield from self.ways
        yield from self.relations


def to_degrees(east: float, north: float) -> tuple[float, float]:
    """Longitude and latitude of UTM metres, rounded to OSM's 1e-7 degrees."""
    lon, lat = _TO_DEGREES.transform(east, north)
    return round(lon, 7), round(lat, 7)


def to_metres(lon: float, lat: float) -> tuple[float, float]:
    """UTM metres (east, north) of a longitude and latitude."""
    east, north = _TO_METRES.transform(lon, lat)
    return float(east), float(north)


def find(elements: Elements, key: str, value: str | None = None) -> tuple[Element, ...]:
    """Every element with a key (and value), in file order."""
    return tuple(e for e in elements if key in e.tags and value in (None, e.tags[key]))


def find_way(elements: Elements, key: str, value: str) -> Way:
    """First way with a tag.

    Raises:
        LookupError: No way has it.
    """
    for way in elements.ways:
        if way.tags.get(key) == value:
            return way
    raise LookupError(f"no way is tagged {key}={value}")


def move_way(
    elements: Elements, way_id: int, east_m: float, north_m: float
) -> Elements:
    """Shift the nodes that belong to one way alone; shared nodes stay."""
    own = set(next(way for way in elements.ways if way.id == way_id).refs)
    for way in elements.ways:
        if way.id != way_id:
            own.difference_update(way.refs)
    return replace(
        elements,
        nodes=tuple(
            _shifted(node, east_m, north_m) if node.id in own else node
            for node in elements.nodes
        ),
    )


def move_node(
    elements: Elements, node_id: int, east_m: float, north_m: float
) -> Elements:
    """Shift one node, and with it whatever is drawn through it."""
    return replace(
        elements,
        nodes=tuple(
            _shifted(node, east_m, north_m) if node.id == node_id else node
            for node in elements.nodes
        ),
    )


def _shifted(node: Node, east_m: float, north_m: float) -> Node:
    east, north = to_metres(node.lon, node.lat)
    lon, lat = to_degrees(east + east_m, north + north_m)
    return replace(node, lon=lon, lat=lat)


def retag(
    elements: Elements, kind: type[Element], element_id: int, tags: Mapping[str, str]
) -> Elements:
    """Give one element of a kind other tags in place of its own."""
    return _edited(elements, kind, element_id, tags)


def remove(elements: Elements, kind: type[Element], element_id: int) -> Elements:
    """Drop one element; nodes and members it referred to stay."""
    return _edited(elements, kind, element_id, None)


def _edited(
    elements: Elements,
    kind: type[Element],
    element_id: int,
    tags: Mapping[str, str] | None,
) -> Elements:
    def kept(several: tuple[Element, ...]) -> tuple[Element, ...]:
        edited = []
        for element in several:
            if not isinstance(element, kind) or element.id != element_id:
                edited.append(element)
            elif tags is not None:
                edited.append(replace(element, tags=dict(tags)))
        return tuple(edited)

    return Elements(
        *(
            kept(several)
            for several in (elements.nodes, elements.ways, elements.relations)
        )  # type: ignore[arg-type]
    )
