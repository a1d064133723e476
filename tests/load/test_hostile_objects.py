"""Objects that are odd but legal, made by hand, beside what libosmium makes of them.

Squares are of a thousandth of a degree. Where libosmium gives an area, the loader
gives the same; where it gives up or has no word, the expectation stands in the test.
"""

import functools
import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import numpy as np
import osmium
import polars as pl
import pyarrow.parquet as pq
import pytest
import shapely
from osmium.osm import Area
from osmium.osm.mutable import Node, Relation, Way

from load.osm import LoadOptions, load_osm
from skyloom.lake import Lake

Place = tuple[float, float]
Ring = list[Place]
BIG = 2**40
UNIT = 1e-3


class Town:
    """Elements under construction; a place is a node, the same for all who pass it."""

    def __init__(self) -> None:
        self.places: dict[Place, int] = {}
        self.nodes: list[Node] = []
        self.ways: list[Way] = []
        self.relations: list[Relation] = []

    def at(self, place: Place) -> int:
        if place not in self.places:
            self.places[place] = BIG + len(self.places)
            self.node(self.places[place], place)
        return self.places[place]

    def node(self, node_id: int, place: Place | None, /, **tags: str) -> int:
        self.nodes.append(Node(id=node_id, location=place, tags=tags))
        return node_id

    def way(self, way_id: int, places: Sequence[Place], /, **tags: str) -> int:
        nodes = [self.at(place) for place in places]
        self.ways.append(Way(id=way_id, nodes=nodes, tags=tags))
        return way_id

    def relation(self, relation_id: int, members: Sequence[Any], **tags: str) -> None:
        tags = {"type": "multipolygon", **tags}
        self.relations.append(Relation(id=relation_id, members=members, tags=tags))

    def write(
        self, path: Path, order: Callable[[list[Any]], list[Any]] | None = None
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        add = {Node: "add_node", Way: "add_way", Relation: "add_relation"}
        with osmium.SimpleWriter(str(path)) as writer:
            for one in (order or in_order)([*self.nodes, *self.ways, *self.relations]):
                getattr(writer, add[type(one)])(one)
        return path


def in_order(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: (kind_of(item), item.id))


def kind_of(item: Any) -> int:
    return (Node, Way, Relation).index(type(item))


def square(x: float, y: float, side: float) -> Ring:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]


def scaled(ring: Ring) -> Ring:
    return [(round(x * UNIT, 7), round(y * UNIT, 7)) for x, y in ring]


@dataclass(frozen=True)
class Loaded:
    """Both sides of one file: rows by object_id, and libosmium's areas or None."""

    folder: Path
    objects: dict[str, dict[str, Any]]
    rejects: dict[str, str]
    theirs: dict[str, Any]

    def shape(self, object_id: str) -> Any:
        return shapely.from_wkb(self.objects[object_id]["geometry"])


def loaded(file: Path, threads: int = 2) -> Loaded:
    lake = Lake.open(file.parent / f"lake{threads}", create=True)
    (done,) = load_osm(lake, [file], options=LoadOptions(threads=threads))
    objects = pl.read_parquet(done.path / "objects.parquet").iter_rows(named=True)
    rejects = pl.read_parquet(done.path / "rejects.parquet").iter_rows(named=True)
    factory = osmium.geom.WKBFactory()
    theirs = {}
    areas = osmium.filter.EntityFilter(osmium.osm.AREA)
    for area in osmium.FileProcessor(file).with_areas().with_filter(areas):
        assert isinstance(area, Area)
        whole = area.num_rings()[0] > 0
        wkb = factory.create_multipolygon(area) if whole else None
        theirs[f"{'a' if area.from_way() else 'r'}{area.orig_id()}"] = wkb
    return Loaded(
        done.path,
        {row["object_id"]: row for row in objects},
        {f"{row['osm_type'][0]}{row['osm_id']}": row["reason"] for row in rejects},
        {x: wkb and shapely.from_wkb(wkb) for x, wkb in theirs.items()},
    )


