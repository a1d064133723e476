"""Real extracts against libosmium's own area assembler, and the same bytes always."""

from pathlib import Path
from typing import Any

import duckdb
import osmium
import pytest
import shapely
from osmium.osm import Area, Node, Way

from load.osm import Loaded, load_osm
from skyloom.lake import Lake

pytestmark = pytest.mark.realdata
FILES = ("locarno_osr", "monaco_quackosm", "malta_graphhopper")
# Outlines that cross themselves between nodes: libosmium gives up, the loader repairs.
REPAIRED = {"malta_graphhopper": {"a151193992", "a385962686"}}


@pytest.fixture(scope="module")
def osm_folder(real_data: Path) -> Path:
    return real_data / "osm"


@pytest.fixture(scope="module", params=FILES)
def loaded(
    request: pytest.FixtureRequest,
    osm_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Loaded]:
    file = osm_folder / f"{request.param}.osm.pbf"
    lake = Lake.open(tmp_path_factory.mktemp("real") / "lake", create=True)
    (loaded,) = load_osm(lake, [file], threads=2)
    return file, loaded


def column(
    loaded: Loaded, table: str, expression: str, where: str = "true"
) -> list[Any]:
    query = f"select {expression} from '{loaded.path}/{table}.parquet' where {where}"
    return [row[0] for row in duckdb.sql(query).fetchall()]


def test_every_tagged_node_and_way_is_an_object_or_a_reject(
    loaded: tuple[Path, Loaded],
) -> None:
    file, result = loaded
    tagged: dict[str, dict[int, dict[str, str]]] = {"node": {}, "way": {}}
    for element in osmium.FileProcessor(str(file)):
        if element.tags and isinstance(element, Node | Way):
            kind = "node" if isinstance(element, Node) else "way"
            tagged[kind][element.id] = dict(element.tags)
    for kind, expected in tagged.items():
        where = f"osm_type = '{kind}'"
        ids = column(result, "objects", "osm_id", where)
        tags = column(result, "objects", "tags", where)
        rejected = column(result, "rejects", "osm_id", where)
        assert sorted(ids + rejected) == sorted(expected)
        assert dict(zip(ids, tags, strict=True)) == {i: expected[i] for i in ids}


def test_areas_equal_those_of_libosmium(loaded: tuple[Path, Loaded]) -> None:
    file, result = loaded
    factory = osmium.geom.WKBFactory()
    expected = {}
    for element in osmium.FileProcessor(str(file)).with_areas():
        if isinstance(element, Area) and element.num_rings()[0] > 0:
            letter = "a" if element.from_way() else "r"
            wkb = bytes.fromhex(factory.create_multipolygon(element))
            expected[f"{letter}{element.orig_id()}"] = shapely.from_wkb(wkb)
    ids = column(result, "objects", "object_id", "kind = 'area'")
    shapes = shapely.from_wkb(
        [
            bytes(x)
            for x in column(result, "objects", "st_aswkb(geometry)", "kind = 'area'")
        ]
    )
    assert {i for i in expected if i[0] == "r"} == {i for i in ids if i[0] == "r"}
    assert set(ids) - set(expected) == REPAIRED.get(
        result.snapshot.split("@")[0], set()
    )
    for object_id, shape in zip(ids, shapes, strict=True):
        assert shape.is_valid
        if object_id in expected:
            other = expected[object_id]
            difference = shapely.symmetric_difference(shape, other).area
            assert difference <= 1e-6 * other.area, object_id


def test_lines_equal_the_nodes_of_their_ways(loaded: tuple[Path, Loaded]) -> None:
    file, result = loaded
    lines = {
        way.id: [(node.lon, node.lat) for node in way.nodes]
        for way in osmium.FileProcessor(str(file)).with_locations()
        if isinstance(way, Way) and all(node.location.valid() for node in way.nodes)
    }
    ids = column(result, "objects", "osm_id", "kind = 'line'")
    shapes = column(result, "objects", "st_aswkb(geometry)", "kind = 'line'")
    for way_id, shape in zip(ids, shapes, strict=True):
        assert list(shapely.from_wkb(bytes(shape)).coords) == lines[way_id]


def test_threads_change_no_byte(osm_folder: Path, tmp_path: Path) -> None:
    contents = []
    for threads in (1, 2, 4):
        lake = Lake.open(tmp_path / str(threads), create=True)
        (result,) = load_osm(
            lake, [osm_folder / "monaco_quackosm.osm.pbf"], threads=threads
        )
        assert result.snapshot == "monaco_quackosm@2023-12-26"
        contents.append({x.name: x.read_bytes() for x in result.path.iterdir()})
    assert sorted(contents[0]) == [
        "objects.parquet",
        "rejects.parquet",
        "snapshot.parquet",
    ]
    assert contents[0] == contents[1] == contents[2]
