"""Every real extract against libosmium: the same objects, tags, kinds and shapes.

The other side is read by libosmium alone: its area assembler, its line factory, and
its text format (OPL) for ids, tags and node references. Which closed way is an area
is decided by `load/area_rules.csv`, read here in Python. Where the two sides differ,
and why, stands in `FILES`.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import polars as pl
import pytest
import shapely
from osmium.osm import Area, Relation, Way

from load.osm import LoadOptions, load_osm
from skyloom.lake import Lake

pytestmark = pytest.mark.realdata
AREA_RULES = Path(__file__).parents[2] / "load" / "area_rules.csv"


@dataclass(frozen=True)
class Differences:
    """What one file has on one side only, by cause.

    `closed_lines` counts closed ways that the tags make lines; libosmium makes areas
    of them too. `missing_nodes` and `one_place` count rejected ways: nodes beyond the
    extract, or all in one place. `missing_members` counts area relations with ways
    beyond the extract. `repaired` are outlines that cross themselves between nodes:
    libosmium leaves them empty, the loader keeps what an odd number of edges
    surrounds. `unclosed` are relations that neither side can close.
    """

    closed_lines: int
    missing_members: int
    missing_nodes: int = 0
    one_place: int = 0
    repaired: frozenset[str] = frozenset()
    unclosed: frozenset[str] = frozenset()


OPEN = frozenset({"r6657275"})
MALTA = frozenset({"a151193992", "a385962686"})
LONDON = frozenset({"a128459713", "a128460985", "r28934"})
FILES = {
    "andorra_valhalla_docker": Differences(116, 57),
    "bench_merged": Differences(2787, 343, 257, 40, MALTA | LONDON, OPEN),
    "columbus_r5": Differences(82, 0),
    "karlsruhe_kirchfeld_osr": Differences(36, 14),
    "liechtenstein2013_osm2pgsql": Differences(21, 28),
    "liechtenstein_valhalla_docker": Differences(32, 31),
    "liechtenstein_valhalla_test": Differences(24, 28),
    "locarno_osr": Differences(1, 7),
    "malta_graphhopper": Differences(398, 2, repaired=MALTA, unclosed=OPEN),
    "monaco_quackosm": Differences(41, 34),
    "reisterstown_r5": Differences(205, 20),
}
PARAMS = [pytest.param(x, marks=pytest.mark.xdist_group(f"osm-{x}")) for x in FILES]


@dataclass(frozen=True)
class Libosmium:
    """What libosmium makes of a file.

    `elements` has osm_type, osm_id and, for a way, its first and last node and their
    number; `tags` has a row per tag. Shapes are WKB in hexadecimal, areas by
    object_id. An area that could not be built has none. `rings` are the closed ways
    that have tags, each with whether those make it an area.
    """

    elements: pl.DataFrame
    tags: pl.DataFrame
    lines: dict[int, str]
    cut_ways: set[int]
    areas: dict[str, str | None]
    rings: dict[int, bool]


@dataclass(frozen=True)
class Both:
    file: Path
    theirs: Libosmium
    objects: pl.DataFrame
    rejects: pl.DataFrame
    expected: Differences

    def ids(self, **wanted: str) -> set[str]:
        return set(self.objects.filter(**wanted)["object_id"])

    def rejected(self, osm_type: str, reason: str) -> set[int]:
        rows = self.rejects.filter(osm_type=osm_type, reason=reason)
        return set(rows["osm_id"])


@pytest.fixture(scope="module", params=PARAMS)
def both(
    request: pytest.FixtureRequest,
    real_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp(request.param)
    file = real_data / "osm" / f"{request.param}.osm.pbf"
    (loaded,) = load_osm(
        Lake.open(folder / "lake", create=True), [file], options=LoadOptions(threads=2)
    )
    # Not every file is in order of id, and libosmium's assembler takes no other.
    ordered = folder / "ordered.osm.pbf"
    merge = osmium.MergeInputReader()
    merge.add_file(str(file))
    target = osmium.io.File(str(ordered), "pbf,pbf_compression=none")
    with osmium.SimpleWriter(target) as writer:
        merge.apply(writer)
    yield Both(
        ordered,
        read(ordered, folder / "tagged.opl"),
        pl.read_parquet(loaded.path / "objects.parquet"),
        pl.read_parquet(loaded.path / "rejects.parquet"),
        FILES[request.param],
    )


def read(file: Path, opl: Path) -> Libosmium:
    elements, tags = read_text(file, opl)
    factory = osmium.geom.WKBFactory()
    areas: dict[str, str | None] = {}
    for area in osmium.FileProcessor(file).with_areas().with_filter(only("AREA")):
        assert isinstance(area, Area)
        object_id = f"{'a' if area.from_way() else 'r'}{area.orig_id()}"
        whole = area.num_rings()[0] > 0
        areas[object_id] = factory.create_multipolygon(area) if whole else None
    lines, cut_ways = {}, set()
    tagged = osmium.filter.EmptyTagFilter()
    ways = osmium.FileProcessor(file).with_locations().with_filter(only("WAY"))
    for way in ways.with_filter(tagged):
        assert isinstance(way, Way)
        try:
            lines[way.id] = factory.create_linestring(way, osmium.geom.use_nodes.ALL)
        except osmium.InvalidLocationError:
            cut_ways.add(way.id)
        except RuntimeError:
            continue  # fewer than two nodes
    return Libosmium(elements, tags, lines, cut_ways, areas, judged(elements, tags))


def only(entity: str) -> Any:
    return osmium.filter.EntityFilter(getattr(osmium.osm, entity))


def read_text(file: Path, opl: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tagged elements by way of OPL: reading tags one by one takes far longer."""
    target = osmium.io.File(str(opl), "opl,add_metadata=false")
    with osmium.io.Reader(str(file)) as reader, osmium.SimpleWriter(target) as writer:
        osmium.apply(reader, osmium.filter.EmptyTagFilter(), writer)
    types = {"n": "node", "w": "way", "r": "relation"}
    line = pl.col("line")
    nodes = line.str.extract(r" N(\S+)")
    elements = pl.DataFrame({"line": opl.read_text().strip().split("\n")}).select(
        line.str.slice(0, 1).replace_strict(types).alias("osm_type"),
        line.str.extract(r"^.(-?\d+)").cast(pl.Int64).alias("osm_id"),
        line.str.extract(r" T(\S+)").alias("tags"),
        line.str.extract(r" x(\S+)").cast(pl.Float64).alias("lon"),
        line.str.extract(r" y(\S+)").cast(pl.Float64).alias("lat"),
        nodes.str.extract(r"^([^,]+)").alias("first"),
        nodes.str.extract(r"([^,]+)$").alias("last"),
        (nodes.str.count_matches(",") + 1).fill_null(0).alias("n_nodes"),
        line.str.contains(" M(?:.*,)?w").alias("has_ways"),
    )
    tag = pl.col("tags").str.split_exact("=", 1)
    tags = (
        elements.select("osm_type", "osm_id", pl.col("tags").str.split(","))
        .explode("tags")
        .with_columns(tag.struct.rename_fields(["key", "value"]))
        .unnest("tags")
    )
    return elements.drop("tags"), tags.with_columns(
        unescaped(tags["key"]), unescaped(tags["value"])
    )


