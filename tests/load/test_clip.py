"""The area to load: boxes and polygon files, and every way in which they are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from load.clip import LARGEST_FILE, Clip, clip_of_box, clip_of_file
from skyloom import duck
from skyloom.errors import SkyloomError, UsageError

WKT_RING = "((7 47,8 47,8 48,7 48,7 47))"
RING = [[7, 47], [8, 47], [8, 48], [7, 48], [7, 47]]
SQUARE = {"type": "Polygon", "coordinates": [RING]}
ISLAND = {"type": "Polygon", "coordinates": [[[9, 47], [10, 47], [9, 48], [9, 47]]]}
# Of the format's description: the first corner is a point inside, not on the ring.
WITH_CENTROID = """\
australia_v
1
   0.1446763E+03    -0.3825659E+02
   0.1446693E+03    -0.3826255E+02
   0.1446627E+03    -0.3825661E+02
   0.1446763E+03    -0.3824465E+02
   0.1446813E+03    -0.3824343E+02
   0.1446826E+03    -0.3825356E+02
   0.1446876E+03    -0.3825210E+02
   0.1446919E+03    -0.3824719E+02
   0.1447006E+03    -0.3824723E+02
   0.1447042E+03    -0.3825078E+02
   0.1446758E+03    -0.3826229E+02
   0.1446693E+03    -0.3826255E+02
