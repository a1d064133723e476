"""The gallery of the explorer: filters, paging, search, and what it refuses."""

import html
import io
import re
from urllib.parse import urlsplit

import pytest
from PIL import Image

from explore.web import likeness
from explore.web.gallery_asked import PAGE, Asked, asked_of
from explore.web.gallery_cards import mark_of
from explore.web.gallery_facets import facets_of
from tests.explore.published import publish_tables, typed_tables
from tests.explore.synthetic_catalog import HOSTILE, write_catalog
from tests.explore.web_site import HOST, browser

N = 3_000
ORIGIN = {"origin": f"http://{HOST}"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return write_catalog(tmp_path_factory.mktemp("gallery") / "lake", N)


@pytest.fixture(scope="module")
def client(lake):
    return browser(lake.root)


@pytest.fixture(scope="module")
def tables(lake):
    from skyloom.catalog import Catalog

    with Catalog.open(lake).connect() as con:
        yield con


def ids(answer):
    assert answer.status_code == 200, answer.text
    return re.findall(r'<a class="frame" href="/image/([^"]+)"', answer.text)


def link(answer, rel):
    found = re.search(
        rf'<a class="button plain" rel="{rel}" href="([^"]+)"', answer.text
    )
    return html.unescape(found[1]) if found else None


def forth(client, address):
    """All pages from an address on: their ids, and the last address."""
    pages = []
    while address:
        answer = client.get(address)
        pages.append(ids(answer))
        last, address = address, link(answer, "next")
    return pages, last


def wanted(tables, condition):
    rows = tables.execute(
        "select image_id from images join scenes using (scene_id) "
        f"where {condition} order by image_id"
    ).fetchall()
    return [image_id for (image_id,) in rows]


@pytest.mark.parametrize("windows", ["narrow", "usual"])
def test_paging_forth_and_back_gives_each_image_once_in_order(
    lake, tables, monkeypatch, windows
):
    if windows == "narrow":
        # Landmarks so dense that a page crosses several windows of each width.
        known = facets_of

        def dense(views):
            facets = known(views)
            marks = tuple(wanted(tables, "true")[::20])
            return type(facets)(facets.sizes, facets.choices, marks)

        monkeypatch.setattr("explore.web.gallery.facets_of", dense)
    client = browser(lake.root)
    every = wanted(tables, "scenes.split = 'test'")
    assert len(every) > 3 * PAGE
    pages, last = forth(client, "/?split=test")
    assert [one for page in pages for one in page] == every
    back = [pages[-1]]
    while address := link(client.get(last), "prev"):
        back.insert(0, ids(client.get(address)))
        last = address
    assert back == pages


TAGGED = (
    "scene_id in (select scene_id from scene_tags where key = 'building' "
    "and value = 'kind_0')"
)


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        ("source=AT", "images.source = 'AT'"),
        ("country=FR", "country = 'FR'"),
        ("split=val", "split = 'val'"),
        ("key=building&value=kind_0", TAGGED),
        ("tag=building%3Dkind_0", TAGGED),
        (
            "key=sport",
            "scene_id in (select scene_id from scene_tags where key = 'sport')",
        ),
        (
            "rule=crop_7",
            "scene_id in (select scene_id from caption_words where rule_id = 'crop_7')",
        ),
        (
            "q=KIND+of+sport",
            "scene_id in (select scene_id from captions where "
            "title_multi_objects like '%kind%' and title_multi_objects like '%sport%')",
        ),
        (
            "selection=top30&kept=no&source=AT",
            "images.source = 'AT' and image_id in (select image_id from selections "
            "where selection = 'top30' and not kept)",
        ),
        (
            "selection=top30&sim_min=0.2&sim_max=0.21",
            "image_id in (select image_id from selections where selection = 'top30' "
            "and similarity between 0.2 and 0.21)",
        ),
        (
            "sim_min=0.31",
            "image_id in (select image_id from scores where similarity >= 0.31)",
        ),
        (
            "bbox=-20,-30,40,10",
            "images.west <= 40 and images.east >= -20 and images.south <= 10 "
            "and images.north >= -30",
        ),
        ("bbox=170,-90,-170,90", "images.west >= 170 or images.east <= -170"),
        (
            "source=US&split=train&country=US&key=surface&value=grass&q=of+landuse",
            "images.source = 'US' and split = 'train' and country = 'US' "
            "and scene_id in (select scene_id from scene_tags "
            "where key = 'surface' and value = 'grass') "
            "and scene_id in (select scene_id from captions where "
            "title_multi_objects like '%landuse%')",
        ),
    ],
)
def test_a_filter_leaves_what_it_says(client, tables, asked, condition):
    every = wanted(tables, condition)
    assert 0 < len(every) < N
    first = client.get(f"/?{asked}")
    assert f"<p>{len(every):,} image" in first.text
    pages, _ = forth(client, f"/?{asked}")
    assert [one for page in pages for one in page] == every


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("per_page=481", "from 1 to 480"),
        ("per_page=-1", "from 1 to 480"),
        ("sources=US", "no parameter &#39;sources&#39;"),
        ("source=XX", "no source &#39;XX&#39;; there is AT, DR, S2, US"),
        ("country=XX", "no country"),
        ("split=dev", "no split"),
        ("style=none", "no style"),
        ("selection=best", "no selection"),
        ("kept=maybe", "kept is yes or no"),
        ("outlines=1", "outlines is on or off"),
        ("sim_min=high", "sim_min is no number"),
        ("sim_max=nan", "sim_max is no number"),
        ("sim_min=0.3&sim_max=0.2", "sim_min is above sim_max"),
        ("bbox=1,2,3", "a box is four numbers"),
        ("bbox=1,9,3,2", "the south of a box"),
        ("bbox=1,2,inf,4", "the east of a box"),
        ("value=x", "value is given without key"),
        ("tag=a%3Db&key=a", "tag is given beside key"),
        ("q=a&q=b", "q is given twice"),
        ("q=" + "a" * 256, "longer than 255"),
        ("q=a%00b", "no text has"),
        ("q=1+2+3+4+5+6+7+8+9", "more than 8 words"),
        ("like=a&like_image=b", "like and like_image"),
        ("after=a&before=b", "after and before"),
        ("like_image=a1_ZZ_99", "no image &#39;a1_ZZ_99&#39;"),
    ],
)
def test_a_bad_parameter_is_refused_in_words(client, asked, said):
    answer = client.get(f"/?{asked}")
    assert answer.status_code == 400
    assert said in answer.text
    assert "Traceback" not in answer.text


