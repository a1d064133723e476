"""The reasons that `skyloom explain` gives, against the tables and by hand."""

import json

import polars as pl
import pytest

from explore.explain import explain, prepare_reasons
from explore.figures import literal, sql
from explore.printed_captions import print_explanation
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from tests.explore.rule_catalog import RuleCatalog

STYLE = "skyscript"


@pytest.fixture(scope="module")
def reasons(demo) -> pl.DataFrame:
    """Each object that the demo's captions leave out, of all scenes."""
    with Catalog.open(Lake.open(demo / "lake")).connect() as con:
        for name in ("style", "west", "south", "east", "north"):
            con.execute(f"set variable {name} = null")
        con.execute("set variable scenes = (select list(scene_id) from scenes)")
        prepare_reasons(con)
        return con.execute(sql("explain_objects")).pl()


def test_every_object_of_every_scene_is_said_or_left_out_for_a_reason(demo, reasons):
    catalog = Catalog.open(Lake.open(demo / "lake"))
    ids = ["scene_id", "object_id"]
    said = catalog.frame("caption_words").drop_nulls("object_id").select(ids).unique()
    left = reasons.select(ids)
    assert left.is_unique().all()
    assert left.join(said, on=ids, how="semi").is_empty()
    there = catalog.frame("scene_objects").select(ids)
    assert pl.concat([said, left]).sort(ids).equals(there.sort(ids))
    assert set(reasons["reason"]) == {
        "same_text",
        "over_budget",
        "not_groundable",
        "too_coarse",
        "too_small",
        "undecided",
    }


def test_the_reasons_agree_with_the_tables(demo, reasons):
    catalog = Catalog.open(Lake.open(demo / "lake"))
    ids = ["scene_id", "object_id"]
    able = catalog.frame("scene_tags").select(ids).unique()
    late = {"same_text", "over_budget", "style"}
    assert reasons.join(able, on=ids, how="semi")["reason"].is_in(late).all()
    assert not reasons.join(able, on=ids, how="anti")["reason"].is_in(late).any()
    small = reasons.filter(pl.col("reason") == "too_small")
    assert (small["extent_px"] < 8).all()
    tags = catalog.frame("object_tags").group_by("object_id")
    finest = tags.agg(pl.col("max_gsd_m").max(), pl.col("groundable").any())
    judged = reasons.join(finest, on="object_id")
    coarse = judged.filter(pl.col("reason") == "too_coarse")
    assert (coarse["max_gsd_m"] < 0.5).all()
    assert coarse["groundable"].all()
    denied = judged.filter(pl.col("reason") == "not_groundable")
    assert not denied["groundable"].any()


def test_an_image_is_explained_word_by_word(demo, skyloom):
    lake = ("--lake", demo / "lake")
    done = skyloom("explain", "r102_DR_xx", *lake, "--json")
    seen = json.loads(done.stdout)
    (told,) = seen["styles"]
    for caption in ("title", "title_multi_objects"):
        words = [w["words"] for w in told["words"] if w["caption"] == caption]
        assert "".join(words) == told[caption]
    leaf = next(w for w in told["words"] if w["key"] == "leaf_type")
    assert (leaf["object_id"], leaf["rule_id"]) == ("r102", "leaf_type_broadleaved")
    assert leaf["note"] == "crown texture and colour"
    # The town is drawn: its objects are nowhere in OpenStreetMap.
    assert {word["osm"] for word in told["words"]} == {""}
    unsaid = {tag["key"]: tag["reason"] for tag in told["focus_tags_left_out"]}
    assert unsaid["name"] == "not_groundable"
    text = skyloom("explain", "r102_DR", *lake, "--style", STYLE).stdout
    assert "crown texture and colour" in text
    assert "no image can show it: admin_level=8 (deny_admin_level)" in text


def test_an_unknown_id_is_one_line_with_what_it_may_be(demo, skyloom):
    lake = ("--lake", demo / "lake")
    for name, words in (
        ("r102", "did you mean 'r102_DR'?"),
        ("r102_DT", "did you mean 'r102_DR'?"),
        ("r108", "r108_DR has no scene: no_visible_tag"),
    ):
        done = skyloom("explain", name, *lake)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
    done = skyloom("explain", "r102_DR", *lake, "--style", "plain")
    assert "no caption in style 'plain'" in done.stderr