# What the rings of a relation enclose: polygons, holes, squares. Roles say nothing.
RELATIONS: dict[str, tuple[list[Ring], tuple[int, int, float]]] = {
    "a hole": ([square(0, 0, 4), square(1, 1, 1)], (1, 1, 15)),
    "two outers": ([square(0, 0, 4), square(6, 0, 2)], (2, 0, 20)),
    "an inner outside": ([square(6, 6, 1), square(0, 0, 4)], (2, 0, 17)),
    "outers with holes": (
        [square(0, 0, 4), square(1, 1, 2), square(9, 0, 4), square(10, 1, 1)],
        (2, 2, 12 + 15),
    ),
    "islands in holes": (
        [square(0, 0, 8), square(1, 1, 6), square(2, 2, 4), square(3, 3, 1)],
        (2, 2, 64 - 36 + 16 - 1),
    ),
    "holes that touch in a place": (
        [square(0, 0, 8), square(1, 1, 2), square(3, 3, 2)],
        (1, 2, 56),
    ),
    "holes that share an edge": (
        [square(0, 0, 8), square(1, 1, 2), square(3, 1, 2)],
        (1, 1, 56),
    ),
    "a hole that touches its outer": (
        [
            [(0, 0), (8, 0), (8, 8), (4, 8), (0, 8), (0, 0)],
            [(3, 6), (4, 8), (5, 6), (3, 6)],
        ],
        (1, 1, 62),
    ),
    "a hole on the edge of its outer": (
        [
            [(0, 0), (2, 0), (6, 0), (8, 0), (8, 8), (0, 8), (0, 0)],
            [(2, 0), (6, 0), (6, 4), (2, 4), (2, 0)],
        ],
        (1, 0, 48),
    ),
    "outers that touch in a place": ([square(0, 0, 2), square(2, 2, 2)], (2, 0, 8)),
    "outers that share an edge": ([square(0, 0, 2), square(2, 0, 2)], (1, 0, 8)),
    "a checkerboard": (
        [square(x, y, 1) for x, y in ((0, 0), (1, 1), (2, 0))],
        (3, 0, 3),
    ),
    "an edge there and back": (
        [square(0, 0, 4), [(4, 4), (6, 6)], [(6, 6), (4, 4)]],
        (1, 0, 16),
    ),
}
# A ring of one way: kind, then polygons, holes, squares; or why there is none.
RINGS: dict[str, tuple[Ring, tuple[int, int, float] | str]] = {
    "a triangle": ([(0, 0), (4, 0), (4, 4), (0, 0)], (1, 0, 8)),
    "places twice in a row": (
        [(0, 0), (4, 0), (4, 4), (4, 4), (4, 4), (0, 4), (0, 0), (0, 0)],
        (1, 0, 16),
    ),
    "a spike": (
        [(0, 0), (4, 0), (6, 0), (4, 0), (4, 4), (0, 4), (0, 0)],
        (1, 0, 16),
    ),
    "an eight at a node": ([*square(0, 0, 2), *square(0, 0, -2)[1:]], (2, 0, 8)),
    "an inner loop at a node": (
        [(0, 0), (8, 0), (8, 8), (2, 4), (4, 2), (6, 4), (8, 8), (0, 8), (0, 0)],
        (1, 1, 52),
    ),
    "an eight between nodes": ([(0, 0), (2, 2), (2, 0), (0, 2), (0, 0)], (2, 0, 2)),
    "all in one place": ([(0, 0)] * 5, "too few nodes"),
    "a loop over itself": (
        [(0, 0), (8, 0), (8, 8), (2, 8), (2, -2), (4, -2), (4, 4), (0, 4), (0, 0)],
        (3, 0, 52),
    ),
    "there and back": (
        [(0, 0), (1, 0), (2, 0), (1, 0), (0, 0)],
        "invalid and not repairable",
    ),
    "flat": ([(0, 0), (1, 0), (2, 0), (0, 0)], "invalid and not repairable"),
    "twice round": (
        [*square(0, 0, 4), *square(0, 0, 4)[1:]],
        "invalid and not repairable",
    ),
}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Relations from id 1 with ways from id 100 times that; rings from way 1."""
    town = Town()
    for number, (ring, _) in enumerate(RINGS.values(), 1):
        town.way(number, scaled(ring), building="yes")
    for number, (rings, _) in enumerate(RELATIONS.values(), 1):
        ways = [town.way(100 * number + i, scaled(x)) for i, x in enumerate(rings)]
        members = [("w", way, ("outer", "inner", "")[way % 3]) for way in ways]
        town.relation(number, members, natural="wood")
    return loaded(town.write(tmp_path_factory.mktemp("shapes") / "town.osm.pbf"))


def measured(shape: Any) -> tuple[int, int, Any]:
    parts = shapely.get_parts(shape)
    holes = sum(len(part.interiors) for part in parts)
    return len(parts), holes, pytest.approx(shape.area / UNIT**2, rel=1e-9)


@pytest.mark.parametrize("name", RELATIONS)
def test_rings_of_a_relation(shapes: Loaded, name: str) -> None:
    object_id = f"r{list(RELATIONS).index(name) + 1}"
    shape, other = shapes.shape(object_id), shapes.theirs[object_id]
    assert RELATIONS[name][1] == measured(shape)
    assert shape.is_valid
    assert shape.equals(other)


@pytest.mark.parametrize("name", RINGS)
def test_ring_of_one_way(shapes: Loaded, name: str) -> None:
    number, expected = list(RINGS).index(name) + 1, RINGS[name][1]
    if isinstance(expected, str):
        assert shapes.theirs[f"a{number}"] is None
        assert shapes.rejects[f"w{number}"] == expected
        return
    shape, other = shapes.shape(f"a{number}"), shapes.theirs[f"a{number}"]
    assert measured(shape) == expected
    assert shape.is_valid
    assert other is None or shape.equals(other)


def one(tmp_path: Path, town: Town) -> Loaded:
    return loaded(town.write(tmp_path / "town.osm.pbf"))


OVERLAPPING: dict[str, tuple[Ring, Ring, float]] = {
    "corner on corner": (square(0, 0, 4), square(2, 2, 4), 16 + 16 - 2 * 4),
    "across": (
        square(0, 0, 4),
        [(1, -1), (2, -1), (2, 5), (1, 5), (1, -1)],
        16 + 6 - 8,
    ),
    "over one side": (square(0, 0, 4), square(1, 3, 2), 16 + 4 - 2 * 2),
}


@pytest.mark.parametrize("name", OVERLAPPING)
def test_outlines_that_cross_keep_what_an_odd_number_of_edges_surrounds(
    tmp_path: Path, name: str
) -> None:
    """Libosmium gives these up: the edges cross where there is no node."""
    first, second, squares = OVERLAPPING[name]
    town = Town()
    town.way(1, scaled(first))
    town.way(2, scaled(second))
    town.relation(1, [("w", 1, "outer"), ("w", 2, "outer")], natural="wood")
    both = one(tmp_path, town)
    assert both.theirs["r1"] is None
    assert both.shape("r1").is_valid
    assert both.shape("r1").area / UNIT**2 == pytest.approx(squares, rel=1e-9)


def odd(rings: Sequence[Ring]) -> Any:
    """What an odd number of edges surrounds: the triangles of a fan, each flipping."""
    fans = [
        shapely.Polygon([ring[0], *edge])
        for ring in rings
        for edge in pairwise(ring)
        if len({ring[0], *edge}) == 3
    ]
    return functools.reduce(shapely.symmetric_difference, fans, shapely.Polygon())


def tangle(seed: str) -> Ring:
    number = hashlib.md5(seed.encode()).digest()
    corners = 3 + number[0] % 5
    ring = [
        (float(number[i] % 6), float(number[-i] % 6)) for i in range(1, corners + 1)
    ]
    return [*ring, ring[0]]


@pytest.mark.parametrize("kind", ["ways", "relations"])
def test_tangles_keep_what_an_odd_number_of_edges_surrounds(
    tmp_path: Path, kind: str
) -> None:
    """Places on a small grid, so that edges touch, share and cross in every way."""
    town = Town()
    drawn: dict[str, list[Ring]] = {}
    for number in range(1, 501):
        rings = [tangle(f"{kind} {number} {i}") for i in range(3)]
        if kind == "ways":
            drawn[f"a{number}"] = rings[:1]
            town.way(number, scaled(rings[0]), building="yes")
            continue
        drawn[f"r{number}"] = rings
        ways = [town.way(10 * number + i, scaled(x)) for i, x in enumerate(rings)]
        town.relation(number, [("w", way, "") for way in ways], natural="wood")
    both = one(tmp_path, town)
    wrong = {}
    for object_id, rings in drawn.items():
        expected = odd(rings).area
        shape = both.shape(object_id) if object_id in both.objects else shapely.Point()
        if not shape.is_valid or abs(shape.area / UNIT**2 - expected) > 1e-6:
            wrong[object_id] = shape.area / UNIT**2, expected, rings
    assert wrong == {}


# GEOS cannot put nodes where their edges cross: no float lies there.
DEFIANT: dict[str, list[Ring]] = {
    "three triangles": [
        [(5, 0), (0, 4), (4, 3), (5, 0)],
        [(0, 2), (3, 1), (1, 5), (0, 2)],
        [(3, 1), (4, 0), (3, 2), (3, 1)],
    ],
    "a few centimetres across": [
        [
            (-6960.7109, 50161.251),
            (-6960.7108, 50161.2508),
            (-6960.711, 50161.2511),
            (-6960.7109, 50161.251),
        ],
        [
            (-6960.7108, 50161.2516),
            (-6960.7115, 50161.2516),
            (-6960.7107, 50161.2508),
            (-6960.7114, 50161.2515),
            (-6960.7108, 50161.2516),
        ],
    ],
}


@pytest.mark.parametrize("name", DEFIANT)
def test_an_area_that_defies_repair_is_no_trouble_to_the_rest(
    tmp_path: Path, name: str
) -> None:
    town = Town()
    rings = enumerate(DEFIANT[name], 10)
    ways = [town.way(number, scaled(ring)) for number, ring in rings]
    town.relation(1, [("w", way, "outer") for way in ways], natural="wood")
    town.way(1, scaled(square(0, 0, 1)), building="yes")
    both = one(tmp_path, town)
    assert "a1" in both.objects
    assert ("r1" in both.objects) != ("r1" in both.rejects)


def test_a_member_listed_twice_is_meant_once(tmp_path: Path) -> None:
    town = Town()
    town.way(1, scaled(square(0, 0, 4)))
    town.way(2, scaled(square(1, 1, 1)))
    town.relation(1, [("w", 1, "outer"), ("w", 1, "outer")], natural="wood")
    twice = [("w", 1, "outer"), ("w", 2, "inner"), ("w", 2, "outer")]
    town.relation(2, twice, natural="wood")
    both = one(tmp_path, town)
    assert measured(both.shape("r1")) == (1, 0, 16)
    assert measured(both.shape("r2")) == (1, 1, 15)
    assert all(both.shape(x).equals(both.theirs[x]) for x in ("r1", "r2"))


def test_two_ways_that_draw_one_ring_cancel_out(tmp_path: Path) -> None:
    town = Town()
    town.way(1, scaled(square(0, 0, 4)))
    town.way(2, scaled(square(0, 0, 4))[::-1])
    town.relation(1, [("w", 1, "outer"), ("w", 2, "outer")], natural="wood")
    both = one(tmp_path, town)
    assert both.theirs == {"r1": None}
    assert both.rejects == {"r1": "invalid and not repairable"}


def test_a_boundary_is_an_area_whatever_its_other_members_are(tmp_path: Path) -> None:
    town = Town()
    town.way(1, scaled(square(0, 0, 4)))
    town.node(5, (0.001, 0.001), place="town")
    town.relation(1, [("w", 1, "outer")], type="boundary", name="part")
    others = [("n", 5, "admin_centre"), ("n", 6, "label"), ("r", 1, "subarea")]
    members = [*others, ("r", 9, "subarea"), ("w", 1, "outer"), ("r", 2, "subarea")]
    town.relation(2, members, type="boundary", admin_level="8")
    town.relation(3, others, type="boundary", name="no way")
    both = one(tmp_path, town)
    assert set(both.objects) == {"n5", "r1", "r2"}
    assert both.objects["r2"]["tags"] == {"admin_level": "8", "type": "boundary"}
    assert both.shape("r2").equals(both.theirs["r2"])
    assert both.rejects == {"r3": "missing members"}


def test_an_old_style_multipolygon_is_what_libosmium_makes_of_it(
    tmp_path: Path,
) -> None:
    """Tags on the outer way stay there: libosmium moves none to the relation.

    So the way is an area of its own, without the hole, and the relation one with
    the hole and nothing but its `type` (which libosmium drops and the loader keeps).
    """
    town = Town()
    town.way(1, scaled(square(0, 0, 4)), landuse="forest")
    town.way(2, scaled(square(1, 1, 1)), natural="water")
    town.relation(1, [("w", 1, "outer"), ("w", 2, "inner")])
    both = one(tmp_path, town)
    assert {x: row["tags"] for x, row in both.objects.items()} == {
        "a1": {"landuse": "forest"},
        "a2": {"natural": "water"},
        "r1": {"type": "multipolygon"},
    }
    for object_id, polygons in {
        "a1": (1, 0, 16),
        "a2": (1, 0, 1),
        "r1": (1, 1, 15),
    }.items():
        assert measured(both.shape(object_id)) == polygons
        assert both.shape(object_id).equals(both.theirs[object_id])


def test_missing_members_and_nodes_are_rejects(tmp_path: Path) -> None:
    town = Town()
    ring = [town.at(place) for place in scaled(square(0, 0, 4))]
    town.ways.append(Way(id=1, nodes=ring, tags={"building": "yes"}))
    cut = [*ring[:2], 7, *ring[2:]]
    town.ways.append(Way(id=2, nodes=cut, tags={"building": "yes"}))
    town.ways.append(Way(id=3, nodes=cut))
    town.ways.append(Way(id=4, nodes=[7, 8], tags={"highway": "path"}))
    town.ways.append(Way(id=5, nodes=ring[:1], tags={"highway": "path"}))
    town.ways.append(Way(id=6, nodes=[], tags={"highway": "path"}))
    town.relation(1, [("w", 1, "outer"), ("w", 99, "inner")], natural="wood")
    town.relation(2, [("w", 3, "outer")], natural="wood")
    town.relation(3, [], natural="wood")
    town.relation(4, [("w", 1, "outer"), ("n", 99, "label")], natural="wood")
    both = one(tmp_path, town)
    assert set(both.objects) == {"a1", "r4"} == set(both.theirs)
    assert both.rejects == {
        "w2": "missing nodes",
        "w4": "missing nodes",
        "w5": "too few nodes",
        "w6": "too few nodes",
        "r1": "missing members",
        "r2": "missing members",
        "r3": "missing members",
    }


def test_a_way_closes_by_node_and_not_by_place(tmp_path: Path) -> None:
    """Libosmium takes two nodes in one place for one; OSM's rule is of nodes."""
    town = Town()
    nodes = [town.at(place) for place in scaled(square(0, 0, 4))[:4]]
    last = town.node(5, (0, 0))
    town.ways.append(Way(id=1, nodes=[*nodes, last], tags={"building": "yes"}))
    both = one(tmp_path, town)
    assert both.objects["w1"]["kind"] == "line"
    assert set(both.theirs) == {"a1"}


