"""The second engine gives what the first gives, but for the differences listed here."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import osmium
import pytest
import shapely
from osmium.osm.mutable import Node, Relation, Way

import load
from load.by_quackosm import draw
from load.osm import LoadOptions, load_osm
from skyloom import duck
from skyloom.errors import SkyloomError
from skyloom.lake import Lake

AREA_RULES = Path(load.__path__[0]) / "area_rules.csv"
# What differs in the real files; that both leave an element out is no difference.
DIFFERENCES: dict[str, dict[str, str]] = {
    "locarno_osr": {},
    "malta_graphhopper": {
        # One of its two ways is a member twice, in two roles.
        "relation 5605140": "not given by QuackOSM",
        # It runs round some of its ground twice.
        "way 378256914": "geometry",
    },
    "andorra_valhalla_docker": {},
    "columbus_r5": {},
    "karlsruhe_kirchfeld_osr": {},
    "liechtenstein2013_osm2pgsql": {},
    "liechtenstein_valhalla_docker": {},
    "liechtenstein_valhalla_test": {},
    "monaco_quackosm": {},
    "reisterstown_r5": {},
    "bench_merged": {
        "relation 5605140": "not given by QuackOSM",
        "way 378256914": "geometry",
    },
}
FILES = list(DIFFERENCES)[: None if os.environ.get("SKYLOOM_EVERY_PBF") else 2]
WEIRD = 'it\'s a "name"\nwith lines, 🏠 and \\'
Corners = list[tuple[float, float]]


@dataclass(frozen=True)
class Shape:
    """One row of an engine, for comparison."""

    kind: str | None
    tags: list[tuple[str, str]]
    geometry: Any
    reason: str | None


Shapes = dict[str, Shape]


def shapes_from(con: duckdb.DuckDBPyConnection, query: str) -> Shapes:
    """Rows by type and id; rings and repeated places as in every other engine."""
    rows = con.execute(
        "select osm_type || ' ' || osm_id, kind, tags, st_aswkb(geometry::geometry),"
        f" reason from ({query})"
    ).fetchall()
    shapes = {}
    for name, kind, tags, wkb, reason in rows:
        shape = shapely.from_wkb(bytes(wkb)) if wkb else None
        if shape is not None:
            assert shape.is_valid
            shape = shapely.remove_repeated_points(shape)
        if kind == "area":
            shape = shapely.normalize(shape)
        shapes[name] = Shape(kind, sorted(tags.items()), shape, reason)
    assert len(shapes) == len(rows)
    return shapes


def first_engine(file: Path, folder: Path) -> Shapes:
    (loaded,) = load_osm(
        Lake.open(folder / "lake", create=True), [file], options=LoadOptions(threads=2)
    )
    with duck.connect() as con:
        return shapes_from(
            con,
            "select osm_type, osm_id, kind, tags, geometry, null::varchar as reason"
            f" from '{loaded.path}/objects.parquet' union all by name"
            " select osm_type, osm_id, tags, reason"
            f" from '{loaded.path}/rejects.parquet'",
        )


def second_engine(file: Path, folder: Path) -> Shapes:
    with duck.connect() as con:
        draw(con, file, folder / "work", AREA_RULES, threads=2)
        return shapes_from(con, "from shapes")


def differences(first: Shapes, second: Shapes) -> dict[str, str]:
    assert first.keys() == second.keys()
    found = {}
    for name, one in first.items():
        other = second[name]
        if one.tags != other.tags:
            found[name] = "tags"
        elif one.reason or other.reason:
            if not one.reason:
                found[name] = str(other.reason)
            elif not other.reason:
                found[name] = "drawn"
        elif one.kind != other.kind:
            found[name] = "kind"
        elif not shapely.equals_exact(one.geometry, other.geometry):
            found[name] = "geometry"
    return found


@pytest.mark.realdata
@pytest.mark.parametrize("name", FILES)
def test_a_real_file_gives_the_same_table(
    name: str, real_data: Path, tmp_path: Path
) -> None:
    file = real_data / "osm" / f"{name}.osm.pbf"
    second = second_engine(file, tmp_path)
    assert differences(first_engine(file, tmp_path), second) == DIFFERENCES[name]


class Town:
    """A PBF under construction: places in thousandths of a degree from 7 E, 47 N."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[float, float], int] = {}
        self.objects: list[Any] = []

    def way(self, corners: Corners, **tags: str) -> int:
        refs = [self.nodes.setdefault(c, 1 + len(self.nodes)) for c in corners]
        return self.way_of(refs, **tags)

    def way_of(self, refs: list[int], **tags: str) -> int:
        self.objects.append(Way(id=1 + len(self.objects), nodes=refs, tags=tags))
        return len(self.objects)

    def relation(self, *rings: tuple[Corners, str]) -> int:
        members = [("w", self.way(corners), role) for corners, role in rings]
        return self.relation_of(members)

    def relation_of(self, members: list[tuple[str, int, str]]) -> int:
        tags = {"type": "multipolygon", "natural": "water"}
        new = Relation(id=1 + len(self.objects), members=members, tags=tags)
        self.objects.append(new)
        return len(self.objects)

    def write(self, path: Path) -> Path:
        with osmium.SimpleWriter(osmium.io.File(str(path), "pbf")) as writer:
            for (x, y), node in self.nodes.items():
                writer.add_node(Node(id=node, location=(7 + x / 1000, 47 + y / 1000)))
            for kind in (Node, Way, Relation):
                for one in (x for x in self.objects if isinstance(x, kind)):
                    writer.add(one)
        return path


