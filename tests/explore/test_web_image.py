"""The image page: what the catalog knows, as text, with links to what is real."""

import re
from html import unescape

import pytest

from tests.explore.published import publish_tables, typed_tables
from tests.explore.stand_in import jpeg
from tests.explore.web_site import browser

HOSTILE = "<script>alert(1)</script>'\"&{{ 7 * 7 }}"
SETTINGS = {"surrounding_min_px": "2", "caption_max_tokens": "77"}
# Side of a chip in degrees, and of its pixels.
SIDE = 0.001


def add(con, table, **row):
    names = ", ".join(row)
    marks = ", ".join(f"${name}" for name in row)
    con.execute(f"insert into {table} ({names}) values ({marks})", row)


def add_image(con, number, *, drawn=False, west=7.5, value="quarry"):
    """One object in the middle of its scene, its caption and its image."""
    thing, scene, image = f"a{number}", f"a{number}_US", f"a{number}_US_20"
    ids = {"scene_id": scene, "object_id": thing}
    east = west + SIDE if west + SIDE <= 180 else west + SIDE - 360
    box = {"west": west, "south": 47.0, "east": east, "north": 47.0 + SIDE}
    add(con, "scenes", **ids, source="US", kind="area", gsd_m=0.6, split="train",
        width_px=100, height_px=100, osm_snapshot="town@2024-01-01", **box)  # fmt: skip
    add(con, "images", **ids, image_id=image, source="US", **box, crs="EPSG:4326",
        filepath=f"images/US/{image}.jpg", width_px=100, height_px=100, drawn=drawn,
        transform=[SIDE / 100, 0, west, 0, -SIDE / 100, 47.0 + SIDE],
        sha256=f"digest-{number}", license="public domain",
        request_id=f"request-{number}", osm_snapshot="town@2024-01-01",
        acquired="2020-04-24", acquired_precision="day", recipe="recipe-1",
        source_image_ids=["m_4107"], osm_age_days=12)  # fmt: skip
    corners = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.2)]
    ring = ", ".join(f"{west + x * SIDE} {47 + y * SIDE}" for x, y in corners)
    con.execute(
        """
        insert into objects (object_id, osm_type, osm_id, kind, tags, bbox, geometry)
        select $thing, 'way', $number, 'area', map {'landuse': $value, 'note': $note},
            {'xmin': $west, 'ymin': 47.0, 'xmax': $west + 0.001, 'ymax': 47.001},
            st_geomfromtext($shape)
        """,
        {
            "thing": thing,
            "number": number,
            "value": value,
            "note": HOSTILE,
            "west": west,
            "shape": f"POLYGON(({ring}))",
        },
    )
    add(con, "scene_objects", **ids, role="focus", kind="area", rank=1,
        share_of_box=0.18, visible_fraction=1, extent_px=60)  # fmt: skip
    tag = {"key": "landuse", "value": value, "rule_id": "landuse_quarry"}
    add(con, "object_tags", object_id=thing, **tag, groundable=True, max_gsd_m=10,
        phrase=f"landuse of {value}", tag_rank=1)  # fmt: skip
    add(con, "scene_tags", **ids, role="focus", object_rank=1, **tag, tag_rank=1,
        phrase=f"landuse of {value}")  # fmt: skip
    title = f"an image of landuse of {value}"
    add(con, "captions", scene_id=scene, source="US", style="skyscript", title=title,
        title_multi_objects=title)  # fmt: skip
    for caption in ("title", "title_multi_objects"):
        about = {"scene_id": scene, "style": "skyscript", "caption": caption}
        add(con, "caption_words", **about, position=1, words="an image of ",
            role="grammar")  # fmt: skip
        add(con, "caption_words", **about, position=2, words=f"landuse of {value}",
            role="focus", object_id=thing, **tag)  # fmt: skip
    return image


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("image") / "lake"
    with typed_tables() as con:
        for name, value in SETTINGS.items():
            add(con, "build_settings", name=name, value=value)
        add(con, "caption_styles", style="skyscript")
        add(con, "tag_rules", rule_id="landuse_quarry", key="landuse", value="quarry",
            note="a hole in the ground")  # fmt: skip
        add(con, "sources", source="US", name="NAIP", gsd_m=0.6, drawn=False)
        images = [
            add_image(con, 1),
            add_image(con, 2, west=7.502, value=HOSTILE),
            add_image(con, 3, west=7.504, drawn=True),
            add_image(con, 4, west=179.9995),
            add_image(con, 5, west=-179.999),
        ]
        add(con, "scores", image_id=images[0], scene_id="a1_US", style="skyscript",
            caption="title", model="tiny", similarity=0.2718)  # fmt: skip
        add(con, "selections", selection="top30", image_id=images[0], kept=False,
            similarity=0.2718, reason="below",
            why_not="0.2718 is below the cut of 0.3")  # fmt: skip
        add(con, "duplicates", what="image", image_id=images[1], how="near",
            duplicate_of=images[0], distance=3)  # fmt: skip
        add(con, "polished_captions", scene_id="a1_US", style="skyscript",
            facts_digest="f", polished=f"A quarry. {HOSTILE}",
            caption_source="polished", reasons=["too_long"],
            model="teller")  # fmt: skip
        add(con, "scene_facts", scene_id="a1_US", style="skyscript", facts_digest="f",
            facts='{"focus":"quarry"}')  # fmt: skip
        for number, vector in ((1, [1.0, 0.0]), (2, [0.8, 0.6]), (3, [0.0, 1.0])):
            add(con, "embeddings", content_sha256=f"digest-{number}", kind="image",
                model="tiny", vector=vector)  # fmt: skip
        publish_tables(con, root)
    for image in images:
        jpeg(root / "images" / "US" / f"{image}.jpg", 100, 100)
    return root


