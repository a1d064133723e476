"""Comparing snapshots, on hand-made PBFs with each kind of change."""

import itertools
import json
import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import osmium
import polars as pl
import pytest
import shapely
from osmium.osm.mutable import Node, Relation, Way
from shapely.affinity import affine_transform

from load.difference import CHANGES, Difference, compare, find_snapshot
from load.osm import LoadOptions, load_osm
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake

BEFORE, AFTER = "town@2020-01-01", "town@2021-01-01"
METRES = 111_195.08
"""To a degree of latitude, on the sphere."""
# Corners in thousandths of a degree from 7 E, 47 N; their places in this list are ids.
CORNERS = [(x, y) for y in range(8) for x in range(10)]
Tags = dict[str, str]


def corner(x: int, y: int) -> int:
    return 1000 + CORNERS.index((x, y))


def square(x: int, y: int) -> list[int]:
    places = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)]
    return [corner(*place) for place in places]


def node(node_id: int, x: float, y: float, **tags: str) -> Node:
    return Node(id=node_id, location=(7 + x / 1000, 47 + y / 1000), tags=tags)


def way(way_id: int, nodes: list[int], **tags: str) -> Way:
    return Way(id=way_id, nodes=nodes, tags=tags)


def relation(relation_id: int, *way_ids: int) -> Relation:
    members = [("w", way_id, "outer") for way_id in way_ids]
    tags = {"type": "multipolygon", "natural": "water"}
    return Relation(id=relation_id, members=members, tags=tags)


def load(lake: Lake, path: Path, day: date, *elements: Node | Way | Relation) -> str:
    corners = [node(corner(x, y), x, y) for x, y in CORNERS]
    writer = osmium.SimpleWriter(osmium.io.File(str(path), "pbf"))
    for element in (*corners, *elements):
        writer.add(element)
    writer.close()
    (loaded,) = load_osm(lake, [path], region="town", date=day)
    return loaded.snapshot


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("difference")
    lake = Lake.open(folder / "lake", create=True)
    load(
        lake,
        folder / "before.pbf",
        date(2020, 1, 1),
        node(1, 0, 0, place="town", name="A"),
        node(2, 1, 0, shop="kiosk"),
        node(4, 2, 0, shop="toys", name="B", level="0"),
        node(5, 3, 0, natural="tree"),
        node(6, 4, 0, natural="tree", height="5"),
        way(10, square(0, 2), building="yes"),
        way(11, square(2, 2), building="yes"),
        way(12, [corner(4, 2), corner(5, 2), corner(5, 3)], waterway="stream"),
        way(13, square(6, 2), building="yes"),
        way(14, square(8, 2), building="yes"),
        way(15, [corner(0, 7), corner(2, 7), corner(4, 7)], highway="path"),
        way(21, square(0, 4)),
        way(22, square(2, 4)),
        relation(20, 21, 22),
    )
    inner = square(0, 2)[:-1]
    turned = [*inner[2:], *inner[:2], inner[2]]
    load(
        lake,
        folder / "after.pbf",
        date(2021, 1, 1),
        node(1, 0, 0, place="town", name="A"),
        node(3, 1, 1, shop="kiosk"),
        node(4, 2, 0, shop="books", name="B", wheelchair="yes"),
        node(5, 3, 0.1, natural="tree"),
        node(6, 4, 0.2, natural="tree", height="6"),
        node(7, 900, 900, natural="peak"),
        way(10, turned[::-1], building="yes"),
        way(11, [*square(2, 2)[:2], corner(3, 5), *square(2, 2)[3:]], building="yes"),
        way(12, [corner(5, 3), corner(5, 2), corner(4, 2)], waterway="stream"),
        way(13, square(6, 2), highway="service"),
        way(14, [*square(8, 2), 99_999], building="yes"),
        way(15, [corner(0, 7), corner(2, 7)], highway="path"),
        way(21, square(0, 4)[::-1]),
        way(22, square(2, 4)),
        relation(20, 22, 21),
    )
    return lake


@pytest.fixture(scope="module")
def difference(lake: Lake) -> Iterator[Difference]:
    with compare(lake, BEFORE, AFTER) as difference:
        yield difference


@pytest.fixture(scope="module")
def rows(difference: Difference) -> dict[tuple[str, str], dict[str, Any]]:
    result = difference.rows()
    names = [column[0] for column in result.description or ()]
    found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return {(row["object_id"], row["change"]): row for row in found}


def test_one_row_tells_of_one_object_and_one_change(
    rows: dict[tuple[str, str], dict[str, Any]],
) -> None:
    # Not n1; nor a10, w12 and r20, which are drawn from another corner, the other way
    # round and with their parts in another order.
    assert list(rows) == [
        ("n2", "removed"),
        ("n3", "added"),
        ("n4", "retagged"),
        ("n5", "moved"),
        ("n6", "moved"),
        ("n6", "retagged"),
        ("n7", "added"),
        ("a11", "moved"),
        ("w13", "redrawn"),
        ("w13", "retagged"),
        ("a14", "removed"),
        ("w15", "moved"),
    ]