def test_empty_fields_of_the_form_ask_for_nothing(client):
    bare = client.get("/").text
    assert client.get("/?q=&tag=&source=&sim_min=&bbox=").text == bare


def test_hostile_text_is_text_and_can_be_asked_for(client):
    answer = client.get("/", params={"value": HOSTILE, "key": "building"})
    assert ids(answer)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "49" not in re.findall(r"\{\{.*?\}\}", answer.text)
    for name in ("q", "like", "rule", "tag"):
        # SQL is text too.
        for text in (HOSTILE, "'); drop table images; --", "%_\\"):
            again = client.get("/", params={name: text})
            assert again.status_code == 200, again.text
            assert "<script>alert" not in again.text
    assert len(ids(client.get("/"))) == PAGE


def test_the_end_is_one_link_away_and_a_page_as_long_as_asked(client, tables):
    every = wanted(tables, "true")
    first = client.get("/?per_page=200")
    assert ids(first) == every[:200]
    (last,) = re.findall(r'href="([^"]+)">Last</a>', first.text)[:1]
    end = client.get(html.unescape(last))
    assert ids(end) == every[-200:]
    assert link(end, "next") is None
    assert ids(client.get(link(end, "prev"))) == every[-400:-200]


def test_an_address_beyond_the_last_image_says_so(client):
    assert "no image beyond" in client.get("/?after=zzz").text
    assert len(ids(client.get("/?before=zzz"))) == PAGE
    assert ids(client.get("/?before=a")) == []


def test_words_carry_the_mark_of_their_rule_and_lead_to_it(client):
    answer = client.get("/?rule=building_0").text
    mark = mark_of("building_0")
    classes = f"c{mark.colour} u{mark.underline}"
    for role in ("focus", "surrounding"):
        assert re.search(
            rf'<a class="word {role} {classes}" href="/rules/building_0" '
            r'title="building=kind_0, rule building_0">',
            answer,
        )
    assert 'class="overlay"' in answer
    assert 'href="/?rule=building_0"' in answer


def test_a_selection_says_what_it_keeps(client):
    answer = client.get("/?selection=top30&kept=no").text
    assert "✗ not kept" in answer
    assert "the cut is 0.26" in answer
    assert "✓ kept" not in answer
    # Without a name `kept` is about the first selection, which keeps all.
    assert "No image is like this" in client.get("/?kept=no").text


def test_the_address_holds_all_state(client):
    answer = client.get("/?source=AT&outlines=off&q=kind")
    later = asked_of(
        [
            tuple(pair.split("="))
            for pair in urlsplit(link(answer, "next")).query.split("&")
        ]
    )
    assert (later.source, later.outlines, later.q) == ("AT", "off", "kind")
    assert later.after == ids(answer)[-1]
    assert re.search(r'<input type="checkbox" id="outlines" data-asked>', answer.text)
    assert asked_of([("tag", "a=b=c")]) == Asked(key="a", value="b=c")