def test_a_line_keeps_a_node_that_it_passes_twice_in_a_row(tmp_path: Path) -> None:
    town = Town()
    town.way(1, [(0, 0), (0, 0.001), (0, 0.001), (0, 0.002)], highway="path")
    row = one(tmp_path, town).objects["w1"]
    line = shapely.remove_repeated_points(shapely.from_wkb(row["geometry"]))
    assert list(line.coords) == [(0, 0), (0, 0.001), (0, 0.002)]
    assert row["length_m"] == pytest.approx(221.15, rel=1e-3)


def shuffled(items: Sequence[Any], seed: int = 0) -> list[Any]:
    """An order that has nothing to do with the given one, the same on every run."""
    keys = [hashlib.md5(f"{seed} {i}".encode()).digest() for i in range(len(items))]
    return [items[i] for i in np.argsort(np.array(keys, dtype="S16"), kind="stable")]


def star(n: int, x: float, y: float, radius: float) -> Ring:
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    reach = radius * (1 + 0.3 * np.sin(7 * angle) + 0.01 * np.cos(n / 2 * angle))
    xs, ys = x + reach * np.cos(angle), y + reach * np.sin(angle)
    ring = list(zip(xs.round(7).tolist(), ys.round(7).tolist(), strict=True))
    return [*ring, ring[0]]