def unescaped(column: pl.Series) -> pl.Series:
    def character(match: re.Match[str]) -> str:
        return chr(int(match[1], 16))

    odd = column.filter(column.str.contains("%", literal=True)).unique().to_list()
    plain = [re.sub("%([0-9a-f]+)%", character, text) for text in odd]
    return column.replace(odd, plain)


def rows_of_tags(frame: pl.DataFrame) -> pl.DataFrame:
    tags = frame.select("osm_type", "osm_id", pl.col("tags").map.entries())
    return tags.explode("tags").unnest("tags")


def judged(elements: pl.DataFrame, tags: pl.DataFrame) -> dict[int, bool]:
    """Which closed way is an area: by `area`, else if one of its tags is listed so."""
    with AREA_RULES.open(newline="") as file:
        rules = {
            (row["key"], row["value"]): row["is_area"] == "true"
            for row in csv.DictReader(file)
        }
    rings = elements.filter(
        pl.col("first") == pl.col("last"), pl.col("n_nodes") >= 4, osm_type="way"
    )
    tags = tags.join(rings, on=["osm_type", "osm_id"], how="semi")
    says: dict[int, dict[str, str]] = {}
    for way_id, key, value in tags.select("osm_id", "key", "value").iter_rows():
        says.setdefault(way_id, {})[key] = value

    def is_area(tags: dict[str, str]) -> bool:
        if tags.get("area") in ("yes", "no"):
            return tags["area"] == "yes"
        return any(
            rules.get(tag, rules.get((tag[0], "*"), False)) for tag in tags.items()
        )

    return {way_id: is_area(its) for way_id, its in says.items()}