def test_words_are_looked_for_in_captions_where_nothing_is_embedded(client):
    answer = client.get("/?like=sport")
    assert "words in captions, not in pictures" in answer.text
    assert "skyloom embed" in answer.text
    assert ids(answer) == ids(client.get("/?q=sport"))


def test_an_example_without_vectors_and_hashes_is_said_to_rank_nothing(client):
    some = ids(client.get("/"))[3]
    answer = client.get(f"/?like_image={some}")
    assert "Not ranked: no image of this lake is embedded" in answer.text
    assert ids(answer) == ids(client.get("/"))


def test_the_gallery_of_an_empty_catalog(tmp_path):
    with typed_tables() as con:
        publish_tables(con, tmp_path / "lake")
    answer = browser(tmp_path / "lake").get("/")
    assert answer.status_code == 200
    assert "holds no image yet" in answer.text
    assert "0 images." in answer.text


def picture(colour=(10, 200, 30), side=(40, 30), kind="PNG"):
    buffer = io.BytesIO()
    Image.new("RGB", side, colour).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Embedded images without geometry, captions and chips."""
    from hashlib import sha256

    root = tmp_path_factory.mktemp("small") / "lake"
    file = picture()
    with typed_tables() as con:
        for number in range(60):
            digest = sha256(file).hexdigest() if number == 7 else f"{number:064}"
            name = f"x{number:02}"
            con.execute(
                "insert into images (image_id, scene_id, object_id, source, filepath, "
                "sha256, width_px, height_px, drawn) values "
                f"('{name}', '{name}', '{name}', 'US', 'images/US/{name}.png', "
                f"'{digest}', 40, 30, false)"
            )
            con.execute(
                "insert into embeddings values "
                f"('{digest}', 'image', 'tiny@0', "
                f"[cos({number} / 60), sin({number} / 60)])"
            )
        con.execute(
            "insert into models (model, name, digest, quick_gelu) "
            "values ('tiny@0', 'tiny', '0', false)"
        )
        text = sha256(b"a lake").hexdigest()
        con.execute(
            f"insert into embeddings values ('{text}', 'text', 'tiny@0', [1, 0])"
        )
        publish_tables(con, root)
    return root


def test_a_text_with_a_vector_ranks(small):
    client = browser(small)
    pages, _ = forth(client, "/?like=a+lake")
    assert [one for page in pages for one in page] == [f"x{n:02}" for n in range(60)]
    assert "cosine 1.000" in client.get("/?like=a+lake").text
    assert "60 most alike" in client.get("/?like=a+lake").text
    earlier = link(client.get("/?like=a+lake&after=48"), "prev")
    assert ids(client.get(earlier))[0] == "x00"
    for bad in ("after=x", "before=3"):
        assert client.get(f"/?like=a+lake&{bad}").status_code == 400


def test_a_text_without_a_vector_needs_weights(small):
    answer = browser(small).get("/?like=a+river")
    assert answer.status_code == 200
    assert "not at hand on this machine" in answer.text or "clip]" in answer.text


def test_an_image_of_the_run_is_an_example_by_id_and_by_file(small):
    client = browser(small)
    by_id = ids(client.get("/?like_image=x07"))
    assert by_id[:2] == ["x07", "x06"]
    answer = client.post("/like", content=picture(), headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    assert ids(client.get("/", params=answer.json())) == by_id


def test_an_uploaded_image_is_remembered_by_its_digest(small, monkeypatch):
    monkeypatch.setattr(likeness, "_embedded", lambda model, thing: [0.0, 1.0])
    client = browser(small)
    answer = client.post(
        "/like", content=picture((1, 2, 3), kind="JPEG"), headers=ORIGIN
    )
    like = answer.json()["like_image"]
    assert like.startswith("sha256:")
    assert ids(client.get("/", params={"like_image": like}))[0] == "x59"
    gone = client.get("/", params={"like_image": "sha256:" + "0" * 63 + "f"})
    assert gone.status_code == 400
    assert "choose it again" in gone.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<svg/>", "no readable image"),
        (picture()[:60], "no readable image"),
        (picture(side=(8000, 7000)), "50 million pixels"),
    ],
)
def test_a_file_that_is_no_image_is_refused(small, content, said):
    answer = browser(small).post("/like", content=content, headers=ORIGIN)
    assert answer.status_code == 400
    assert said in answer.json()["said"]


def test_a_chip_that_is_not_there_is_not_found_and_its_card_is(small):
    client = browser(small)
    answer = client.get("/")
    assert 'src="/chips/x00.jpg" alt="x00"' in answer.text
    assert "No caption in this style" in answer.text
    assert client.get("/chips/x00.jpg").status_code == 404