def test_a_thousand_members_in_any_order_and_direction(tmp_path: Path) -> None:
    town = Town()
    outer = star(2701, 10, 50, 0.5)
    holes = [
        star(7, 9.8 + i % 10 * 0.04, 49.8 + i // 10 * 0.04, 0.01) for i in range(100)
    ]
    pieces = [outer[i : i + 4] for i in range(0, 2700, 3)]
    pieces[-1].append(outer[-1])
    for number, places in enumerate([*pieces, *holes], 1):
        town.way(number, places[:: -1 if number % 2 else 1])
    members = shuffled([("w", way.id, "outer") for way in town.ways])
    assert len(members) == 1000
    town.relation(1, members, natural="wood")
    both = one(tmp_path, town)
    assert both.shape("r1").equals(shapely.Polygon(outer, holes))
    assert both.shape("r1").equals(both.theirs["r1"])


def test_ways_of_fifty_thousand_nodes(tmp_path: Path) -> None:
    town = Town()
    ring = star(50_000, 10, 50, 0.5)
    town.way(1, ring, natural="coastline")
    town.way(2, ring, natural="wood")
    both = one(tmp_path, town)
    assert list(both.shape("w1").coords) == ring
    assert both.shape("a2").equals(shapely.Polygon(ring))
    assert both.shape("a2").equals(both.theirs["a2"])


@pytest.mark.parametrize("base", [2**41, 2**62, -1000])
def test_ids_beyond_forty_bits_and_below_zero(tmp_path: Path, base: int) -> None:
    """Of nodes below zero libosmium has no places: ways there need uploaded ones."""
    town = Town()
    corners = enumerate(scaled(square(0, 0, 1))[:4], abs(base))
    nodes = [town.node(node_id, place, natural="tree") for node_id, place in corners]
    ring = [*nodes, nodes[0]]
    town.ways.append(Way(id=base, nodes=ring, tags={"building": "yes"}))
    town.ways.append(Way(id=base + 1, nodes=nodes, tags={"highway": "path"}))
    town.relation(base + 2, [("w", base, "outer")], natural="wood")
    file = town.write(tmp_path / "town.osm.pbf")
    (done,) = load_osm(Lake.open(tmp_path / "lake", create=True), [file])
    rows = pl.read_parquet(done.path / "objects.parquet").sort("object_id")
    expected = {f"n{node_id}": node_id for node_id in nodes}
    expected |= {f"a{base}": base, f"w{base + 1}": base + 1, f"r{base + 2}": base + 2}
    assert dict(rows.select("object_id", "osm_id").iter_rows()) == expected
    square_shape = shapely.Polygon(scaled(square(0, 0, 1)))
    for object_id in (f"a{base}", f"r{base + 2}"):
        (wkb,) = rows.filter(object_id=object_id)["geometry"]
        assert shapely.from_wkb(wkb).equals(square_shape)


def test_the_first_and_last_ids_there_are(tmp_path: Path) -> None:
    town = Town()
    extremes = (0, 2**63 - 1, 1 - 2**63)
    for number, node_id in enumerate(extremes):
        town.node(node_id, (number, number), natural="tree")
    file = town.write(tmp_path / "town.osm.pbf")
    (done,) = load_osm(Lake.open(tmp_path / "lake", create=True), [file])
    rows = pl.read_parquet(done.path / "objects.parquet")
    ids = dict(rows.select("object_id", "osm_id").iter_rows())
    assert ids == {f"n{x}": x for x in extremes}


TAGS = {
    "quotes": 'it\'s a "name" `x` \\ \\n $1 %s {y} <b>&amp;</b>',
    "lines": "a\nb\r\nc\td",
    "emoji": "🏠👨‍👩‍👧‍👦🇱🇮",
    "right to left": "שלום مرحبا \u202eabc",
    "long": "é" * 255,
    "k" * 255: "a long key",
    "empty": "",
    "": "an empty key",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\ufeff",
    "apart": "e\u0301 is not \u00e9",
    "spaces": "  x  ",
    "ключ": "NULL",
    "🏠": "\uffff\U0010ffff",
    "a=b,c": "d=e,f;g|h",
}


def test_tags_come_through_unchanged(tmp_path: Path) -> None:
    town = Town()
    many = {f"key{i}": f"value {i}" for i in range(2000)}
    town.node(1, (1, 1), **TAGS)
    town.node(2, (2, 2), **many)
    town.way(1, scaled(square(0, 0, 1)), building="yes", **TAGS)
    town.way(2, [(0, 0), (1, 1)], **TAGS)
    town.relation(1, [("w", 1, "outer")], **TAGS)
    town.relation(2, [], **TAGS)
    both = one(tmp_path, town)
    assert {x: row["tags"] for x, row in both.objects.items()} == {
        "n1": TAGS,
        "n2": many,
        "a1": {**TAGS, "building": "yes"},
        "w2": TAGS,
        "r1": {**TAGS, "type": "multipolygon"},
    }
    rejects = pl.read_parquet(both.folder / "rejects.parquet")["tags"].to_list()
    assert rejects == [{**TAGS, "type": "multipolygon"}]


FORBIDDEN = {
    "not UTF-8": b"\xff\xfeXX",
    "half a pair": b"\xed\xa0\x80X",
    "nul": b"a\0bc",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_tags_that_are_no_text_end_in_one_line(
    tmp_path: Path, skyloom: Callable[..., Any], name: str
) -> None:
    town = Town()
    town.node(1, (1, 1), name="QQQQ")
    town.way(1, scaled(square(0, 0, 1)), building="yes", name="QQQQ")
    file = town.write(tmp_path / "town.osm.pbf")
    changed = [x.replace(b"QQQQ", FORBIDDEN[name]) for x in blocks(file.read_bytes())]
    file.write_bytes(b"".join(map(packed, changed)))
    done = skyloom("load", file, "--lake", tmp_path / "lake")
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert len(done.stderr.splitlines()) == 1
        assert "town.osm.pbf" in done.stderr


# A PBF is a run of: length, BlobHeader (type 1, size 3), Blob (raw size 2, zlib 3).
def blocks(data: bytes) -> Iterator[bytes]:
    while data:
        (size,) = struct.unpack(">I", data[:4])
        head, data = fields(data[4 : 4 + size]), data[4 + size :]
        body, data = fields(data[: head[3]]), data[head[3] :]
        yield head[1] + b"|" + zlib.decompress(body[3])


def packed(block: bytes) -> bytes:
    kind, raw = block.split(b"|", 1)
    body = b"\x10" + varint(len(raw)) + b"\x1a" + sized(zlib.compress(raw))
    head = b"\x0a" + sized(kind) + b"\x18" + varint(len(body))
    return struct.pack(">I", len(head)) + head + body


def sized(data: bytes) -> bytes:
    return varint(len(data)) + data


def varint(number: int) -> bytes:
    if number < 128:
        return bytes([number])
    return bytes([number % 128 + 128]) + varint(number // 128)


def fields(data: bytes) -> dict[int, Any]:
    def number() -> int:
        nonlocal data
        first, data = data[0], data[1:]
        return first if first < 128 else first - 128 + 128 * number()

    found: dict[int, Any] = {}
    while data:
        key = number()
        value: Any = number()
        if key % 8 == 2:
            value, data = data[:value], data[value:]
        found[key // 8] = value
    return found


def test_places_at_the_rim_of_the_world_are_kept(tmp_path: Path) -> None:
    rim: Ring = [(180, 0), (-180, 0), (0, 90), (0, -90), (180, 90), (-180, -90)]
    rim += [(179.9999999, 89.9999999), (1e-7, -1e-7)]
    town = Town()
    for number, place in enumerate(rim, 1):
        town.node(number, place, natural="tree")
    town.way(1, [(180, 0), (180, 90), (0, 90)], highway="path")
    both = one(tmp_path, town)
    assert both.rejects == {}
    assert [both.shape(f"n{i}").coords[0] for i in range(1, len(rim) + 1)] == rim
    assert list(both.shape("w1").coords) == [(180, 0), (180, 90), (0, 90)]


def test_places_outside_the_world_are_rejects(tmp_path: Path) -> None:
    town = Town()
    for number, place in enumerate([(180.0000001, 0), (0, -90.0000001), (200, 100)], 1):
        town.node(number, place, natural="tree")
    town.node(4, None, natural="tree")
    for i in range(1, 5):
        path = [i, town.at((0, 0))]
        town.ways.append(Way(id=i, nodes=path, tags={"highway": "path"}))
    both = one(tmp_path, town)
    assert both.objects == {}
    assert both.rejects == {
        **{f"n{i}": "outside the world" for i in range(1, 5)},
        **{f"w{i}": "missing nodes" for i in range(1, 5)},
    }


def test_a_file_without_a_single_shape_loads(tmp_path: Path) -> None:
    town = Town()
    town.relation(1, [("w", 1, "outer")], natural="wood")
    both = one(tmp_path, town)
    assert (both.objects, both.rejects) == ({}, {"r1": "missing members"})


def test_a_file_without_a_single_tag_loads(tmp_path: Path) -> None:
    town = Town()
    town.way(1, scaled(square(0, 0, 1)))
    both = one(tmp_path, town)
    assert (both.objects, both.rejects) == ({}, {})


def test_at_the_antimeridian_coordinates_stay_and_measures_are_of_the_short_way(
    tmp_path: Path,
) -> None:
    """Nothing is cut or shifted: in the plane such a shape spans the whole world.

    Mappers split what crosses there, so an outline with both signs is rare. Its box
    is as wide as the world; its length and area are those on the ground.
    """
    town = Town()
    ring = [(179.5, 0), (-179.5, 0), (-179.5, 1), (179.5, 1), (179.5, 0)]
    town.way(1, ring, landuse="forest")
    town.way(2, ring[:2], highway="path")
    town.way(
        3, [(179.5, 2), (180, 2), (180, 3), (179.5, 3), (179.5, 2)], landuse="grass"
    )
    both = one(tmp_path, town)
    assert both.shape("a1").equals(shapely.Polygon(ring))
    assert both.shape("a1").equals(both.theirs["a1"])
    assert list(both.shape("w2").coords) == ring[:2]
    box = both.objects["w2"]["bbox"]
    assert (box["xmin"], box["xmax"]) == (-179.5, 179.5)
    assert both.objects["w2"]["length_m"] == pytest.approx(111_319, rel=1e-3)
    assert both.objects["a1"]["area_m2"] == pytest.approx(12_309e6, rel=1e-3)
    assert both.objects["a3"]["area_m2"] == pytest.approx(6_149e6, rel=2e-3)
    assert both.objects["a3"]["bbox"]["xmax"] == 180


def test_a_ring_round_a_pole_is_taken_as_it_lies_in_the_plane(tmp_path: Path) -> None:
    """At one latitude it is flat: a reject. Down to the pole and back it is an area.

    That is how Antarctica is drawn, so that it fills the plane down to 90 degrees.
    """
    town = Town()
    town.way(1, [(x, 80) for x in (-135, -45, 45, 135, -135)], natural="glacier")
    rim = [(x, -85) for x in range(-180, 181, 15)]
    town.way(2, [*rim, (180, -90), (-180, -90), rim[0]], natural="glacier")
    both = one(tmp_path, town)
    assert both.theirs["a1"] is None
    assert both.rejects == {"w1": "invalid and not repairable"}
    assert both.shape("a2").equals(both.theirs["a2"])
    assert both.shape("a2").area == pytest.approx(5 * 360)
    # A cap of 5 degrees, less what the straight sides cut off.
    assert both.objects["a2"]["area_m2"] == pytest.approx(9.68e11, rel=0.02)


@pytest.fixture(scope="module")
def mixed() -> Town:
    """Some of everything, with ties in place and shapes that need repair."""
    town = Town()
    for number in range(1, 60):
        x, y = number % 8 * 10, number // 8 * 10
        town.node(number, scaled([(x % 30, y)])[0], **shuffled_tags(number))
        town.way(
            number, scaled(square(x, y, 4)), building="yes", **shuffled_tags(number)
        )
        town.way(
            100 + number,
            scaled([(x, y), (x + 2, y + 2), (x + 2, y), (x, y + 2), (x, y)]),
            landuse="x",
        )
        town.way(200 + number, scaled(square(x + 1, y + 1, 1)))
        town.way(300 + number, [(0, 0), scaled([(x, y + 1)])[0]], highway="path")
        town.relation(
            number,
            [("w", number, "outer"), ("w", 200 + number, "inner")],
            natural="wood",
        )
        town.relation(
            100 + number, [("w", number, "outer"), ("w", 500 + number, "inner")]
        )
    return town


def shuffled_tags(seed: int) -> dict[str, str]:
    return dict(shuffled(list(TAGS.items()), seed)[:4])


def content(folder: Path) -> dict[str, bytes]:
    names = ("objects.parquet", "rejects.parquet")
    return {name: (folder / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def parquet(mixed: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = mixed.write(tmp_path_factory.mktemp("mixed") / "town.osm.pbf")
    return loaded(file).folder / "objects.parquet"


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_change_no_byte(
    tmp_path: Path, mixed: Town, parquet: Path, threads: int
) -> None:
    file = mixed.write(tmp_path / "town.osm.pbf")
    assert content(loaded(file, threads).folder) == content(parquet.parent)


ORDERS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "ids falling": lambda items: sorted(items, key=lambda x: (kind_of(x), -x.id)),
    "ids shuffled": lambda items: sorted(shuffled(items), key=kind_of),
    "relations first": lambda items: items[::-1],
    "all mixed": shuffled,
}


@pytest.mark.parametrize("name", ORDERS)
def test_the_order_of_a_file_changes_no_byte(
    tmp_path: Path, mixed: Town, parquet: Path, name: str
) -> None:
    file = mixed.write(tmp_path / "town.osm.pbf", ORDERS[name])
    (done,) = load_osm(
        Lake.open(tmp_path / "lake", create=True),
        [file],
        options=LoadOptions(threads=2),
    )
    assert content(done.path) == content(parquet.parent)


BOX = (0.0095, 0.0005, 0.0205, 0.0105)


def test_geoparquet_says_what_it_holds(parquet: Path) -> None:
    file = pq.ParquetFile(parquet)
    geo = json.loads(file.schema_arrow.metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    column = geo["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    assert "crs" not in column or column["crs"]["id"]["code"] == "CRS84"
    sides = ("xmin", "ymin", "xmax", "ymax")
    assert column["covering"] == {"bbox": {side: ["bbox", side] for side in sides}}
    table = file.read()
    shapes = shapely.from_wkb(table["geometry"].to_pylist())
    assert set(column["geometry_types"]) == {shape.geom_type for shape in shapes}
    total = shapely.total_bounds(shapes)
    assert np.allclose(column["bbox"], total, atol=1e-6)
    boxes = np.array(
        [[box[side] for side in sides] for box in table["bbox"].to_pylist()]
    )
    bounds = shapely.bounds(shapes)
    assert (boxes[:, :2] <= bounds[:, :2]).all()
    assert (boxes[:, 2:] >= bounds[:, 2:]).all()
    assert np.allclose(boxes, bounds, atol=1e-8)
    compressions = {
        file.metadata.row_group(i).column(j).compression
        for i in range(file.metadata.num_row_groups)
        for j in range(file.metadata.num_columns)
    }
    assert compressions == {"ZSTD"}


def within(parquet: Path) -> set[str]:
    table = pq.read_table(parquet, columns=["object_id", "geometry"])
    bounds = shapely.bounds(shapely.from_wkb(table["geometry"].to_pylist()))
    west, south, east, north = BOX
    inside = (bounds[:, 0] <= east) & (bounds[:, 2] >= west)
    inside &= (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    found = table.filter(inside)["object_id"].to_pylist()
    assert 0 < len(found) < table.num_rows
    return set(found)


def test_geopandas_reads_it_by_box(parquet: Path) -> None:
    # Pandas knows no maps: the tags come as lists of pairs.
    frame = geopandas.read_parquet(parquet, bbox=BOX)
    assert set(frame["object_id"]) == within(parquet)
    assert frame.crs.equals("OGC:CRS84")
    tags = {row.object_id: dict(row.tags) for row in frame.itertuples()}
    expected = pq.read_table(parquet, columns=["object_id", "tags"]).to_pylist()
    assert tags == {
        row["object_id"]: dict(row["tags"])
        for row in expected
        if row["object_id"] in tags
    }


def test_pyogrio_reads_it_where_gdal_has_parquet(parquet: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio")
    if "Parquet" not in pyogrio.list_drivers():
        pytest.skip("the GDAL in pyogrio's wheels has no Parquet driver")
    frame = pyogrio.read_dataframe(parquet, bbox=BOX)
    assert set(frame["object_id"]) == within(parquet)


def test_duckdb_reads_its_geometry_without_an_extension(parquet: Path) -> None:
    west, south, east, north = BOX
    with duckdb.connect() as con:
        rows = con.execute(
            "select object_id, typeof(geometry) from read_parquet(?) where "
            "bbox.xmin <= ? and bbox.xmax >= ? and bbox.ymin <= ? and bbox.ymax >= ?",
            [str(parquet), east, west, north, south],
        ).fetchall()
    assert {row[0] for row in rows} == within(parquet)
    assert all(row[1].startswith("GEOMETRY") for row in rows)
