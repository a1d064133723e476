"""The map: its tiles are the catalog's, its counts are SQL's."""

import json
import math
import re
from html import unescape

import pytest

from explore.web.tiles import CELLS, MOST_BOXES, MOST_OBJECTS
from skyloom.catalog import Catalog
from skyloom.lake import Lake
from tests.explore.mvt import read_tile
from tests.explore.published import publish_tables, typed_tables
from tests.explore.web_site import browser

HOSTILE = "<script>alert(1)</script>'\"&"
MANY = 100_000
# North east of 0, 0: it holds all the scenes that lie close.
DENSE = (12, 2048, 2047)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Scenes over the world, thousands in one place, one on the antimeridian."""
    root = tmp_path_factory.mktemp("map") / "lake"
    with typed_tables() as con:
        con.execute(f"""
            insert into scenes (scene_id, object_id, source, split, gsd_m,
                west, south, east, north)
            with spread as (
                select i, (i * 7919 % 360000) / 1000 - 180 as west,
                    (i * 104729 % 150000) / 1000 - 75 as south
                from range({MANY}) as numbers(i)
            )
            select concat('w', i, '_US'), concat('w', i), 'US',
                ['train', 'train', 'val', 'test', 'gap'][1 + i % 5], 0.6,
                west, south, west + 0.001, south + 0.001
            from spread
        """)
        con.execute(f"""
            insert into scenes (scene_id, object_id, source, split,
                west, south, east, north)
            select concat('n', i, '_CH'), concat('n', i), 'CH', 'train',
                0.01 + i % 100 / 10000, 0.01 + i // 100 / 10000,
                0.011 + i % 100 / 10000, 0.011 + i // 100 / 10000
            from range({MOST_BOXES + 1000}) as numbers(i)
        """)
        con.execute("""
            insert into scenes (scene_id, object_id, source, split,
                west, south, east, north) values
            ('a1_US', 'a1', 'US', 'test', 179.999, -16.001, -179.998, -16.0),
            ('a2_US', 'a2', 'US', 'val', 7.5, 60.0, 7.501, 60.001)
        """)
        con.execute("""
            insert into images (image_id, scene_id, object_id, source, filepath,
                west, south, east, north, drawn)
            select concat(scene_id, '_20'), scene_id, object_id, source, 'x.jpg',
                west, south, east, north, false
            from scenes
            where source = 'CH' or object_id in ('a1', 'a2') or object_id like 'w%7'
        """)
        con.execute("""
            insert into selections (selection, image_id, kept)
            select 'top30', image_id, object_id = 'a2' from images
            where object_id in ('a1', 'a2')
        """)
        con.execute(
            """
            insert into captions (scene_id, source, style, title)
            values ('a2_US', 'US', 'skyscript', $title)
        """,
            {"title": HOSTILE},
        )
        con.execute(
            f"""
            insert into objects (object_id, kind, tags, bbox, geometry)
            with shapes as (
                select concat('w', i) as object_id,
                    st_makeenvelope(0.01 + i / 1e6, 0.01, 0.012 + i / 1e6, 0.012) as g
                from range({MOST_OBJECTS + 500}) as numbers(i)
                union all
                select 'n1', st_point(0.0101, 0.0101)
            )
            select object_id, if(object_id = 'n1', 'point', 'area'),
                map {{'name': $name}},
                {{'xmin': st_xmin(g), 'ymin': st_ymin(g),
                  'xmax': st_xmax(g), 'ymax': st_ymax(g)}}, g
            from shapes
        """,
            {"name": HOSTILE},
        )
        publish_tables(con, root)
    return root


@pytest.fixture(scope="module")
def client(lake):
    return browser(lake)


def tile(client, layer, z, x, y, **asked):
    answer = client.get(f"/map/tiles/{layer}/{z}/{x}/{y}.mvt", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    return answer.content, read_tile(answer.content)


def tile_at(lon, lat, z):
    """The tile that holds a place, and the place in it, in shares of the tile."""
    high = math.asinh(math.tan(math.radians(lat))) / math.pi
    x, y = (lon / 360 + 0.5) * 2**z, (0.5 - high / 2) * 2**z
    return (z, int(x), int(y)), (x % 1, y % 1)


def one(lake, query):
    with Catalog.open(Lake.open(lake)).connect() as con:
        ((value,),) = con.execute(query).fetchall()
        return value


def state(page):
    (found,) = re.findall(r'data-state="([^"]*)"', page)
    return json.loads(unescape(found))


def test_far_out_all_scenes_are_counted_and_the_tile_is_small(client, lake):
    data, layers = tile(client, "scenes", 0, 0, 0)
    cells = layers["cells"]
    assert set(layers) == {"cells"}
    assert len(cells) <= CELLS**2
    assert len(data) < 60_000
    assert sum(cell.values["n"] for cell in cells) == one(
        lake, "select count(*) from scenes"
    )
    assert "mixed" in {cell.values["mark"] for cell in cells}


def test_a_scene_counts_in_one_tile(client, lake):
    tiles = [tile(client, "scenes", 2, x, y)[1] for x in range(4) for y in range(4)]
    cells = [cell for layers in tiles for cell in layers.get("cells", [])]
    assert sum(cell.values["n"] for cell in cells) == one(
        lake, "select count(*) from scenes"
    )
    assert all(0 <= place < 4096 for cell in cells for place in cell.places[0])


def test_near_each_scene_is_its_box(client):
    place, _ = tile_at(7.5, 60, 14)
    _, layers = tile(client, "scenes", *place)
    (box,) = [f for f in layers["boxes"] if f.values["scene_id"] == "a2_US"]
    assert box.values["mark"] == "val"
    xs, ys = zip(*box.places, strict=True)
    _, south_west = tile_at(7.5, 60, 14)
    assert (min(xs) / 4096, max(ys) / 4096) == pytest.approx(south_west, abs=0.001)
    assert max(xs) - min(xs) == pytest.approx(0.001 / 360 * 2**14 * 4096, abs=1)
    # A degree of latitude is twice as high at 60 degrees.
    assert max(ys) - min(ys) == pytest.approx(2 * (max(xs) - min(xs)), rel=0.01)


def test_a_box_over_the_edge_of_tiles_is_in_both(client):
    place, (across, _) = tile_at(0.0105, 0.0105, 19)
    assert 0.01 < across < 0.99
    z, x, y = place
    here = tile(client, "scenes", z, x, y)[1]["boxes"]
    east = tile(client, "scenes", z, x + 1, y)[1]["boxes"]
    names = [{box.values["scene_id"] for box in boxes} for boxes in (here, east)]
    assert names[0] & names[1]
    places = [place for box in (*here, *east) for place in box.places]
    assert all(-64 <= number <= 4160 for place in places for number in place)


@pytest.mark.parametrize("end", [-179.9999, 179.9999])
def test_a_scene_on_the_antimeridian_lies_at_both_ends(client, end):
    place, _ = tile_at(end, -16.0005, 14)
    _, layers = tile(client, "scenes", *place)
    boxes = [f for f in layers["boxes"] if f.values["scene_id"] == "a1_US"]
    assert len(boxes) == 1
    xs = [place[0] for place in boxes[0].places]
    degree = 2**14 * 4096 / 360
    shown = (-64, 0.002 * degree) if end < 0 else (4096 - 0.001 * degree, 4160)
    assert (min(xs), max(xs)) == pytest.approx(shown, abs=2)


def test_too_many_boxes_are_cells(client, lake):
    data, layers = tile(client, "scenes", *DENSE)
    assert set(layers) == {"cells"}
    assert sum(cell.values["n"] for cell in layers["cells"]) > MOST_BOXES
    assert len(data) < 60_000


def test_kept_scenes_have_a_mark_of_their_own(client):
    asked = {"by": "kept", "selection": "top30"}
    kept = tile(client, "scenes", *tile_at(7.5, 60, 14)[0], **asked)[1]["boxes"]
    assert {f.values["scene_id"]: f.values["mark"] for f in kept}["a2_US"] == "kept"
    left = tile(client, "scenes", *tile_at(-179.9999, -16.0005, 14)[0], **asked)[1][
        "boxes"
    ]
    assert {f.values["mark"] for f in left} == {"left_out"}


def test_objects_are_bounded_and_points_come_near(client):
    assert tile(client, "objects", 5, 16, 15)[0] == b""
    far = tile(client, "objects", *DENSE)[1]["objects"]
    assert len(far) == MOST_OBJECTS
    assert {one.values["kind"] for one in far} == {"area"}
    near = tile(client, "objects", *tile_at(0.0101, 0.0101, 19)[0])[1]["objects"]
    assert "point" in {one.values["kind"] for one in near}


@pytest.mark.parametrize(
    "path",
    [
        "roads/0/0/0",
        "scenes/1/2/0",
        "scenes/23/0/0",
        "scenes/-1/0/0",
        "scenes/a/0/0",
        "scenes/0/0/0.mvt?by=colour&x=",
    ],
)
def test_a_tile_that_there_is_not_is_refused(client, path):
    assert client.get(f"/map/tiles/{path}.mvt").status_code in {400, 404}


ALL = "true"
NORTH_EAST = "west <= 20 and east >= -10 and south <= 20 and north >= -10"
CLOSE = "west <= 0.012 and east >= 0.01 and south <= 0.011 and north >= 0.01"
PACIFIC = (
    "(west > east or west <= -170 or east >= 170) and south <= -10 and north >= -20"
)


@pytest.mark.parametrize(
    ("box", "within"),
    [
        ("-10,-10,20,20", f"west < east and {NORTH_EAST}"),
        ("0.01,0.01,0.012,0.011", f"west < east and {CLOSE}"),
        ("170,-20,-170,-10", PACIFIC),
        ("-180,-90,180,90", ALL),
    ],
)
def test_a_box_counts_what_sql_counts(client, lake, box, within):
    inside = client.get("/map/box", params={"bbox": box}).json()
    assert inside["images"] == one(lake, f"select count(*) from images where {within}")
    assert inside["scenes"] == one(lake, f"select count(*) from scenes where {within}")
    assert inside["images"] > 0
    assert inside["scenes"] == sum(part["n"] for part in inside["parts"])


def test_a_scene_over_the_antimeridian_is_found_from_either_side(client):
    for box in ("179.9,-17,180,-15", "-180,-17,-179.9,-15", "179.9,-17,-179.9,-15"):
        inside = client.get("/map/box", params={"bbox": box}).json()
        assert "test" in {part["split"] for part in inside["parts"]}


@pytest.mark.parametrize(
    "box", ["1,2,3", "a,0,1,1", "nan,0,1,1", "-181,0,1,1", "0,2,1,1", "0,0,1,inf"]
)
def test_what_is_no_box_is_refused_in_words(client, box):
    for path in ("/map", "/map/box"):
        answer = client.get(path, params={"bbox": box})
        assert answer.status_code == 400
        assert "box" in answer.text


def test_the_page_shows_the_box_and_leads_to_the_gallery(client):
    answer = client.get("/map?bbox=7,59,8,61&split=val&nonsense=1")
    page = unescape(answer.text)
    inside = client.get("/map/box?bbox=7,59,8,61").json()
    assert inside["images"] == 1
    assert "Show 1 image in the gallery" in page
    assert 'href="/?split=val&bbox=7%2C59%2C8%2C61"' in page
    assert 'name="west" value="7"' in page
    assert state(answer.text)["bbox"] == [7, 59, 8, 61]
    assert state(answer.text)["filters"] == {"split": "val"}


def test_four_sides_become_one_box(client):
    answer = client.get("/map?west=170&south=-1&east=-170&north=1&by=kept&key=a")
    assert answer.status_code == 303
    assert answer.headers["location"] == ("/map?by=kept&key=a&bbox=170%2C-1%2C-170%2C1")


def test_an_unknown_selection_is_refused(client):
    assert client.get("/map?by=kept&selection=none").status_code == 400
    assert client.get("/map?by=area").status_code == 400


def test_the_panel_gets_texts_as_they_are(client):
    scene = client.get("/map/scenes/a2_US").json()
    assert scene["title"] == HOSTILE
    assert scene["images"] == ["a2_US_20"]
    thing = client.get("/map/objects/w1").json()
    assert thing["tags"] == [{"key": "name", "value": HOSTILE}]
    assert thing["osm"] == "way/1"
    assert client.get("/map/scenes/' or 1=1 --").status_code == 404
    assert client.get("/map/objects/none").status_code == 404


def test_an_empty_catalog_says_so(tmp_path):
    with typed_tables() as con:
        publish_tables(con, tmp_path / "lake")
    client = browser(tmp_path / "lake")
    answer = client.get("/map")
    assert answer.status_code == 200
    assert "There is nothing on the map" in answer.text
    assert "maplibre-gl.js" not in answer.text
    assert client.get("/map/tiles/scenes/0/0/0.mvt").content == b""
    assert client.get("/map/tiles/objects/14/0/0.mvt").content == b""


def test_an_import_has_scenes_alone_and_drawn_objects_no_link(tmp_path):
    with typed_tables() as con:
        con.execute("""
            insert into scenes (scene_id, object_id, source, split,
                west, south, east, north) values ('a1', 'a1', 'DR', 'train', 1, 1, 2, 2)
        """)
        con.execute("insert into objects (object_id, kind) values ('a1', 'area')")
        con.execute("insert into sources (source, drawn) values ('DR', true)")
        publish_tables(con, tmp_path / "lake")
    client = browser(tmp_path / "lake")
    assert "objects of this lake have no geometry" in client.get("/map").text
    assert tile(client, "objects", *tile_at(1.5, 1.5, 14)[0])[0] == b""
    assert client.get("/map/objects/a1").json()["osm"] == ""