def square(x: float, y: float, side: float) -> Corners:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]


def differing(town: Town) -> dict[str, str]:
    """Add what the engines are documented to see differently."""
    whole, hole = square(0, 0, 10), square(2, 2, 2)
    found = {}

    def relation(why: str, *rings: tuple[Corners, str]) -> None:
        found[f"relation {town.relation(*rings)}"] = why

    relation("geometry", (whole, "outer"), (hole, ""))
    relation("geometry", (whole, ""), (hole, ""))
    relation("geometry", (whole, "outer"), (hole, "outer"))
    relation("geometry", (whole, "outer"), (square(8, 2, 4), "inner"))
    relation("geometry", (whole, "outer"), (square(20, 2, 2), "inner"))
    relation("geometry", (whole, "outer"), (square(5, 5, 10), "outer"))
    relation("drawn", (whole, "outer"), ([(20, 0), (21, 0), (21, 1)], "outer"))
    sides: list[Corners] = [[(0, 0), (x, 5), (0, 10)] for x in (-5, -2, 2, 5)]
    relation("not given by QuackOSM", *((side, "outer") for side in sides))
    way = town.way(whole)
    twice = town.relation_of([("w", way, "outer"), ("w", way, "inner")])
    found[f"relation {twice}"] = "not given by QuackOSM"
    again = town.way([(0, 0), (1, 0), (1, 1), (0, 0), (1, 0), (1, 1), (0, 0)], shop="x")
    found[f"way {again}"] = "drawn"
    return found


def agreeing(town: Town) -> None:
    """Add what takes some care to see alike."""
    whole = square(0, 0, 10)
    town.objects.append(
        Node(id=5001, location=(7, 47), tags={"name": WEIRD, "area": "x"})
    )
    town.objects.append(Node(id=5002, location=(7, 47), tags={"created_by": "x"}))
    town.objects.append(Node(id=5003, tags={"natural": "tree"}))
    twice = [("b", "2"), ("a", ""), ("b", "1")]
    town.objects.append(Node(id=5004, location=(7, 47), tags=twice))
    # Corners that cross, a spike, places that repeat, and outlines round nothing.
    town.way([(0, 0), (2, 2), (2, 0), (0, 2), (0, 0)], building="yes")
    town.way([*square(0, 0, 1), (0, -1), (0, 0)], building="yes")
    town.way([(0, 0), (0, 0), (1, 0), (1, 1), (1, 1)], highway="path")
    town.way([(0, 0), (1, 0), (2, 0), (0, 0)], building="yes")
    town.way([(0, 0), (0, 0)], highway="path")
    town.way_of([], highway="path")
    town.way_of([1, 2, 9999], highway="path")
    town.way_of([1, 5003], highway="path")
    for tags in ({"area": "yes"}, {"area": "no", "building": "yes"}, {"source": "x"}):
        town.way(square(0, 0, 1), **tags)
    inner = [(square(2, 2, 2), "inner"), (square(4, 2, 2), "inner")]
    town.relation((whole, "outer"), *inner)
    town.relation((whole, "outer"), (square(0, 2, 2), "inner"))
    island = [(square(2, 2, 6), "inner"), (square(4, 4, 2), "outer")]
    town.relation((whole, "outer"), *island)
    town.relation((whole, "outer"), (square(10, 0, 10), "outer"))
    town.relation((whole, "outer"), ([(20, 0), (21, 0), (21, 1), (20, 1)], "outer"))
    town.relation_of([("w", town.way(whole), "outer"), ("w", 9999, "inner")])
    town.relation_of([("n", 5001, "label")])
    with AREA_RULES.open(newline="") as file:
        for rule in csv.DictReader(file):
            value = rule["value"].replace("*", "some value")
            town.way(square(0, 0, 1), **{rule["key"]: value})


