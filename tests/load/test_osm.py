"""Loading OSM files, on hand-made PBFs."""

import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import osmium
import pytest
from osmium.osm.mutable import Node, Relation, Way

import load.osm
from load.osm import load_osm
from skyloom import duck
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from skyloom.raw_tables import OBJECTS, REJECTS, SNAPSHOTS, RawTable

BIG = 2**41
WEIRD = 'it\'s a "name"\nwith lines, 🏠 and \\'
Corners = list[tuple[float, float]]
Rows = Callable[..., list[tuple[Any, ...]]]


class Town:
    """A PBF under construction: places in thousandths of a degree from 7 E, 47 N."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[float, float], int] = {}
        self.loose: list[Node] = []
        self.ways: list[Way] = []
        self.relations: list[Relation] = []

    def way(self, way_id: int, corners: Corners, **tags: str) -> None:
        refs = [self.nodes.setdefault(c, BIG + len(self.nodes)) for c in corners]
        self.ways.append(Way(id=way_id, nodes=refs, tags=tags))

    def relation(
        self, relation_id: int, members: list[tuple[str, int, str]], **tags: str
    ) -> None:
        tags = {"type": "multipolygon", **tags}
        self.relations.append(Relation(id=relation_id, members=members, tags=tags))

    def write(self, path: Path, options: str = "pbf", stamp: str = "") -> Path:
        header = osmium.io.Header()
        if stamp:
            header.set("osmosis_replication_timestamp", stamp)
        writer = osmium.SimpleWriter(osmium.io.File(str(path), options), header=header)
        for (x, y), node_id in self.nodes.items():
            writer.add_node(Node(id=node_id, location=(7 + x / 1000, 47 + y / 1000)))
        for node in self.loose:
            writer.add_node(node)
        for way in self.ways:
            writer.add_way(way)
        for relation in self.relations:
            writer.add_relation(relation)
        writer.close()
        return path


def square(x: float, y: float, side: float) -> Corners:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(tmp_path / "lake", create=True)


@pytest.fixture
def town() -> Town:
    town = Town()
    town.loose = [Node(id=BIG + 500, location=(7.0, 47.0), tags={"name": WEIRD})]
    town.way(1, square(0, 0, 1), building="yes")
    return town


@pytest.fixture
def rows(lake: Lake) -> Iterator[Rows]:
    con = duck.connect()

    def read(table: RawTable, columns: str, order: str = "all") -> list[Any]:
        files = [str(file) for file in lake.files(table)]
        con.from_parquet(files).create_view("raw_rows", replace=True)
        query = f"select {columns} from raw_rows order by {order}"
        return con.execute(query).fetchall()

    yield read
    con.close()


def shape_of(town: Town, tmp_path: Path, lake: Lake, object_id: str) -> tuple[Any, ...]:
    """Polygons, points and area in squares of a thousandth of a degree."""
    (loaded,) = load_osm(lake, [town.write(tmp_path / "town.osm.pbf")])
    with duck.connect() as con:
        row = con.execute(
            "select st_numgeometries(g), st_npoints(g), round(st_area(g) * 1e6, 6)"
            f" from (select geometry::geometry as g"
            f" from '{loaded.path}/objects.parquet' where object_id = ?)",
            [object_id],
        ).fetchone()
    assert row is not None
    return row


def test_closed_ways_are_areas_by_their_tags(
    town: Town, tmp_path: Path, lake: Lake, rows: Rows
) -> None:
    town.way(2, square(2, 0, 1), highway="residential")
    town.way(3, square(4, 0, 1), building="yes", area="no")
    town.way(4, square(6, 0, 1), highway="pedestrian", area="yes")
    town.way(5, [(8, 0), (9, 0), (8, 0)], building="yes")
    town.way(6, [(8, 1), (9, 1)])
    load_osm(lake, [town.write(tmp_path / "town.osm.pbf")])
    assert rows(OBJECTS, "object_id, osm_type, osm_id, kind") == [
        ("a1", "way", 1, "area"),
        ("a4", "way", 4, "area"),
        (f"n{BIG + 500}", "node", BIG + 500, "point"),
        ("w2", "way", 2, "line"),
        ("w3", "way", 3, "line"),
        ("w5", "way", 5, "line"),
    ]


def test_measures_are_metres_and_belong_to_their_kind(
    town: Town, tmp_path: Path, lake: Lake, rows: Rows
) -> None:
    town.way(2, [(0, 0), (0, 1)], highway="path")
    load_osm(lake, [town.write(tmp_path / "town.osm.pbf")])
    area, point, line = rows(OBJECTS, "area_m2, length_m", "object_id")
    assert area == (pytest.approx(76.06 * 111.17, rel=1e-3), None)
    assert line == (None, pytest.approx(111.17, rel=1e-3))
    assert point == (None, None)


def test_tags_are_kept_as_they_are_in_order_of_key(
    town: Town, tmp_path: Path, lake: Lake, rows: Rows
) -> None:
    town.loose.append(
        Node(id=BIG + 501, location=(7, 47), tags=[("b", "2"), ("a", ""), ("b", "1")])
    )
    load_osm(lake, [town.write(tmp_path / "town.osm.pbf")])
    tags: dict[str, dict[str, str]] = dict(rows(OBJECTS, "object_id, tags"))
    assert tags[f"n{BIG + 500}"] == {"name": WEIRD}
    assert list(tags[f"n{BIG + 501}"].items()) == [("a", ""), ("b", "1")]


def test_bounds_in_single_precision_hold_the_object(
    town: Town, tmp_path: Path, lake: Lake, rows: Rows
) -> None:
    town.way(2, [(0.1234, 0.4321), (0.9876, 0.6789)], highway="path")
    load_osm(lake, [town.write(tmp_path / "town.osm.pbf")])
    ((xmin, ymin, xmax, ymax),) = rows(
        OBJECTS,
        "case when object_id = 'w2' then "
        "[bbox.xmin::double, bbox.ymin, bbox.xmax, bbox.ymax] end as bounds",
        "bounds nulls last limit 1",
    )[0]
    assert 7.0001234 - 1e-6 < xmin <= 7.0001234 < 7.0009876 <= xmax < 7.0009876 + 1e-6
    assert (
        47.0004321 - 8e-6 < ymin <= 47.0004321 < 47.0006789 <= ymax < 47.0006789 + 8e-6
    )


def test_a_relation_has_its_hole(town: Town, tmp_path: Path, lake: Lake) -> None:
    town.way(10, square(10, 10, 10))
    town.way(11, square(12, 12, 2))
    town.relation(7, [("w", 10, "outer"), ("w", 11, "inner")], natural="water")
    assert shape_of(town, tmp_path, lake, "r7") == (1, 10, 96)


def test_a_relation_has_both_its_outers(town: Town, tmp_path: Path, lake: Lake) -> None:
    # The first ring is split between two ways, one of them drawn backwards.
    town.way(10, [(10, 10), (11, 10), (11, 11)])
    town.way(11, [(10, 10), (10, 11), (11, 11)])
    town.way(12, square(20, 20, 2))
    town.relation(7, [("w", way, "outer") for way in (10, 11, 12)], natural="water")
    assert shape_of(town, tmp_path, lake, "r7") == (2, 10, 5)


def test_holes_that_share_an_edge_are_one_hole(
    town: Town, tmp_path: Path, lake: Lake
) -> None:
    town.way(10, square(10, 10, 10))
    town.way(11, square(12, 12, 2))
    town.way(12, square(14, 12, 2))
    members = [("w", 10, "outer"), ("w", 11, "inner"), ("w", 12, "inner")]
    town.relation(7, members, natural="wood")
    assert shape_of(town, tmp_path, lake, "r7") == (1, 12, 92)


def test_holes_that_touch_in_a_chain_stay_holes(
    town: Town, tmp_path: Path, lake: Lake
) -> None:
    # The ground that they enclose belongs to the area again.
    rings = [square(12, 12, 2), square(14, 14, 2), square(12, 16, 2)]
    rings.append([(12, 14), (12, 16), (11, 15), (12, 14)])
    town.way(10, square(10, 10, 10))
    for number, ring in enumerate(rings, 11):
        town.way(number, ring)
    town.relation(7, [("w", way, "") for way in range(10, 15)], natural="wood")
    assert shape_of(town, tmp_path, lake, "r7")[2] == 100 - 3 * 4 - 1


def test_an_area_whose_outline_crosses_itself_is_repaired(
    town: Town, tmp_path: Path, lake: Lake
) -> None:
    town.way(2, [(0, 0), (2, 2), (2, 0), (0, 2), (0, 0)], building="yes")
    assert shape_of(town, tmp_path, lake, "a2") == (2, 8, 2)


def test_what_cannot_be_drawn_is_a_row_with_a_reason(
    town: Town, tmp_path: Path, lake: Lake, rows: Rows
) -> None:
    town.ways.append(Way(id=20, nodes=[BIG, BIG + 1, 99], tags={"highway": "path"}))
    town.ways.append(Way(id=21, nodes=[BIG, BIG], tags={"highway": "path"}))
    town.ways.append(Way(id=22, nodes=[], tags={"highway": "path"}))
    town.way(23, [(0, 0), (1, 0), (2, 0), (0, 0)], building="yes")
    town.way(24, [(0, 0), (1, 0), (1, 1)])
    town.loose.append(Node(id=5, tags={"natural": "tree"}))
    town.relation(30, [("w", 1, "outer"), ("w", 98, "inner")], natural="water")
    town.relation(31, [("w", 1, "outer"), ("w", 20, "inner")], natural="water")
    town.relation(32, [("n", BIG + 500, "label")], type="boundary")
    town.relation(33, [("w", 24, "outer")], natural="water")
    town.relation(34, [("w", 98, "")], type="route")
    (loaded,) = load_osm(lake, [town.write(tmp_path / "town.osm.pbf")])
    found = rows(REJECTS, "osm_type, osm_id, reason, detail, region, snapshot")
    assert {row[4:] for row in found} == {("town", "town@undated")}
    assert [row[:4] for row in found] == [
        ("node", 5, "outside the world", "longitude 214.7483647, latitude 214.7483647"),
        ("relation", 30, "missing members", "1 of 2 ways missing or cut"),
        ("relation", 31, "missing members", "1 of 2 ways missing or cut"),
        ("relation", 32, "missing members", "no way among the members"),
        ("relation", 33, "ring not closed", "2 open ends"),
        ("way", 20, "missing nodes", "1 of 3 nodes missing"),
        ("way", 21, "too few nodes", "2 nodes in a single place"),
        ("way", 22, "too few nodes", "0 nodes in a single place"),
        ("way", 23, "invalid and not repairable", "4 nodes enclose no area"),
    ]
    assert loaded.counts.rejects == 9
    assert [row[0] for row in rows(OBJECTS, "object_id")] == ["a1", f"n{BIG + 500}"]


def test_the_same_file_again_is_skipped(
    town: Town, tmp_path: Path, lake: Lake, rows: Rows
) -> None:
    file = town.write(tmp_path / "town.osm.pbf")
    (first,) = load_osm(lake, [file])
    before = (first.path / "objects.parquet").stat().st_mtime_ns
    renamed = file.rename(tmp_path / "village.osm.pbf")
    again, twice = load_osm(lake, [renamed, renamed], region="other")
    assert (again.snapshot, again.skipped, twice.skipped) == (
        "town@undated",
        True,
        True,
    )
    assert again.counts == first.counts
    assert (first.path / "objects.parquet").stat().st_mtime_ns == before
    assert rows(SNAPSHOTS, "snapshot, n_points, n_areas") == [("town@undated", 1, 1)]


def test_a_newer_loader_replaces_the_snapshot(
    town: Town, tmp_path: Path, lake: Lake, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = town.write(tmp_path / "town.osm.pbf")
    load_osm(lake, [file])
    monkeypatch.setattr(load.osm, "VERSION", "next")
    (loaded,) = load_osm(lake, [file])
    assert not loaded.skipped
    assert len(rows(SNAPSHOTS, "loader")) == 1


def test_two_files_of_one_snapshot_are_refused(
    town: Town, tmp_path: Path, lake: Lake, rows: Rows
) -> None:
    one = town.write(tmp_path / "town.osm.pbf")
    town.way(2, square(2, 0, 1), building="yes")
    two = town.write(tmp_path / "town-latest.osm.pbf")
    with pytest.raises(
        SkyloomError, match=r"town-latest.*town\.osm.*--region"
    ) as error:
        load_osm(lake, [one, two])
    assert error.value.exit_code == 1
    assert rows(SNAPSHOTS, "snapshot") == []
    load_osm(lake, [one])
    with pytest.raises(SkyloomError, match=r"town-latest.*town\.osm.*--date"):
        load_osm(lake, [two])
    (other,) = load_osm(lake, [two], date=datetime.date(2025, 3, 1))
    assert other.snapshot == "town@2025-03-01"
    assert rows(SNAPSHOTS, "region, snapshot_date") == [
        ("town", datetime.date(2025, 3, 1)),
        ("town", None),
    ]


def test_an_object_twice_in_a_file_is_refused(
    town: Town, tmp_path: Path, lake: Lake
) -> None:
    town.way(1, square(5, 5, 1), building="yes")
    with pytest.raises(SkyloomError, match=r"holds way 1 more than once"):
        load_osm(lake, [town.write(tmp_path / "town.osm.pbf")])
    assert sorted(path.name for path in (lake.root / "osm").iterdir()) == ["empty"]


def test_a_failure_leaves_nothing_behind(
    town: Town, tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr(load.osm, "assemble", full)
    file = town.write(tmp_path / "town.osm.pbf")
    before = sorted(os.walk(lake.root))
    with pytest.raises(SkyloomError, match=r"town\.osm\.pbf.*No space left"):
        load_osm(lake, [file])
    assert sorted(os.walk(lake.root)) == before


def test_what_a_killed_load_left_is_cleared_away(
    town: Town, tmp_path: Path, lake: Lake
) -> None:
    (lake.root / ".load").mkdir()
    (lake.root / ".load" / "objects.parquet").touch()
    load_osm(lake, [town.write(tmp_path / "town.osm.pbf")])
    assert not (lake.root / ".load").exists()