def shapes(wkb: list[Any]) -> Any:
    """Normalised, a single polygon as such, no point twice in a row."""
    found = shapely.remove_repeated_points(shapely.from_wkb(wkb))
    single = shapely.get_num_geometries(found) == 1
    parts = np.where(single, shapely.get_geometry(found, 0), found)
    return shapely.normalize(parts)


def area_relations(theirs: Libosmium) -> set[int]:
    kinds = theirs.tags.filter(
        pl.col("value").is_in(["multipolygon", "boundary"]),
        osm_type="relation",
        key="type",
    )
    return set(kinds["osm_id"])


def test_no_file_is_left_out(real_data: Path) -> None:
    names = {x.name.split(".")[0] for x in (real_data / "osm").glob("*.pbf")}
    assert names == set(FILES)


def test_objects_and_rejects_are_all_tagged_elements(both: Both) -> None:
    elements = both.theirs.elements.filter(
        (pl.col("osm_type") != "relation")
        | pl.col("osm_id").is_in(area_relations(both.theirs))
    )
    found = [x.select("osm_type", "osm_id") for x in (both.objects, both.rejects)]
    expected = elements.select("osm_type", "osm_id").sort("osm_type", "osm_id")
    assert pl.concat(found).sort("osm_type", "osm_id").equals(expected)
    assert both.objects["object_id"].is_unique().all()


def test_tags_are_the_same(both: Both) -> None:
    columns = ("osm_type", "osm_id", "tags")
    mine = pl.concat(x.select(columns) for x in (both.objects, both.rejects))
    found = rows_of_tags(mine)
    expected = both.theirs.tags.join(found, on=["osm_type", "osm_id"], how="semi")
    order = ["osm_type", "osm_id", "key", "value"]
    assert found.sort(order).equals(expected.sort(order))


def test_points_are_in_their_places(both: Both) -> None:
    points = both.objects.filter(kind="point").sort("osm_id")
    places = shapely.get_coordinates(shapely.from_wkb(points["geometry"].to_list()))
    nodes = both.theirs.elements.filter(osm_type="node").sort("osm_id")
    assert points["osm_id"].equals(nodes["osm_id"])
    assert np.array_equal(places, nodes.select("lon", "lat").to_numpy())


def test_lines_have_the_nodes_of_their_ways(both: Both) -> None:
    lines = both.objects.filter(kind="line")
    ids = lines["osm_id"].to_list()
    found = shapely.from_wkb(lines["geometry"].to_list())
    expected = shapely.from_wkb([both.theirs.lines[way_id] for way_id in ids])
    same = shapely.equals_identical(
        shapely.remove_repeated_points(found),
        shapely.remove_repeated_points(expected),
    )
    assert [ids[i] for i in np.flatnonzero(~same)] == []


def test_the_closed_ways_that_enclose_ground_are_areas(both: Both) -> None:
    """By tags and nodes; libosmium takes every closed way for an area."""
    areas = {x for x, is_area in both.theirs.rings.items() if is_area}
    whole = both.theirs.lines.keys() - both.rejected("way", "too few nodes")
    assert both.ids(kind="area", osm_type="way") == {f"a{x}" for x in areas & whole}
    assert both.ids(kind="line") == {f"w{x}" for x in whole - areas}
    theirs = {int(x[1:]) for x in both.theirs.areas if x[0] == "a"}
    assert areas & whole <= theirs
    assert theirs <= both.theirs.rings.keys()
    assert len(theirs - areas) == both.expected.closed_lines


def test_the_relations_that_libosmium_assembles_are_areas(both: Both) -> None:
    built = {x for x, shape in both.theirs.areas.items() if shape and x[0] == "r"}
    repaired = {x for x in both.expected.repaired if x[0] == "r"}
    assert both.ids(osm_type="relation") == built | repaired


