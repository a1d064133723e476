"""The quality pages: a cut's losses counted another way, and catalogs of all sizes."""

import hashlib
import json
import re
from collections import defaultdict

import pytest

from explore.balance import effective, holding_half, tail
from explore.figures import literal
from explore.similarity import similarity_histogram
from tests.explore.published import publish_tables, typed_tables
from tests.explore.stand_in import HOSTILE
from tests.explore.web_site import browser

STYLE = "skyscript"
SPLITS = ("train", "train", "val", "test", "gap")
MODEL = "ViT-B-32@abc"


def add(con, table, **row):
    values = ", ".join(literal(value) for value in row.values())
    con.execute(f"insert into {table} ({', '.join(row)}) values ({values})")


def tags_of(number):
    """What the captions of one image say: a frequent tag, a rarer one, and its own."""
    said = [("landuse", f"kind {number % 3}"), ("building", f"{number % 7}")]
    return [*said, ("note", HOSTILE)] if number == 5 else said


def rows_of(n):
    """Images as plain values, from which the tests count by themselves."""
    made = []
    for number in range(n):
        digest = hashlib.sha256(str(number).encode()).digest()
        made.append(
            {
                "scene": f"a{number}_{'US' if number % 4 else 'S2'}",
                "source": "US" if number % 4 else "S2",
                "split": SPLITS[number % 5],
                "similarity": round(0.2 + digest[0] / 2560, 6),
                "title": HOSTILE if number == 5 else f"thing {number % 9}",
                "multi": f"thing {number % 9} beside {number % 31}",
                "tags": tags_of(number),
            }
        )
    return made


def put(con, one):
    scene, image = one["scene"], f"{one['scene']}_20"
    ids = {"scene_id": scene, "source": one["source"]}
    add(con, "scenes", **ids, split=one["split"], west=1, south=1, east=1.1, north=1.1)
    add(con, "images", **ids, image_id=image, filepath="images/x.jpg", drawn=False)
    texts = {"title": one["title"], "title_multi_objects": one["multi"]}
    add(con, "captions", **ids, style=STYLE, **texts)
    for place, (key, value) in enumerate(one["tags"]):
        for caption in ("title", "title_multi_objects"):
            add(
                con,
                "caption_words",
                scene_id=scene,
                style=STYLE,
                caption=caption,
                position=place,
                words=value,
                role="focus",
                key=key,
                value=value,
            )
    gap = one["split"] == "gap"
    kept = not gap and one["similarity"] >= 0.25
    add(
        con,
        "selections",
        selection="top30",
        image_id=image,
        similarity=one["similarity"],
        kept=kept,
        kept_by="share" if kept else None,
        reason=None if kept else "gap" if gap else "below_cut",
    )
    add(
        con, "selections", selection="all", image_id=image, kept=not gap,
        reason="gap" if gap else None,
    )  # fmt: skip
    add(
        con,
        "scores",
        image_id=image,
        scene_id=scene,
        style=STYLE,
        caption="title",
        model=MODEL,
        similarity=one["similarity"] / 2,
    )


@pytest.fixture(scope="module")
def images():
    return rows_of(60)


@pytest.fixture(scope="module")
def lake(tmp_path_factory, images):
    root = tmp_path_factory.mktemp("quality") / "lake"
    with typed_tables() as con:
        for one in images:
            put(con, one)
        add(con, "selection_losses", selection="top30", part="all", n_pairs=48,
            scorer="ViT-L-14/openai", model="ViT-L-14@def", caption="title",
            keep_share=0.3,
            n_pairs_kept=20, n_tags=11, n_tags_kept=9, n_tags_lost=2, n_titles=9,
            n_titles_lost=1, n_captions=40, n_captions_lost=17)  # fmt: skip
        add(con, "rejects", osm_type="way", osm_id=5, reason="ring not closed")
        add(con, "scene_rejects", object_id=HOSTILE, source="US", reason="too_big")
        add(con, "image_rejects", object_id="a9", source="US", reason="blank")
        add(con, "import_rejects", dataset="old", image_name="x", reason="no_image")
        add(con, "duplicates", what="image", image_id="a1_US_20", how="near",
            duplicate_of="a2_US_20", distance=4)  # fmt: skip
        said = set()
        for one in images:
            if one["multi"] in said:
                add(con, "duplicates", what="title_multi_objects", how="same_text",
                    image_id=f"{one['scene']}_20", duplicate_of="a0_S2_20")  # fmt: skip
            said.add(one["multi"])
        publish_tables(con, root)
    return root


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    root = tmp_path_factory.mktemp("empty") / "lake"
    with typed_tables() as con:
        publish_tables(con, root)
    return root