def test_counts_are_those_of_the_rows(
    difference: Difference, rows: dict[tuple[str, str], dict[str, Any]]
) -> None:
    assert {change: difference.total(change) for change in CHANGES} == {
        "added": 2,
        "removed": 2,
        "retagged": 3,
        "redrawn": 1,
        "moved": 4,
    }
    assert difference.n_same == 4
    assert sum(count.n for count in difference.counts) == len(rows)


def test_a_retagged_object_names_the_keys_that_differ(
    difference: Difference, rows: dict[tuple[str, str], dict[str, Any]]
) -> None:
    row = rows["n4", "retagged"]
    assert row["tags_before"] == {"level": "0", "name": "B", "shop": "toys"}
    assert row["tags_after"] == {"name": "B", "shop": "books", "wheelchair": "yes"}
    assert row["keys_changed"] == ["level", "shop", "wheelchair"]
    assert all(
        x["keys_changed"] is None for x in rows.values() if x["change"] == "moved"
    )
    found = {x.key: (x.n_set, x.n_dropped, x.n_altered) for x in difference.keys}
    assert found == {
        "building": (0, 1, 0),
        "height": (0, 0, 1),
        "highway": (1, 0, 0),
        "level": (0, 1, 0),
        "shop": (0, 0, 1),
        "wheelchair": (1, 0, 0),
    }


def test_a_move_is_as_long_as_the_farthest_corner_is_from_the_other_outline(
    difference: Difference, rows: dict[tuple[str, str], dict[str, Any]]
) -> None:
    step = METRES / 1000
    assert rows["n5", "moved"]["distance_m"] == pytest.approx(0.1 * step, abs=0.01)
    assert rows["n6", "moved"]["distance_m"] == pytest.approx(0.2 * step, abs=0.01)
    # The corner at 3, 3 went two steps north; the path lost its two steps in the east.
    assert rows["a11", "moved"]["distance_m"] == pytest.approx(2 * step, rel=1e-3)
    east = 2 * step * 0.68191
    assert rows["w15", "moved"]["distance_m"] == pytest.approx(east, rel=1e-3)
    assert difference.distances is not None
    assert difference.distances.farthest == "a11"
    assert rows["n6", "retagged"]["distance_m"] is None


def test_a_way_that_turns_from_an_area_into_a_line_is_one_object(
    rows: dict[tuple[str, str], dict[str, Any]],
) -> None:
    row = rows["w13", "redrawn"]
    assert (row["osm_type"], row["osm_id"]) == ("way", 13)
    assert (row["kind_before"], row["kind_after"]) == ("area", "line")


def test_what_the_other_extract_could_not_hold_has_a_caveat(
    difference: Difference, rows: dict[tuple[str, str], dict[str, Any]]
) -> None:
    told = {key: row["caveat"] for key, row in rows.items() if row["caveat"]}
    assert told == {("n7", "added"): "outside", ("a14", "removed"): "rejected"}
    assert f"added     2 (2 points); 1 outside the extent of {BEFORE}" in str(
        difference
    )
    assert f"1 among the rejects of {AFTER}" in str(difference)


def test_the_other_direction_is_the_mirror_image(
    lake: Lake, difference: Difference
) -> None:
    with compare(lake, AFTER, BEFORE) as mirrored:
        assert mirrored.total("added") == difference.total("removed")
        assert mirrored.total("removed") == difference.total("added")
        for change in ("retagged", "redrawn", "moved"):
            assert mirrored.total(change) == difference.total(change)
        assert mirrored.distances == difference.distances


def test_a_snapshot_is_the_same_as_itself(lake: Lake) -> None:
    with compare(lake, AFTER, AFTER) as nothing:
        assert nothing.counts == ()
        assert nothing.distances is None
        assert nothing.rows().fetchall() == []
        assert "moved     0" in str(nothing)


def test_a_step_across_the_antimeridian_is_a_short_one(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path / "lake", create=True)
    for year, lon in ((2020, 179.9999), (2021, -179.9999)):
        buoy = Node(id=1, location=(lon, 60), tags={"seamark:type": "buoy"})
        load(lake, tmp_path / f"{year}.pbf", date(year, 1, 1), buoy)
    with compare(lake, "2020", "2021") as difference:
        (row,) = difference.rows().fetchall()
    assert row[9] == pytest.approx(0.0002 * METRES / 2, abs=0.01)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_rows_are_written_by_suffix_and_threads_change_no_byte(
    lake: Lake, tmp_path: Path, suffix: str
) -> None:
    contents = []
    for threads in (1, 2):
        path = tmp_path / f"{threads}{suffix}"
        with compare(lake, BEFORE, AFTER, threads=threads) as difference:
            assert difference.write(path) == 12
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    read = pl.read_parquet if suffix == ".parquet" else pl.read_csv
    table = read(path)
    assert table["object_id"].to_list()[:3] == ["n2", "n3", "n4"]
    if suffix == ".csv":
        assert json.loads(table["tags_before"][0]) == {"shop": "kiosk"}
    assert list(tmp_path.glob(".*")) == []