@pytest.fixture(scope="module")
def client(lake):
    return browser(lake)


def page(client, image):
    answer = client.get(f"/image/{image}")
    assert answer.status_code == 200, answer.text
    return answer.text


def text(html):
    """What a reader sees, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def part(html, begin, end="</section>"):
    return html[html.index(begin) :].split(end)[0]


def test_everything_known_is_on_the_page(client):
    told = text(page(client, "a1_US_20"))
    for known in (
        *("an image of landuse of quarry", "a hole in the ground", "2020-04-24"),
        *("public domain", "request-1", "recipe-1", "m_4107", "digest-1", "EPSG:4326"),
        *("18.0 %", "60 px", "12 days", "NAIP", "town@2024-01-01", "tiny", "0.2718"),
        *("0.2718 is below the cut of 0.3", "not kept", "A quarry.", "too_long"),
        *("7.5, 47, 7.501, 47.001", "landuse=quarry", '"focus": "quarry"', "train"),
    ):
        assert known in told, known


def test_each_word_leads_to_its_rule_and_each_tag_has_a_reason(client):
    html = page(client, "a1_US_20")
    assert 'href="/rules/landuse_quarry"' in part(html, 'id="trace-title"')
    unsaid = text(part(html, "Tags of the focus that it does not say", "</table>"))
    assert "note=" in unsaid
    assert "nothing decides it" in unsaid


def test_the_outline_lies_where_the_object_is(client):
    html = page(client, "a1_US_20")
    overlay = part(html, '<svg class="overlay"', "</svg>")
    assert 'viewBox="0 0 100 100"' in overlay
    assert '<g data-object="a1">' in overlay
    # 0.2 to 0.8 of the box from the west, 0.8 to 0.2 of it from the north.
    assert "M20,80L80,80L80,20Z" in overlay or "M20,80L80,20L80,80Z" in overlay
    assert html.count('data-object="a1"') >= 4


def test_hostile_texts_are_text(client):
    html = page(client, "a1_US_20") + page(client, "a2_US_20")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert " 49 " not in html


def test_a_real_object_leads_to_openstreetmap_and_a_drawn_one_does_not(client):
    real = page(client, "a1_US_20")
    assert 'href="https://www.openstreetmap.org/way/1" rel="noreferrer"' in real
    assert 'href="https://www.openstreetmap.org/way/1/history"' in real
    drawn = page(client, "a3_US_20")
    assert "https://www.openstreetmap.org/" not in drawn
    assert "drawn, not photographed" in drawn


def test_neighbours_on_the_ground_are_the_nearest_first(client):
    near = part(page(client, "a1_US_20"), ">On the ground<", "By look")
    assert re.findall(r'href="/image/([^"]*)"', near) == ["a2_US_20", "a3_US_20"]
    # 0.002 degrees at 47 degrees of latitude.
    assert "152 m away" in near


def test_neighbours_are_found_over_the_antimeridian(client):
    for one, other in (("a4_US_20", "a5_US_20"), ("a5_US_20", "a4_US_20")):
        near = part(page(client, one), ">On the ground<", "By look")
        assert re.findall(r'href="/image/([^"]*)"', near) == [other]


def test_neighbours_by_look_are_the_most_alike_first(client):
    alike = part(page(client, "a1_US_20"), ">By look<")
    assert re.findall(r'href="/image/([^"]*)"', alike) == ["a2_US_20", "a3_US_20"]
    assert "cosine 0.800" in alike
    assert "No model has seen this image" in page(client, "a4_US_20")


def test_too_many_vectors_are_left_to_the_gallery(client, monkeypatch):
    monkeypatch.setattr("explore.web.image_facts.MOST_VECTORS", 2)
    alike = part(page(client, "a1_US_20"), ">By look<")
    assert "3 vectors are too many" in alike
    assert 'href="/?like_image=a1_US_20"' in alike


def test_duplicates_are_told_on_both_sides(client):
    assert "a2_US_20</a> (comes after)" in page(client, "a1_US_20")
    assert "a1_US_20</a> (the first)" in page(client, "a2_US_20")


def test_the_way_to_other_images_and_to_the_map(client):
    html = page(client, "a2_US_20")
    assert 'href="/image/a1_US_20" rel="prev"' in html
    assert 'href="/image/a3_US_20" rel="next"' in html
    assert 'href="/map?bbox=7.502,47,7.503,47.001"' in html
    assert client.get("/map?bbox=7.502,47,7.503,47.001").status_code == 200
    assert 'rel="prev"' not in page(client, "a1_US_20")


@pytest.mark.parametrize("name", ["a9_US_20", "' or 1=1 --", "..%2f..%2fetc", "a1_US"])
def test_an_unknown_image_is_not_found(client, name):
    assert client.get(f"/image/{name}").status_code == 404


def test_an_image_of_which_nothing_else_is_known(tmp_path):
    with typed_tables() as con:
        add(con, "images", image_id="x_US_xx", scene_id="x", object_id="x_US_xx",
            source="US", filepath="images/x.jpg", width_px=10, height_px=10,
            drawn=False)  # fmt: skip
        publish_tables(con, tmp_path / "lake")
    html = page(browser(tmp_path / "lake"), "x_US_xx")
    told = text(html)
    assert "x_US_xx" in told
    assert "date unknown" in told
    assert "The catalog names no objects" in told
    assert "/map?bbox" not in html
    assert "openstreetmap.org" not in html
