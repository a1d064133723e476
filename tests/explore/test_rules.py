"""What a rule-writer sees of one rule, and of all."""

import json
import re
from pathlib import Path

import pytest

from explore.printed_rules import print_coverage, print_preview
from explore.rule_coverage import rule_coverage
from explore.rule_preview import preview
from skyloom.errors import UsageError
from tests.explore.rule_catalog import RuleCatalog
from tests.explore.stand_in import HOSTILE

ESCAPE = "\x1b[31mred\N{RIGHT-TO-LEFT OVERRIDE}"
HERE = Path()


@pytest.fixture
def roofs() -> RuleCatalog:
    """A rule for large roofs, an object that it decides, and one near miss of each."""
    made = RuleCatalog()
    rule = {"key": "building", "geometry": "area", "max_gsd_m": "3"}
    made.add(
        "tag_rules",
        rule_id="big_roof",
        value="*",
        not_key="ruins",
        min_area_m2="400",
        priority="12",
        note="a large roof",
        **rule,
    )
    made.add("tag_rules", rule_id="roof", value="*", priority="10", **rule)
    made.add("tag_rules", rule_id="barn", value="barn", priority="50", **rule)
    made.thing("a1", {"building": "yes", "roof": "flat"}, area=500)
    made.decide("a1", "building=yes", "big_roof", 3)
    for number, area in ((2, 390), (3, 100)):
        made.thing(f"a{number}", {"building": "yes"}, area=area)
        made.decide(f"a{number}", "building=yes", "roof", 1.5)
    made.thing("n4", {"building": "yes"})
    made.thing("a5", {"building": "yes", "ruins": "yes"}, area=600)
    made.thing("a6", {"building": "barn"}, area=700)
    made.decide("a6", "building=barn", "barn", 1)
    made.thing("a7", {"building": "yes", "ruins": "yes"}, area=100)
    made.thing("a8", {"building": HOSTILE, "note": ESCAPE}, area=800)
    return made


def test_each_near_miss_is_under_the_one_condition_that_it_fails(roofs):
    seen = preview(roofs, HERE, "big_roof")
    assert seen.counts.n_objects == 1
    near = {
        (one.condition, one.detail): [example["object_id"] for example in one.examples]
        for one in seen.near
    }
    assert near == {
        ("min_area_m2", ""): ["a2", "a3"],
        ("geometry", "point"): ["n4"],
        ("not_key", "ruins"): ["a5"],
        ("priority", "barn"): ["a6"],
        ("value", ""): ["a8"],
    }
    why = {one.condition: seen.why(one) for one in seen.near}
    assert why["min_area_m2"] == "smaller than 400 m2, 1 by less than half"
    assert why["geometry"] == "it is a point, the rule asks for area"
    assert why["priority"] == "barn decides it"


def test_a_box_keeps_to_what_touches_it(roofs):
    seen = preview(roofs, HERE, "big_roof", box=(0.15, 0.15, 0.25, 0.25))
    assert seen.counts.n_objects == 0
    assert [e["object_id"] for n in seen.near for e in n.examples] == ["a2"]
    # Over the antimeridian everything but the zone between is inside.
    around = preview(roofs, HERE, "big_roof", box=(0.25, 0, 0.15, 1))
    ids = {e["object_id"] for n in around.near for e in n.examples}
    assert "a2" not in ids
    assert "a3" in ids


def test_a_hard_rule_is_looked_at_by_what_it_decided():
    made = RuleCatalog()
    made.thing("w1", {"junction": "roundabout"})
    made.decide("w1", "junction=roundabout", "rule_ring", 2)
    made.thing("w2", {"junction": "roundabout"})
    made.thing("w3", {"junction": "roundabout"})
    made.decide("w3", "junction=roundabout", "classifier", 1)
    seen = preview(made, HERE, "rule_ring")
    assert not seen.about.in_seed
    assert [(n.condition, n.detail, n.n) for n in seen.near] == [
        ("model", "", 1),
        ("model", "classifier", 1),
    ]
    assert preview(made, HERE, "classifier").counts.n_objects == 1


def test_an_unknown_rule_names_the_nearest(roofs):
    with pytest.raises(UsageError, match=r"no rule 'bigroof'.*'big_roof'"):
        preview(roofs, HERE, "bigroof")
    with pytest.raises(UsageError, match="run `skyloom build`"):
        preview(RuleCatalog(), HERE, "any")


def test_cotags_say_how_much_more_often_they_stand_there(roofs):
    (cotag,) = preview(roofs, HERE, "big_roof").cotags
    assert (cotag.label, cotag.n, cotag.share, cotag.lift) == ("roof=flat", 1, 1, 8)