def test_another_suffix_is_refused(difference: Difference, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.parquet or \.csv"):
        difference.write(tmp_path / "rows.xlsx")


def test_a_file_that_cannot_be_written_is_one_error(
    difference: Difference, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "rows.csv").mkdir()
    for name in ("file/rows.csv", "file/rows.parquet", "rows.csv"):
        with pytest.raises(SkyloomError, match="could not be"):
            difference.write(tmp_path / name)


def test_the_summary_is_ready_for_json(difference: Difference) -> None:
    summary = json.loads(json.dumps(difference.summary()))
    assert (summary["before"], summary["after"]) == (BEFORE, AFTER)
    assert (summary["n_added"], summary["n_moved"]) == (2, 4)
    assert summary["counts"][0] == {
        "change": "added",
        "kind": "point",
        "n": 2,
        "n_outside": 1,
        "n_rejected": 0,
    }
    assert summary["same_loader"] is True


NAMES = [
    "andorra@2021-10-28",
    "andorra-old@2013-05-28",
    "malta@2016-11-09",
    "x@undated",
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("andorra@2021-10-28", "andorra@2021-10-28"),
        ("andorra", "andorra@2021-10-28"),
        ("Andorra-", "andorra-old@2013-05-28"),
        ("2016", "malta@2016-11-09"),
        ("2013-05-28", "andorra-old@2013-05-28"),
        ("undated", "x@undated"),
    ],
)
def test_a_snapshot_is_found_by_region_date_or_start(text: str, name: str) -> None:
    assert find_snapshot(NAMES, text) == name


@pytest.mark.parametrize("text", ["20", "a", "andor"])
def test_an_ambiguous_name_lists_what_it_may_be(text: str) -> None:
    with pytest.raises(UsageError, match="andorra-old@2013-05-28, andorra@2021-10-28"):
        find_snapshot(NAMES, text)


@pytest.mark.parametrize("text", ["", "monaco", "1999", "@"])
def test_an_unknown_name_lists_what_there_is(text: str) -> None:
    with pytest.raises(UsageError, match=r"malta@2016-11-09"):
        find_snapshot(NAMES, text)
    with pytest.raises(UsageError, match="load a file first"):
        find_snapshot([], text)


@pytest.mark.realdata
def test_eight_years_of_liechtenstein(real_data: Path, tmp_path: Path) -> None:
    """Against a plain comparison in Python, with GEOS for the distances."""
    lake = Lake.open(tmp_path / "lake", create=True)
    names = ("2013_osm2pgsql", "_valhalla_test", "_valhalla_docker")
    files = [real_data / "osm" / f"liechtenstein{name}.osm.pbf" for name in names]
    loaded = load_osm(lake, files, options=LoadOptions(threads=2))
    held = [_objects(one.path / "objects.parquet") for one in loaded]
    for first, second in ((0, 1), (1, 2), (0, 2)):
        before, after = held[first], held[second]
        with compare(
            lake, loaded[first].snapshot, loaded[second].snapshot, threads=2
        ) as difference:
            found = difference.rows().fetchall()
        keys: dict[str, dict[tuple[str, int], Any]] = {change: {} for change in CHANGES}
        for row in found:
            keys[row[1]][row[2:4]] = row[9]
        both = before.keys() & after.keys()
        moved = {key for key in both if _edges(before[key][2]) != _edges(after[key][2])}
        assert keys["added"].keys() == after.keys() - before.keys()
        assert keys["removed"].keys() == before.keys() - after.keys()
        assert keys["retagged"].keys() == {
            key for key in both if before[key][1] != after[key][1]
        }
        assert keys["redrawn"].keys() == {
            key for key in both if before[key][0] != after[key][0]
        }
        assert keys["moved"].keys() == moved
        for key in moved:
            expected = _distance(before[key][2], after[key][2])
            assert keys["moved"][key] == pytest.approx(expected, abs=0.006)


def _objects(file: Path) -> dict[tuple[str, int], tuple[str, Tags, shapely.Geometry]]:
    columns = "osm_type, osm_id, kind, tags, st_aswkb(geometry)"
    rows = duckdb.sql(f"select {columns} from '{file}'").fetchall()
    shapes = [shapely.from_wkb(bytes(row[4])) for row in rows]
    return {
        (row[0], row[1]): (
            row[2],
            row[3],
            shape.boundary if row[2] == "area" else shape,
        )
        for row, shape in zip(rows, shapes, strict=True)
    }


def _edges(outline: shapely.Geometry) -> list[Any]:
    found = []
    for part in getattr(outline, "geoms", [outline]):
        places = list(part.coords)
        steps = itertools.pairwise(places)
        found += [sorted(step) for step in steps] or [places]
    return sorted(found)


def _distance(before: shapely.Geometry, after: shapely.Geometry) -> float:
    middles = [(x.bounds[1] + x.bounds[3]) / 2 for x in (before, after)]
    narrowing = math.cos(math.radians(sum(middles) / 2))
    plane = [METRES * narrowing, 0, 0, METRES, 0, 0]
    pair = (affine_transform(shape, plane) for shape in (before, after))
    return float(shapely.hausdorff_distance(*pair))
