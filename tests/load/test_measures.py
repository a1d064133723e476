"""Square metres and metres against geodesics on WGS 84, real shapes and drawn ones."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import polars as pl
import pyproj
import pytest
import shapely
from osmium.osm.mutable import Node, Way

from load.osm import LoadOptions, load_osm
from skyloom.lake import Lake

GEOD = pyproj.Geod(ellps="WGS84")
WITHIN = 1e-3
SAMPLED, EXTREME = 1500, 50
Place = tuple[float, float]


def objects_of(file: Path, folder: Path) -> pl.DataFrame:
    (loaded,) = load_osm(
        Lake.open(folder / "lake", create=True), [file], options=LoadOptions(threads=2)
    )
    columns = ["object_id", "kind", "area_m2", "length_m", "geometry"]
    return pl.read_parquet(loaded.path / "objects.parquet", columns=columns)


def geodesic_area(shape: Any) -> float:
    """Square metres, ring by ring: the plane's turn is not always the globe's."""

    def ring(one: Any) -> float:
        return abs(GEOD.geometry_area_perimeter(shapely.Polygon(one))[0])

    parts = shapely.get_parts(shape)
    holes = sum(ring(hole) for part in parts for hole in part.interiors)
    return sum(ring(part.exterior) for part in parts) - holes


def geodesic_length(shape: Any) -> float:
    return float(GEOD.geometry_length(shape))


MEASURES = {
    "area": ("area_m2", geodesic_area),
    "line": ("length_m", geodesic_length),
}


def off(objects: pl.DataFrame, kind: str) -> dict[str, float]:
    """Objects whose measure is further from the geodesic one than allowed."""
    column, measure = MEASURES[kind]
    rows = objects.filter(kind=kind)
    assert not rows.is_empty()
    expected = np.array(
        [measure(x) for x in shapely.from_wkb(rows["geometry"].to_list())]
    )
    error = np.abs(rows[column].to_numpy() - expected) / np.abs(expected)
    worst = np.flatnonzero(~(error <= WITHIN))
    return {rows["object_id"][int(i)]: float(error[i]) for i in worst}


@pytest.fixture(
    scope="module", params=["malta_graphhopper", "liechtenstein_valhalla_docker"]
)
def real(
    request: pytest.FixtureRequest,
    real_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> pl.DataFrame:
    file = real_data / "osm" / f"{request.param}.osm.pbf"
    return objects_of(file, tmp_path_factory.mktemp(request.param))


def sampled(objects: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The smallest, the largest, and some of all sizes, the same on every run."""

    def key(object_id: str) -> str:
        return hashlib.md5(f"measures {object_id}".encode()).hexdigest()

    rows = objects.filter(kind=kind)
    by_size = rows.sort(MEASURES[kind][0], "object_id")
    chance = pl.col("object_id").map_elements(key, return_dtype=pl.String)
    some = rows.sort(chance).head(SAMPLED)
    return pl.concat([by_size.head(EXTREME), by_size.tail(EXTREME), some]).unique()


@pytest.mark.realdata
@pytest.mark.parametrize("kind", MEASURES)
def test_real_objects_measure_as_geodesics(real: pl.DataFrame, kind: str) -> None:
    rows = sampled(real, kind)
    sizes = rows[MEASURES[kind][0]].to_numpy()
    assert sizes.max() > 10_000 * sizes.min()
    assert off(rows, kind) == {}


@pytest.mark.realdata
def test_each_kind_has_its_measure_and_no_other(real: pl.DataFrame) -> None:
    area, length = pl.col("area_m2"), pl.col("length_m")
    is_area, is_line = pl.col("kind") == "area", pl.col("kind") == "line"
    assert real.select((area.is_not_null() == is_area).all()).item()
    assert real.select((length.is_not_null() == is_line).all()).item()
    assert real.select(((area > 0) | area.is_null()).all()).item()
    assert real.select(((length > 0) | length.is_null()).all()).item()


def rectangle(lon: float, lat: float, width: float, height: float) -> list[Place]:
    """Corners a number of metres from a centre, turned a little off the grid."""
    corners = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        east, north = x * width / 2, y * height / 2
        azimuth = np.degrees(np.arctan2(east, north)) + 7
        place = GEOD.fwd(lon, lat, azimuth, np.hypot(east, north))[:2]
        corners.append((round(float(place[0]), 7), round(float(place[1]), 7)))
    return corners


def drawn(folder: Path, shapes: Sequence[Sequence[Place]]) -> pl.DataFrame:
    """Each shape as an area, a1 and on, and its outline as a line, w1001 and on."""
    file = folder / "drawn.osm.pbf"
    ids: list[list[int]] = []
    with osmium.SimpleWriter(str(file)) as writer:
        for shape in shapes:
            first = sum(map(len, ids)) + 1
            ids.append(list(range(first, first + len(shape))))
            for node_id, place in zip(ids[-1], shape, strict=True):
                writer.add_node(Node(id=node_id, location=place))
        for start, key in ((1, "building"), (1001, "highway")):
            for number, nodes in enumerate(ids, start):
                ring = [*nodes, nodes[0]]
                writer.add_way(Way(id=number, nodes=ring, tags={key: "yes"}))
    objects = objects_of(file, folder)
    assert objects.height == 2 * len(shapes)
    return objects