def test_hostile_tags_stay_text_on_the_page_and_in_the_terminal(roofs, capsys):
    seen = preview(roofs, HERE, "big_roof")
    page = seen.page()
    assert "<script" not in page.lower()
    assert "&lt;script&gt;alert(1)" in page
    print_preview(seen, None)
    coverage = rule_coverage(roofs)
    assert "<script" not in coverage.page().lower()
    print_coverage(coverage, None)
    said = capsys.readouterr().out
    assert "note=\N{REPLACEMENT CHARACTER}[31mred" in said
    assert not set(ESCAPE[0] + ESCAPE[-1]) & set(said)


def test_coverage_tells_why_a_rule_decides_nothing():
    made = RuleCatalog()
    for rule, value, area, priority in (
        ("any", "*", None, "1"),
        ("house", "house", None, "50"),
        ("large", "house", "4000", "60"),
        ("castle", "castle", None, "50"),
    ):
        made.add(
            "tag_rules",
            rule_id=rule,
            key="building",
            value=value,
            min_area_m2=area,
            max_gsd_m="1",
            priority=priority,
        )
    for number in (1, 2):
        made.thing(f"a{number}", {"building": "house", "surface": "x"}, area=100)
        made.decide(f"a{number}", "building=house", "house", 1, phrase="house")
    made.thing("a3", {"amenity": "inn", "surface": "x"}, area=100)
    made.decide("a3", "amenity=inn", "inn", 1, phrase="house")
    seen = rule_coverage(made)
    idle = {rule.rule_id: rule for rule in seen.idle}
    assert {name: rule.reason for name, rule in idle.items()} == {
        "any": "shadowed",
        "large": "no_object",
        "castle": "no_tag",
    }
    assert (idle["any"].n_shadowed, idle["any"].winners) == (2, "house (2)")
    assert idle["large"].conditions == "min_area_m2 (2)"
    assert [(t.label, t.n_undecided) for t in seen.tags] == [("surface=x", 3)]
    assert [(k.label, k.example) for k in seen.keys] == [("surface", "x")]
    (shared,) = seen.phrases
    assert (shared.phrase, shared.n_objects) == ("house", 3)
    assert shared.givers == "building=house (house), amenity=inn (inn)"
    assert (seen.counts.n_grounded, seen.counts.n_objects) == (3, 3)


def test_a_rule_of_one_key_shares_its_words_with_nobody():
    made = RuleCatalog()
    for number, key in ((1, "a:x"), (2, "a:y")):
        made.thing(f"n{number}", {key: "v"})
        made.decide(f"n{number}", f"{key}=v", "family", 1, phrase="same")
    assert rule_coverage(made).phrases == ()


def test_the_page_of_a_rule_shows_twelve_chips_and_always_the_same(
    demo, skyloom, tmp_path
):
    lake = ("--lake", demo / "lake")

    def page(*flags: str) -> str:
        out = tmp_path / "rule.html"
        done = skyloom("rules", "preview", "natural_tree", *lake, "--out", out, *flags)
        assert done.returncode == 0, done.stderr
        assert str(out) in done.stdout
        return str(out.read_text())

    first = page()
    assert first.count("<figure") == first.count("data:image/jpeg;base64,") == 12
    assert first.count('class="focus halo" href="#o') == 12
    assert 'class="focus mine" title="natural=tree, rule natural_tree"' in first
    assert not re.search(r'(src|href)="(?!data:|#)', first)
    assert page() == first
    assert page("--seed", "other") != first


def test_the_commands_speak_to_machines(demo, skyloom):
    lake = ("--lake", demo / "lake")
    done = skyloom("rules", "preview", "rule_roundabout", *lake, "--json")
    seen = json.loads(done.stdout)
    assert seen["counts"]["n_objects"] == 1
    assert seen["rule"]["in_seed"] is False
    done = skyloom("rules", "coverage", *lake, "--json", "--limit", "3")
    seen = json.loads(done.stdout)
    assert len(seen["undecided_tags"]) == 3
    reasons = {rule["reason"] for rule in seen["idle_rules"]}
    assert reasons == {"shadowed", "no_object", "no_tag"}
    done = skyloom("rules", "preview", "natural_treee", *lake)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "did you mean 'natural_tree'?" in done.stderr
    done = skyloom("rules", "preview", "natural_tree", *lake, "--bbox", "1,2,3")
    assert (done.returncode, done.stdout) == (2, "")


def test_an_empty_catalog_has_a_coverage(capsys):
    seen = rule_coverage(RuleCatalog())
    assert "Rule coverage" in seen.page()
    print_coverage(seen, None)
    assert "0 of 0 objects" in capsys.readouterr().out