@dataclass(frozen=True)
class Drawn:
    """A hand-made file that the second engine has drawn; its table is in `con`."""

    file: Path
    con: duckdb.DuckDBPyConnection
    expected: dict[str, str]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    town = Town()
    agreeing(town)
    expected = differing(town)
    folder = tmp_path_factory.mktemp("town")
    file = town.write(folder / "it's a [town]*.osm.pbf")
    with duck.connect() as con:
        draw(con, file, folder / "work", AREA_RULES, threads=2)
        yield Drawn(file, con, expected)


def test_the_engines_differ_as_documented(drawn: Drawn, tmp_path: Path) -> None:
    second = shapes_from(drawn.con, "from shapes")
    assert differences(first_engine(drawn.file, tmp_path), second) == drawn.expected


def test_another_run_gives_the_same_and_leaves_nothing(
    drawn: Drawn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".duckdb").symlink_to(Path.home() / ".duckdb")
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with duck.connect() as con:
        draw(con, drawn.file, tmp_path / "work", AREA_RULES, threads=1)
        rows = con.execute("from shapes order by all").fetchall()
    assert rows == drawn.con.execute("from shapes order by all").fetchall()
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in home.iterdir()] == [".duckdb"]
    assert list((tmp_path / "work").iterdir()) == []


def test_a_file_without_tags_makes_no_rows(tmp_path: Path) -> None:
    town = Town()
    town.way([(0, 0), (1, 0)])
    assert second_engine(town.write(tmp_path / "bare.osm.pbf"), tmp_path) == {}


def test_an_object_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    town = Town()
    for _ in range(2):
        town.objects.append(Node(id=1, location=(7, 47), tags={"natural": "tree"}))
    with pytest.raises(SkyloomError, match=r"holds node 1 more than once"):
        second_engine(town.write(tmp_path / "twice.osm.pbf"), tmp_path)


def test_a_failure_of_quackosm_is_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(b"no PBF at all" * 50)
    with pytest.raises(
        SkyloomError, match=r"bad\.osm\.pbf: QuackOSM failed \(\w+"
    ) as e:
        second_engine(bad, tmp_path)
    assert "\n" not in str(e.value)
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("name", ["it's", "id=5", "a[b]"])
def test_a_folder_that_quackosm_would_misread_is_refused(
    name: str, tmp_path: Path
) -> None:
    with (
        duck.connect() as con,
        pytest.raises(SkyloomError, match=r"QuackOSM cannot work in a folder"),
    ):
        draw(con, tmp_path / "x.pbf", tmp_path / name, AREA_RULES, threads=1)


def test_quackosm_ends_when_its_caller_is_killed(drawn: Drawn, tmp_path: Path) -> None:
    def running() -> bool:
        listed = subprocess.run(["ps", "-wweo", "args"], capture_output=True, text=True)
        return f"load.by_quackosm {tmp_path / 'work'}" in listed.stdout

    code = (
        "import sys; from pathlib import Path; from skyloom import duck;"
        "from load.by_quackosm import draw;"
        "draw(duck.connect(), *map(Path, sys.argv[1:]), threads=1)"
    )
    arguments = [drawn.file, tmp_path / "work", AREA_RULES]
    with subprocess.Popen([sys.executable, "-c", code, *arguments]) as caller:
        wait_for(running)
        time.sleep(1)
        caller.send_signal(signal.SIGKILL)
    wait_for(lambda: not running())


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