def lost_by_hand(some, cut, of):
    """Distinct things that some pair says, and those that no kept pair says."""
    best: dict[object, float] = defaultdict(lambda: -1.0)
    for one in some:
        for thing in of(one):
            best[thing] = max(best[thing], one["similarity"])
    return {"n": len(best), "n_lost": sum(value < cut for value in best.values())}


@pytest.mark.parametrize("cut", [0.0, 0.2, 0.2371, 0.25, 0.28, 0.29, 9.0])
def test_a_cut_loses_what_only_pairs_below_it_say(lake, images, cut):
    answer = browser(lake).get(f"/quality/cut?selection=top30&cut={cut}").json()
    some = [one for one in images if one["split"] != "gap"]
    totals = {one.pop("what"): one for one in answer["totals"]}
    below = [one for one in some if one["similarity"] < cut]
    assert totals == {
        "pairs": {"n": len(some), "n_lost": len(below)},
        "distinct tags": lost_by_hand(some, cut, lambda one: one["tags"]),
        "distinct titles": lost_by_hand(some, cut, lambda one: [one["title"]]),
        "distinct captions with surroundings": lost_by_hand(
            some, cut, lambda one: [one["multi"]]
        ),
    }
    for part in answer["parts"]:
        where = (part["source"], part["split"])
        of_it = [one for one in some if (one["source"], one["split"]) == where]
        assert part["n"] == len(of_it)
        assert part["n_lost"] == sum(one["similarity"] < cut for one in of_it)
    assert sum(part["n"] for part in answer["parts"]) == len(some)


def test_a_cut_at_a_similarity_keeps_that_pair(lake, images):
    some = sorted(one["similarity"] for one in images if one["split"] != "gap")
    cut = some[10]
    answer = browser(lake).get(f"/quality/cut?selection=top30&cut={cut}").json()
    assert answer["totals"][0]["n_lost"] == sum(value < cut for value in some)
    assert answer["above"][0]["similarity"] == cut


def test_the_nearest_pairs_stand_beside_the_cut(lake, images):
    answer = browser(lake).get("/quality/cut?selection=top30&cut=0.25").json()
    some = [one for one in images if one["split"] != "gap"]
    below = sorted(
        (one["similarity"], f"{one['scene']}_20")
        for one in some
        if one["similarity"] < 0.25
    )
    assert [one["image_id"] for one in answer["below"]] == [
        name for _, name in below[::-1][:8]
    ]
    assert all(one["similarity"] >= 0.25 for one in answer["above"])


def test_a_model_may_be_asked_in_place_of_the_selection(lake, images):
    client = browser(lake)
    ask = f"/quality/cut?cut=0.12&scorer={MODEL}&column=title"
    whole = client.get(ask).json()["totals"][0]
    assert whole == {
        "what": "pairs",
        "n": 60,
        "n_lost": sum(one["similarity"] / 2 < 0.12 for one in images),
    }
    of_selection = client.get(ask + "&selection=all").json()["totals"][0]
    assert of_selection["n"] == sum(one["split"] != "gap" for one in images)
    # A selection without scores of its own takes the model's.
    assert MODEL in client.get("/quality?selection=all").text


def test_the_page_works_without_its_script(lake):
    page = browser(lake).get("/quality?selection=top30&cut=0.26").text
    cut = browser(lake).get("/quality/cut?selection=top30&cut=0.26").json()
    total = cut["totals"][0]
    assert f"{total['n_lost']} of {total['n']}" in page
    assert 'name="cut" type="number" step="any" value="0.26"' in page
    bins = re.findall(r'<td class="num">([\d,]+)</td></tr>', page.split("<details>")[1])
    assert sum(int(n) for n in bins[: page.count("<rect vector-effect")]) == total["n"]
    # The selection's own cut is the first value, and drawn.
    own = browser(lake).get("/quality?selection=top30").text
    assert 'class="own"' in own
    assert re.search(r'name="cut"[^>]* value="0\.25', own)


def test_a_selection_names_its_scorer_caption_share_and_cut(lake, images):
    page = browser(lake).get("/quality?selection=top30").text
    kept = [one for one in images if one["split"] != "gap"]
    least = min(one["similarity"] for one in kept if one["similarity"] >= 0.25)
    row = page.split("What each selection lost")[1]
    for said in ("ViT-L-14@def on title", "30.0\N{NO-BREAK SPACE}%", f"{least:.6g}"):
        assert said in row
    assert "ViT-L-14@def on title" in page.split("</figcaption>")[0]
    other = browser(lake).get(f"/quality?selection=top30&scorer={MODEL}").text
    assert f"{MODEL} on title" in other.split("</figcaption>")[0]