END
END
"""


def section(name: str, west: float, south: float, east: float, north: float) -> str:
    corners = [(west, south), (east, south), (east, north), (west, north)]
    return "\n".join([name, *(f"   {x:E}\t{y:E}" for x, y in corners), "END", ""])


def feature(geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": "["}, "geometry": geometry}


def collection(*geometries: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": [*map(feature, geometries)]}


def write(folder: Path, content: Any) -> Path:
    path = folder / "area"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def shape(clip: Clip) -> Any:
    return shapely.from_wkb(clip.wkb)


def test_a_box_is_a_multipolygon_that_the_database_reads():
    clip = clip_of_box("7, 47,8,48.5")
    assert clip.bounds == (7, 47, 8, 48.5)
    with duck.connect() as con:
        row = con.execute(
            "select st_geometrytype(area)::varchar, st_area(area),"
            " st_contains(area, st_point(7.5, 48.4)) from"
            " (select st_geomfromwkb($1::blob) as area)",
            [clip.wkb],
        ).fetchone()
    assert row == ("MULTIPOLYGON", 1.5, True)


def test_a_box_across_the_antimeridian_is_two():
    clip = clip_of_box("179,-17,-178,-16")
    assert clip.bounds == (-180, -17, 180, -16)
    parts = shapely.get_parts(shape(clip))
    assert [part.bounds for part in parts] == [
        (179, -17, 180, -16),
        (-180, -17, -178, -16),
    ]
    for text in ("180,-17,-178,-16", "-180,-17,-178,-16"):
        assert clip_of_box(text).bounds == (-180, -17, -178, -16)
    assert clip_of_box("-180,-90,180,90").bounds == (-180, -90, 180, 90)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not four numbers"),
        ("7,47,8", "not four numbers"),
        ("7,47,8,48,9", "not four numbers"),
        ("7 47 8 48", "not four numbers"),
        ("7,47,8,north", "not four numbers"),
        ("7,47,181,48", "longitude outside"),
        ("nan,47,8,48", "longitude outside"),
        ("7,47,inf,48", "longitude outside"),
        ("7,-91,8,48", "latitude outside"),
        ("7,47,8,nan", "latitude outside"),
        ("7,48,8,47", "south is not south"),
        ("7,47,8,47", "south is not south"),
        ("7,47,7,48", "no width"),
        ("180,47,-180,48", "no width"),
    ],
)
def test_what_is_no_box_is_refused(text, words):
    with pytest.raises(UsageError, match=f"--bbox {text}: .*{words}.*; give west,"):
        clip_of_box(text)


@pytest.mark.parametrize(
    "content",
    [
        SQUARE,
        feature(SQUARE),
        collection(SQUARE),
        collection(None, SQUARE, SQUARE),
        {"type": "MultiPolygon", "coordinates": [[RING]]},
        {"type": "Polygon", "coordinates": [[[x, y, 400] for x, y in RING]]},
        {"type": "Polygon", "coordinates": [[*RING[2:], *RING[1:3]]]},
        {"type": "Polygon", "coordinates": [RING[::-1]]},
        "\ufeff" + json.dumps(SQUARE),
        "polygon((7 47, 8 47, 8 48, 7 48, 7 47))",
        "\n SRID=4326;MULTIPOLYGON Z (((7 47 1,8 47 1,8 48 1,7 48 1,7 47 1)))\n",
        "none\n" + section("polygon", 7, 47, 8, 48) + "END\n",
        "\n\n" + section("1", 7, 47, 8, 48).replace("\n", "\r\n\n") + "END",
        section("1", 7, 47, 8, 48).join(["Zürich\n", "END"]).encode("latin-1"),
    ],
)
def test_one_square_is_one_clip_in_every_format(tmp_path, content):
    assert clip_of_file(write(tmp_path, content)) == clip_of_box("7,47,8,48")


def test_digests_tell_areas_apart_and_not_spellings():
    digests = {clip_of_box(text).digest for text in ("0,0,1,1", "-0.0,0,1.0,1")}
    assert digests == {clip_of_box("0,0,1,1").digest}
    assert clip_of_box("0,0,1,1.0000001").digest not in digests
    # Recorded: a lake's snapshots must keep their names.
    assert clip_of_box("7,47,8,48").digest.startswith("122bb4213bf4d3fb")


def test_parts_and_holes_are_kept_in_any_order(tmp_path):
    holed = {
        "type": "Polygon",
        "coordinates": [RING, [[7.2, 47.2], [7.4, 47.2], [7.2, 47.4], [7.2, 47.2]]],
    }
    clip = clip_of_file(write(tmp_path, collection(holed, ISLAND)))
    assert shape(clip).area == pytest.approx(1 - 0.02 + 0.5)
    assert clip == clip_of_file(write(tmp_path, collection(ISLAND, holed)))


def test_polygons_that_overlap_are_united(tmp_path):
    content = f"MULTIPOLYGON({WKT_RING},((7.5 47,8.5 47,8.5 48,7.5 48,7.5 47)))"
    assert shape(clip_of_file(write(tmp_path, content))).area == pytest.approx(1.5)


def test_sections_of_a_poly_file_are_added_and_subtracted_in_their_order(tmp_path):
    sections = [
        section("1", 7, 47, 8, 48),
        section("2", 10, 47, 11, 48),
        section("!lake", 7.2, 47.2, 7.8, 47.8),
        section("island", 7.4, 47.4, 7.6, 47.6),
    ]
    clip = clip_of_file(write(tmp_path, "\n".join(["name", *sections, "END"])))
    assert clip.bounds == (7, 47, 11, 48)
    assert shape(clip).area == pytest.approx(2 - 0.36 + 0.04)
    assert len(shapely.get_parts(shape(clip))) == 3


def test_a_poly_file_of_many_sections_is_read_in_seconds(tmp_path):
    lines = ["name"]
    for number in range(1000):
        west, south = number % 300 - 150, number // 300
        lines.append(section("in", west, south, west + 0.9, south + 0.9))
        lines.append(section("!out", west + 0.3, south + 0.3, west + 0.6, south + 0.6))
    clip = clip_of_file(write(tmp_path, "\n".join([*lines, "END"])))
    assert shape(clip).area == pytest.approx(1000 * (0.81 - 0.09))


def test_the_inner_point_that_old_poly_files_begin_with_is_no_corner(tmp_path):
    clip = clip_of_file(write(tmp_path, WITH_CENTROID))
    assert shapely.get_num_coordinates(shape(clip)) == 11


NESTED = 100_000
DEEP_LISTS = '{"type":"Polygon","coordinates":' + "[" * NESTED + "]" * NESTED + "}"
DEEP_FEATURES = '{"type":"FeatureCollection","features":[' * NESTED + "]}" * NESTED
CROSSED = "POLYGON((7 47,8 48,8 47,7 48,7 47))"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"PK\3\4\0\0", "neither GeoJSON.*ogr2ogr"),
        ("hello\nthere\nworld\n", "neither GeoJSON.*line 3 is not a longitude"),
        ("hello", "ends before its last END"),
        ({"type": "FeatureCollection", "features": []}, "holds no area"),
        (collection(None), "holds no area"),
        ("POLYGON EMPTY", "holds no area"),
        ("none\nEND\n", "holds no area"),
        ("a\n!1\n1 1\n2 1\n2 2\nEND\nEND", "holds no area"),
        ({"type": "Point", "coordinates": [7, 47]}, "holds a GeoJSON 'Point'"),
        (collection(SQUARE, {"type": "Point"}), "holds a GeoJSON 'Point'"),
        ({"type": "Topology", "objects": {}}, "holds a GeoJSON 'Topology'"),
        ({"type": "FeatureCollection"}, "holds a GeoJSON 'FeatureCollection'"),
        ({"type": 5}, "JSON, but not GeoJSON"),
        ([[7, 47], [8, 48]], "JSON, but not GeoJSON"),
        ('{"type": "Polygon"', "not readable as GeoJSON .*line 1"),
        ({"type": "Polygon", "coordinates": 5}, "not readable as GeoJSON"),
        ({"type": "Polygon", "coordinates": [["7"]]}, "not readable as GeoJSON"),
        ({"type": "Polygon", "coordinates": [RING[:4]]}, "closed"),
        ({"type": "Polygon", "coordinates": [[[float("nan"), 1]]]}, "as GeoJSON"),
        (json.dumps(SQUARE).replace("48", "1e999"), "as GeoJSON"),
        (json.dumps(SQUARE).replace("48", "9" * 5000), "as GeoJSON"),
        (DEEP_LISTS, "nested too deeply"),
        (DEEP_FEATURES, "nested too deeply"),
        ("POINT(1 1)", "holds a WKT POINT"),
        ("GEOMETRYCOLLECTION(" * NESTED, "holds a WKT GEOMETRYCOLLECTION"),
        ("POLYGON(" + "(" * NESTED, "not readable as WKT"),
        ("POLYGON((7 47,8 47", "not readable as WKT"),
        ("POLYGON((7 47,8 47,8 nan,7 48,7 47))", "not a number"),
        ("SRID=3857;" + "POLYGON" + WKT_RING, "neither GeoJSON|last END"),
        ("a\n1\n7 47\n8 inf\n8 48\nEND\nEND", "line 4 is not a longitude"),
        ("a\n1\n7 47\n8 47 3\n8 48\nEND\nEND", "line 4 is not a longitude"),
        ("a\n1\n7 47\n8 47\nEND\nEND", "ends in line 5 has fewer than three"),
        ("a\n1\n7 47\n8 47\n8 48\nEND\n", "before its last END"),
        ("a\n1\n7 47\n8 47\n8 48\n", "before its last END"),
        ("POLYGON((0 0,69e4 0,69e4 533e4,0 0))", "690000 0 is not a lon.*projected"),
        ("POLYGON((47 7,47 91,48 91,47 7))", "47 91 is not a lon"),
        ("POLYGON((170 0,190 0,190 9,170 0))", "190 0 is not.*antimeridian"),
        ("POLYGON((7 47,8 47,8 1e999,7 48,7 47))", "not a number"),
        ("POLYGON((\x1b[31m))", r"as WKT .*'\?\[31m'"),
        (CROSSED, "not sound: self-intersection at 7.5 47.5; repair it"),
        (collection(SQUARE, {"type": "Polygon", "coordinates": [[[7, 47]] * 4]}), "at"),
        ("a\n1\n7 47\n8 48\n8 47\n7 48\nEND\nEND", "not sound: self-intersection"),
    ],
)
def test_what_is_no_area_is_refused_in_one_sentence(tmp_path, content, words):
    path = write(tmp_path, content)
    with pytest.raises(SkyloomError, match=words) as error:
        clip_of_file(path)
    assert str(error.value).startswith(f"{path}: ")
    assert len(str(error.value)) < len(str(path)) + 250
    assert error.value.exit_code == 1


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(SkyloomError, match=r"missing: there is no such file"):
        clip_of_file(tmp_path / "missing")
    with pytest.raises(SkyloomError, match=r"cannot be read \(Is a directory\)"):
        clip_of_file(tmp_path)
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(SkyloomError, match="larger than 32 MiB; simplify it"):
        clip_of_file(big)
    with pytest.raises(SkyloomError, match="larger than 32 MiB"):
        clip_of_file(Path("/dev/zero"))


def test_ten_thousand_lines_that_cross_are_refused_at_once(tmp_path):
    corners = [f"{(-1) ** i * (9 + i / 1e5)} {i / 1e3}" for i in range(10_000)]
    content = f"POLYGON(({','.join([*corners, corners[0]])}))"
    with pytest.raises(SkyloomError, match="not sound: self-intersection"):
        clip_of_file(write(tmp_path, content))