@pytest.fixture
def street() -> RuleCatalog:
    """A house on a road, with one object for each of the rarer reasons."""
    made = RuleCatalog()
    made.add("sources", source="US", gsd_m=1, drawn=False)
    box = {"west": 0, "south": 0, "east": 9, "north": 9}
    ids = {"scene_id": "a1_US", "object_id": "a1", "source": "US"}
    made.add("scenes", **ids, **box, gsd_m=1, split="train", width_px=9, height_px=9)
    made.add("captions", scene_id="a1_US", style=STYLE, title="house")
    made.add("build_settings", name="surrounding_min_px", value="8")
    made.add("build_settings", name="caption_max_tokens", value="77")
    made.add("attribute_keys", key="roof:*")
    made.add("caption_styles", style=STYLE, surrounding_only_key="highway")
    for rank, (name, tag, extent) in enumerate(
        (
            ("a1", "building=house", 90),
            ("w2", "highway=path", 90),
            ("w3", "highway=path", 80),
            ("a4", "roof:shape=flat", 50),
            ("n5", "shop=yes", None),
            ("a6", "landuse=grass", 20),
            ("a7", "building=shed", 7.5),
        ),
        1,
    ):
        key, value = tag.split("=")
        made.thing(name, {key: value})
        role = "focus" if rank == 1 else "surrounding"
        scene = {"scene_id": "a1_US", "object_id": name, "role": role}
        made.add("scene_objects", **scene, kind="area", extent_px=extent, rank=rank)
        if key != "shop":
            made.decide(name, tag, f"{key}_any", 2)
        if key in ("building", "highway", "landuse") and name != "a7":
            said = {"key": key, "value": value, "phrase": tag, "rule_id": key}
            made.add("scene_tags", **scene, object_rank=rank, tag_rank=1, **said)
    for position, name, key in ((1, "a1", "building"), (2, "w2", "highway")):
        made.add(
            "caption_words",
            scene_id="a1_US",
            style=STYLE,
            caption="title",
            position=position,
            words="x",
            role="focus" if name == "a1" else "surrounding",
            object_id=name,
            key=key,
        )
    return made


def test_each_test_has_its_name_and_its_figures(street, capsys):
    explanation = explain(street, "a1_US")
    (told,) = explanation.styles
    assert {one.object_id: one.reason for one in told.objects} == {
        "w3": "same_text",
        "a4": "attributes_only",
        "n5": "undecided",
        "a6": "over_budget",
        "a7": "too_small",
    }
    why = {one.reason: one.why for one in told.objects}
    assert why["same_text"] == "same words as w2: highway=path"
    assert why["too_small"] == "spans 7.5 pixels, at least 8.0 are asked for"
    assert why["undecided"] == "nothing decides its tags: shop=yes"
    assert "no room in the 77 tokens" in why["over_budget"]
    print_explanation(explanation)
    assert "https://www.openstreetmap.org/way/3" in capsys.readouterr().out


def test_a_surrounding_road_is_compared_by_what_the_style_says_of_it(street):
    """Its surface is not said, so it does not tell two roads apart."""
    street.decide("w3", "surface=mud", "surface", 2, tag_rank=2)
    scene = {"scene_id": "a1_US", "object_id": "w3", "role": "surrounding"}
    said = {"key": "surface", "value": "mud", "phrase": "mud", "rule_id": "surface"}
    street.add("scene_tags", **scene, object_rank=3, tag_rank=2, **said)
    (told,) = explain(street, "a1_US").styles
    assert {o.object_id: o.reason for o in told.objects}["w3"] == "same_text"


def test_hostile_tags_do_not_reach_the_terminal(street, capsys):
    street.thing("n8", {"note": "\x1b]0;owned\x07"})
    scene = {"scene_id": "a1_US", "object_id": "n8", "role": "surrounding"}
    street.add("scene_objects", **scene, kind="point", rank=8)
    print_explanation(explain(street, "a1_US"))
    said = capsys.readouterr().out
    assert "]0;owned" in said
    assert not {"\x1b", "\x07"} & set(said)


def test_an_older_catalog_is_to_be_built_again(street):
    street.without = ("build_settings",)
    with pytest.raises(SkyloomError, match=r"without build_settings.*skyloom build"):
        explain(street, "a1_US")


def test_an_id_cannot_leave_its_literal(street):
    with pytest.raises(UsageError, match="no image and no scene"):
        explain(street, "a1_US' or '1'='1")
    assert literal("it's") == "'it''s'"