def test_what_is_remembered_goes_with_its_run(tmp_path, monkeypatch):
    from skyloom.catalog import Catalog

    opened = []
    usual = Catalog.open

    def heard(lake):
        opened.append(lake)
        return usual(lake)

    monkeypatch.setattr(Catalog, "open", heard)

    def published(title):
        with typed_tables() as con:
            for year in (20, 21):
                ids = {"image_id": f"a1_US_{year}", "scene_id": "a1_US"}
                add(con, "images", **ids, source="US")
            add(con, "captions", scene_id="a1_US", style=STYLE, title=title)
            publish_tables(con, tmp_path)

    published("one")
    client = browser(tmp_path)
    for _ in range(2):
        assert ">one</a>" in client.get("/quality/repeats").text
    assert len(opened) == 1
    published("other")
    assert ">other</a>" in client.get("/quality/repeats").text
    assert len(opened) == 2


def test_hostile_text_stays_text(lake):
    client = browser(lake)
    for path in ("", "/rejects", "/balance", "/coverage", "/repeats"):
        page = client.get(f"/quality{path}?cut=9").text
        assert "<script>alert" not in page
        assert 'onload="' not in page
    assert "&lt;script&gt;alert(1)" in client.get("/quality?cut=9").text
    assert HOSTILE in json.dumps(client.get("/quality/cut?cut=9").json()).replace(
        '\\"', '"'
    )


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ("selection=top31", "there is no selection"),
        ("scorer=x'; drop table images; --", "there is no scorer"),
        ("column=words", "title_multi_objects"),
        ("cut=nan", "a cut is a number"),
        ("cut=much", "a cut is a number"),
    ],
)
def test_what_is_not_there_is_refused_in_words(lake, ask, said):
    for path in ("/quality?", "/quality/cut?cut=1&"):
        answer = browser(lake).get(path + ask)
        assert (answer.status_code, said in answer.text) == (400, True)


def test_without_scores_one_line_names_the_command(empty):
    client = browser(empty)
    page = client.get("/quality").text
    assert "skyloom score" in page and "<svg" not in page.split("<main")[1]
    assert client.get("/quality/cut?cut=1").status_code == 400
    for path in ("rejects", "balance", "coverage", "repeats"):
        answer = client.get(f"/quality/{path}")
        assert answer.status_code == 200
        assert 'class="none"' in answer.text


def test_all_that_was_left_out_has_its_reason(lake):
    page = browser(lake).get("/quality/rejects").text
    for reason in ("ring not closed", "too big", "blank", "no image", "below cut"):
        assert f'<th scope="row">{reason}</th>' in page
    assert 'href="/image/a14_US_20"' in page


def test_the_balance_counts_images_by_tag_and_split(lake, images):
    page = browser(lake).get("/quality/balance").text
    row = page.split("landuse=kind 0</a></th>")[1].split("</tr>")[0]
    counts = [int(n) for n in re.findall(r'<td class="num">(\d+)</td>', row)]
    mine = [one for one in images if ("landuse", "kind 0") in one["tags"]]
    splits = [one["split"] for one in mine]
    assert counts == [
        len(mine), *map(splits.count, ("train", "val", "test", "gap"))
    ]  # fmt: skip


def test_repeats_are_counted(lake, images):
    page = browser(lake).get("/quality/repeats").text
    shared = sum(one["title"] == "thing 0" for one in images)
    assert re.search(rf'thing 0</a></th><td class="num">{shared}<', page)
    assert 'src="/chips/a2_US_20.jpg"' in page and "4 of 64 bits" in page
    for what, of in (("titles", "title"), ("captions with surroundings", "multi")):
        n = len({one[of] for one in images})
        assert n < len(images) or of == "multi"
        assert re.search(rf"<dt>distinct {what}[^<]*</dt><dd>{n}</dd>", page)


def test_classes_of_one_size_are_as_many_as_they_are():
    assert effective([5, 5, 5, 5]) == pytest.approx(4)
    assert effective([]) == 0
    assert 1 < effective([97, 1, 1, 1]) < 1.3
    assert holding_half([6, 2, 2, 1]) == 1
    assert holding_half([1, 1, 1, 1]) == 2


def test_the_tail_ends_with_all_classes():
    steps = tail([1, 1, 2, 3, 40])
    assert [(one.most, one.n_tags) for one in steps] == [
        (1, 2), (2, 3), (5, 4), (10, 4), (20, 4), (50, 5)
    ]  # fmt: skip
    assert (steps[0].x, steps[-1].x, steps[-1].y) == (0, 100, 0)
    assert tail([1])[0].n_tags == 1


def test_bins_hold_their_edges():
    import numpy as np

    found = similarity_histogram(np.array([-0.1, 0.1, 0.1, 0.2999999, 0.3]))
    assert sum(one.n for one in found.bins) == 5
    assert all(one.low < one.high for one in found.bins)
    assert next(one for one in found.bins if one.n == 2).low == pytest.approx(0.1)
    alone = similarity_histogram(np.array([0.25]))
    assert len(alone.bins) == 1