def test_areas_have_the_same_shape(both: Both) -> None:
    areas = both.objects.filter(
        ~pl.col("object_id").is_in(both.expected.repaired), kind="area"
    )
    ids = areas["object_id"].to_list()
    found = shapes(areas["geometry"].to_list())
    expected = shapes([both.theirs.areas[object_id] for object_id in ids])
    assert shapely.is_valid(found).all()
    sizes = shapely.area(expected)
    assert (np.abs(shapely.area(found) - sizes) <= 1e-9 * sizes).all()
    other = np.flatnonzero(~shapely.equals_identical(found, expected))
    apart = shapely.symmetric_difference(found[other], expected[other])
    assert (shapely.area(apart) <= 1e-9 * sizes[other]).all()


def test_what_libosmium_refuses_is_repaired(both: Both) -> None:
    refused = {x for x, shape in both.theirs.areas.items() if shape is None}
    tagged = {x for x in refused if x[0] == "r" or both.theirs.rings[int(x[1:])]}
    assert tagged == both.expected.repaired | both.expected.unclosed
    repaired = both.objects.filter(pl.col("object_id").is_in(both.expected.repaired))
    assert set(repaired["object_id"]) == both.expected.repaired
    for object_id, wkb in repaired.select("object_id", "geometry").iter_rows():
        expected = surrounded(outline(both.file, object_id))
        found = shapely.from_wkb(wkb)
        assert found.is_valid
        assert found.symmetric_difference(expected).area <= 1e-9 * expected.area


def outline(file: Path, object_id: str) -> list[Any]:
    wanted = {int(object_id[1:])}
    if object_id[0] == "r":
        members = [
            (member.type, member.ref)
            for relation in osmium.FileProcessor(file, osmium.osm.RELATION)
            if relation.id in wanted and isinstance(relation, Relation)
            for member in relation.members
        ]
        wanted = {ref for kind, ref in members if kind == "w"}
    ways = osmium.FileProcessor(file).with_locations().with_filter(only("WAY"))
    factory = osmium.geom.WKBFactory()
    found = [
        factory.create_linestring(way)
        for way in ways.with_filter(osmium.filter.IdFilter(wanted))
        if isinstance(way, Way)
    ]
    return list(shapely.from_wkb(found))


def surrounded(lines: list[Any]) -> Any:
    """What an odd number of edges separates from the outside, ray by ray."""
    edges = np.vstack(
        [np.hstack([x[:-1], x[1:]]) for x in map(shapely.get_coordinates, lines)]
    )
    x1, y1, x2, y2 = edges.T
    inside = []
    for face in shapely.get_parts(shapely.polygonize([shapely.union_all(lines)])):
        ((x, y),) = shapely.get_coordinates(shapely.point_on_surface(face))
        passed = (y1 > y) != (y2 > y)
        step = np.divide(x2 - x1, y2 - y1, where=passed, out=np.zeros_like(x1))
        if (passed & (x < x1 + (y - y1) * step)).sum() % 2:
            inside.append(face)
    return shapely.union_all(inside)


def test_each_reject_has_the_reason_that_libosmium_sees(both: Both) -> None:
    theirs, expected = both.theirs, both.expected
    ways = set(theirs.elements.filter(osm_type="way")["osm_id"])
    lengths = shapely.length(shapely.from_wkb(list(theirs.lines.values())))
    drawn = {x for x, length in zip(theirs.lines, lengths, strict=True) if length}
    assembled = {int(x[1:]) for x in theirs.areas if x[0] == "r"}
    reasons = {
        ("way", "missing nodes"): theirs.cut_ways,
        ("way", "too few nodes"): ways - drawn - theirs.cut_ways,
        ("relation", "missing members"): area_relations(theirs) - assembled,
        ("relation", "ring not closed"): {int(x[1:]) for x in expected.unclosed},
    }
    for (osm_type, reason), ids in reasons.items():
        assert both.rejected(osm_type, reason) == ids
    counts = [len(ids) for ids in reasons.values()]
    assert counts[:2] == [expected.missing_nodes, expected.one_place]
    assert counts[2:] == [expected.missing_members, len(expected.unclosed)]
    assert both.rejects.height == sum(counts)
