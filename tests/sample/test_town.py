"""The drawn town: its objects, its file and its edits."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import osmium
import pytest
import shapely

from sample.edges import HOSTILE, MISSING_WAY
from sample.elements import (
    Elements,
    Node,
    Relation,
    Way,
    find,
    find_way,
    move_way,
    remove,
    retag,
    to_metres,
)
from sample.imagery import STYLES, features
from sample.pbf import write_pbf
from sample.town import town
from skyloom.drawing import load_styles

UNSEEN = (
    *(
        "name",
        "addr:",
        "phone",
        "website",
        "opening_hours",
        "operator",
        "ref",
        "source",
    ),
    *(
        "wikidata",
        "note",
        "start_date",
        "description",
        "inscription",
        "species",
        "type",
    ),
    *("capacity", "brand", "shop", "office", "cuisine", "uic_ref", "manufacturer"),
)


@pytest.fixture(scope="module")
def elements() -> Elements:
    return town()


def seen(tags: dict[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(
        (k, v) for k, v in tags.items() if not any(k.startswith(u) for u in UNSEEN)
    )


def test_enough_of_everything(elements: Elements) -> None:
    drawn = [e for e in elements if e.tags]
    assert 700 <= len(drawn) <= 1300
    styles = load_styles(STYLES)
    assert len(features(elements, styles)) >= 400
    assert len({seen(dict(e.tags)) for e in drawn}) >= 150
    assert {type(e) for e in drawn} == {Node, Way, Relation}


def test_ids_are_positive_unique_and_references_hold(elements: Elements) -> None:
    for several in (elements.nodes, elements.ways, elements.relations):
        ids = [e.id for e in several]
        assert ids == sorted(set(ids))
        assert ids[0] > 0
    nodes = {node.id for node in elements.nodes}
    ways = {way.id for way in elements.ways}
    assert all(set(way.refs) <= nodes for way in elements.ways)
    members = {m for r in elements.relations for m in r.members if m[0] == "w"}
    assert {ref for _, ref, _ in members} - ways == {MISSING_WAY}


def test_far_from_any_land(elements: Elements) -> None:
    assert all(-31 < n.lon < -30 and 45 < n.lat < 45.4 for n in elements.nodes)


def test_no_building_stands_on_a_road_or_another(elements: Elements) -> None:
    shapes = features(elements, load_styles(STYLES))
    houses = [
        g for s, g in shapes if s.key.startswith("building") and s.geometry == "area"
    ]
    roads = [
        g.buffer(s.width_m / 2)
        for s, g in shapes
        if s.key.startswith("highway") and s.geometry == "line"
    ]
    tree = shapely.STRtree(houses)
    a, b = tree.query(houses, predicate="intersects")
    overlaps = [
        houses[i].intersection(houses[j]).area
        for i, j in zip(a, b, strict=True)
        if i < j
    ]
    assert max(overlaps, default=0) < 1.0
    a, b = tree.query(roads, predicate="intersects")
    assert [houses[j].centroid.wkt for i, j in zip(a, b, strict=True)] == []


def test_seed_changes_the_houses_and_nothing_else(elements: Elements) -> None:
    other = town(1)
    assert other != elements
    assert town() == elements
    roads = [w.tags for w in find(elements, "highway")]
    assert roads == [w.tags for w in find(other, "highway")]


class Reader(osmium.SimpleHandler):
    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.tags: dict[tuple[str, int], dict[str, str]] = {}
        self.versions: set[tuple[int, str]] = set()

    def _take(self, kind: str, item: Any) -> None:
        self.counts[kind] += 1
        self.tags[kind, item.id] = {t.k: t.v for t in item.tags}
        self.versions.add((item.version, item.timestamp.isoformat()))

    def node(self, n: Any) -> None:
        self._take("n", n)

    def way(self, w: Any) -> None:
        self._take("w", w)

    def relation(self, r: Any) -> None:
        self._take("r", r)


def test_the_pbf_reads_back(elements: Elements, tmp_path: Path) -> None:
    path = tmp_path / "town.osm.pbf"
    write_pbf(elements, path)
    reader = Reader()
    reader.apply_file(str(path))
    assert reader.counts == {
        "n": len(elements.nodes),
        "w": len(elements.ways),
        "r": len(elements.relations),
    }
    kinds: dict[type, str] = {Node: "n", Way: "w", Relation: "r"}
    assert all(reader.tags[kinds[type(e)], e.id] == e.tags for e in elements)
    assert reader.versions == {(1, "2024-06-01T00:00:00+00:00")}
    header = osmium.io.Reader(str(path)).header()
    assert header.get("osmosis_replication_timestamp") == "2024-06-01T00:00:00Z"
    assert [p.name for p in tmp_path.iterdir()] == ["town.osm.pbf"]


def test_the_pbf_is_the_same_bytes_whatever_the_order(
    elements: Elements, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.osm.pbf", tmp_path / "two.osm.pbf"
    write_pbf(elements, one)
    write_pbf(replace(elements, nodes=elements.nodes[::-1]), two)
    assert one.read_bytes() == two.read_bytes()


def test_hostile_and_awkward_values_survive(elements: Elements, tmp_path: Path) -> None:
    path = tmp_path / "town.osm.pbf"
    write_pbf(elements, path)
    reader = Reader()
    reader.apply_file(str(path))
    values = {v for tags in reader.tags.values() for v in tags.values()}
    assert HOSTILE in values
    for part in ("{{ ref(", "\n", "🎉", '"', ";--", "|"):
        assert any(part in value for value in values), part


def test_move_way_moves_only_its_own_nodes(elements: Elements) -> None:
    school = find_way(elements, "building", "school")
    moved = move_way(elements, school.id, 30, -12)
    was = {n.id: n for n in elements.nodes}
    changed = {n.id for n in moved.nodes if n != was[n.id]}
    assert changed == set(school.refs)
    node = next(n for n in moved.nodes if n.id == school.refs[0])
    before = to_metres(was[node.id].lon, was[node.id].lat)
    after = to_metres(node.lon, node.lat)
    assert after == pytest.approx((before[0] + 30, before[1] - 12), abs=0.02)
    assert moved.ways == elements.ways


def test_move_way_leaves_shared_nodes(elements: Elements) -> None:
    mill = find_way(elements, "name", "Mill Lane")
    moved = move_way(elements, mill.id, 5, 5)
    was = {n.id: n for n in elements.nodes}
    changed = {n.id for n in moved.nodes if n != was[n.id]}
    assert 0 < len(changed) < len(set(mill.refs))


def test_retag_and_remove_touch_one_element(elements: Elements) -> None:
    school = find_way(elements, "building", "school")
    bare = retag(elements, Way, school.id, {"building": "yes"})
    assert len(find(bare, "building", "school")) == 0
    assert bare.nodes == elements.nodes
    gone = remove(elements, Way, school.id)
    assert len(gone.ways) == len(elements.ways) - 1
    assert gone.relations == elements.relations