LATITUDES = (-85, -60, -30, -0.001, 0, 15, 45, 60, 75, 85)
SIZES = (1, 10, 100, 1e3, 1e4, 1e5, 1e6)


@pytest.fixture(scope="module")
def rectangles(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """At each latitude and size a square, a thin one lying and a thin one upright."""
    shapes = [
        rectangle(10, latitude, width, height)
        for latitude in LATITUDES
        for size in SIZES
        for narrow in [size / min(size, 1000)]
        for width, height in ((size, size), (narrow, size), (size, narrow))
    ]
    return drawn(tmp_path_factory.mktemp("rectangles"), shapes)


@pytest.mark.parametrize("kind", MEASURES)
def test_rectangles_of_every_size_and_latitude(
    rectangles: pl.DataFrame, kind: str
) -> None:
    assert off(rectangles, kind) == {}


def test_small_areas_are_those_of_a_local_equal_area_plane(
    rectangles: pl.DataFrame,
) -> None:
    """Another road than geodesics, whose sums lose digits where shapes are small."""
    areas = rectangles.filter(kind="area").sort("object_id")
    shapes = shapely.from_wkb(areas["geometry"].to_list())
    small = [geodesic_length(shape) < 5000 for shape in shapes]
    assert sum(small) == 12 * len(LATITUDES)
    for shape, area in zip(shapes[small], areas["area_m2"].filter(small), strict=True):
        lon, lat = shape.centroid.coords[0]
        plane = f"+proj=laea +lon_0={lon} +lat_0={lat} +ellps=WGS84"
        to_plane = pyproj.Transformer.from_crs("OGC:CRS84", plane, always_xy=True)
        flat = shapely.transform(shape, to_plane.transform, interleaved=False)
        assert area == pytest.approx(flat.area, rel=WITHIN)


# Plain boxes: one that crosses the antimeridian on a slant crosses itself in the plane.
RIMS: dict[str, list[Place]] = {
    "across the antimeridian": [(179.5, 10), (-179.5, 10), (-179.5, 11), (179.5, 11)],
    "across it and tiny": [
        (179.99999, -17),
        (-179.99999, -17),
        (-179.99999, -16.99999),
        (179.99999, -16.99999),
    ],
    "up to it from the west": [(179, 50), (180, 50), (180, 51), (179, 51)],
    "up to it from the east": [(-180, 50), (-179, 50), (-179, 51), (-180, 51)],
    "ground at one end of its box": [
        (10, 59.97),
        (10.029, 59.97),
        (10.029, 59.9701),
        (10.0001, 59.9701),
        (10.0001, 59.999),
        (10, 59.999),
    ],
    "ground at the other end": [
        (10, 59.97),
        (10.0001, 59.97),
        (10.0001, 59.9989),
        (10.029, 59.9989),
        (10.029, 59.999),
        (10, 59.999),
    ],
    "beside the pole": [(10, 89.9), (20, 89.9), (20, 89.95), (10, 89.95)],
    "up to the pole": [(10, 89), (20, 89), (20, 90), (10, 90)],
    "half round the pole": [(-80, 85), (0, 85), (80, 85), (80, 89), (-80, 89)],
    "Antarctica": [
        *((x, -70.0) for x in range(-180, 181, 10)),
        (180, -90),
        (-180, -90),
    ],
    "one long edge": [(-60, 40), (60, 40), (0, 41)],
    "a quarter of the world": [(-45, -30), (45, -30), (45, 30), (-45, 30)],
}


@pytest.mark.parametrize("kind", MEASURES)
def test_shapes_at_the_rims_of_the_world(tmp_path: Path, kind: str) -> None:
    objects = drawn(tmp_path, list(RIMS.values()))
    assert off(objects, kind) == {}


LONG: dict[str, list[Place]] = {
    "over the pole": [(0, 80), (180, 80)],
    "along the equator": [(-10, 0), (100, 0)],
    "across the antimeridian": [(170, -20), (-170, 20)],
    "along the antimeridian": [(180, -60), (-180, 60)],
    "almost to the far side": [(0, 0), (179, 0.5)],
    "a step of the smallest": [(10, 50), (10.0000001, 50)],
}


def test_long_single_edges(tmp_path: Path) -> None:
    file = tmp_path / "lines.osm.pbf"
    with osmium.SimpleWriter(str(file)) as writer:
        for number, places in enumerate(LONG.values()):
            for i, place in enumerate(places):
                writer.add_node(Node(id=10 * number + i + 1, location=place))
        for number in range(len(LONG)):
            ends = [10 * number + 1, 10 * number + 2]
            writer.add_way(Way(id=number + 1, nodes=ends, tags={"highway": "path"}))
    objects = objects_of(file, tmp_path)
    assert objects.height == len(LONG)
    assert off(objects, "line") == {}
