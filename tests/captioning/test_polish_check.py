"""A polished caption says nothing that its facts do not say."""

import json

import pytest

from captioning.lexicon import read_lexicon, stem
from captioning.polish_check import judge
from skyloom.catalog import Catalog
from skyloom.dbt_run import PROJECT
from tests.captioning.polish_catalog import Scene, new_lake

WOOD = Scene(
    "wood",
    (
        ("natural woodland", "leaf type is broadleaved"),
        ("road of residential",),
        ("natural tree",),
        ("building of semidetached house", "roof colour of red"),
    ),
    (None, None, 3),
)
FIELD = Scene("field", (("American football field",), ("lanes of 6",)))


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory):
    lake = new_lake(tmp_path_factory.mktemp("lexicon"))
    return read_lexicon(Catalog.open(lake), PROJECT / "seeds")


def judged(lexicon, caption, used=("f1",), scene=WOOD):
    reply = json.dumps({"caption": caption, "used": list(used)})
    return judge(reply, scene.facts, lexicon)


GOOD = [
    ("A broadleaved woodland seen from above.", ["f1"]),
    ("Broadleaved woods lie beside a residential road.", ["f1", "f2"]),
    ("An aerial view of broadleaved woodland with three trees.", ["f1", "f3"]),
    ("Woodland with 3 trees nearby.", ["f1", "f3"]),
    ("Woodland. Next to it is a semi-detached house with a red roof.", ["f1", "f4"]),
    ("A satellite image of woodland bordered by residential roads.", ["f1", "f2"]),
]


@pytest.mark.parametrize(("caption", "used"), GOOD)
def test_natural_words_for_the_facts_pass(lexicon, caption, used):
    found = judged(lexicon, caption, used)
    assert found.faults == ()
    assert found.caption == caption


def test_a_capital_and_a_number_that_facts_have_pass(lexicon):
    caption = "An American football field next to six lanes."
    assert judged(lexicon, caption, ["f1", "f2"], FIELD).reasons == []
    assert judged(lexicon, caption, ["f1"], FIELD).reasons == [
        "missing_fact",
        "number",
    ]


BAD = [
    ("unknown_fact", "A woodland.", ["f1", "f9"]),
    ("missing_fact", "A residential road.", ["f2"]),
    ("missing_fact", "A woodland with a tree.", ["f1"]),
    ("missing_fact", "A residential road.", ["f1", "f2"]),
    ("missing_fact", "A woodland.", ["f1", "f2"]),
    ("lexicon", "A woodland beside a swimming pool.", ["f1"]),
    ("lexicon", "A woodland by a quarry.", ["f1"]),
    ("lexicon", "A woodland beside farmland.", ["f1"]),
    ("name", "A woodland in Bavaria.", ["f1"]),
    ("name", "Bavaria has a woodland.", ["f1"]),
    ("name", "A woodland. Munich is near.", ["f1"]),
    ("name", "A woodland near the ZOB.", ["f1"]),
    ("digit", "A woodland of 40 hectares.", ["f1"]),
    ("digit", "A woodland with 4 trees.", ["f1", "f3"]),
    ("form", "A woodland of \u0664 parts.", ["f1"]),
    ("number", "A woodland with four trees.", ["f1", "f3"]),
    ("number", "A woodland with two roads.", ["f1", "f2"]),
    ("number", "A woodland with several residential roads.", ["f1", "f2"]),
    ("compass", "A woodland south of a road.", ["f1", "f2"]),
    ("compass", "A woodland in the northeastern part.", ["f1"]),
    ("compass", "A woodland in the north-west.", ["f1"]),
    ("position", "A woodland on the left.", ["f1"]),
    ("colour", "A green woodland.", ["f1"]),
    ("colour", "A woodland with a red roof.", ["f1"]),
    ("hedge", "It may be a woodland.", ["f1"]),
    ("hedge", "A woodland, probably broadleaved.", ["f1"]),
    ("form", "", ["f1"]),
    ("form", "A woodland.\nA road.", ["f1"]),
    ("form", "A w\u043eodland.", ["f1"]),
    ("form", "A woodland <b>here</b>.", ["f1"]),
    ("form", "A woodland, see https://x.example", ["f1"]),
    ("too_long", "A woodland " + "and a broadleaved woodland " * 20, ["f1"]),
]


@pytest.mark.parametrize(("reason", "caption", "used"), BAD)
def test_each_lie_has_its_reason(lexicon, reason, caption, used):
    found = judged(lexicon, caption, used)
    assert found.caption is None
    assert reason in found.reasons
    assert all(fault.said for fault in found.faults)


def test_the_reason_is_of_the_lie_alone(lexicon):
    """A woodland alone passes: the reason comes from what is beside it."""
    for reason, caption, used in BAD:
        if used == ["f1"] and reason in ("colour", "hedge", "name", "compass"):
            if "road" in caption or "roof" in caption:
                continue
            assert judged(lexicon, caption, used).reasons == [reason], caption


BROKEN = [
    "",
    "A woodland.",
    "[]",
    '{"caption": "A woodland."}',
    '{"caption": 3, "used": ["f1"]}',
    '{"caption": "A woodland.", "used": [1]}',
    '{"caption": "A woodland.", "used": ["f1"]',
    "[" * 100_000,
]


@pytest.mark.parametrize("reply", BROKEN)
def test_what_is_no_such_object_is_not_json(lexicon, reply):
    assert judge(reply, WOOD.facts, lexicon).reasons == ["not_json"]


def test_a_fence_round_the_object_and_typographic_marks_are_taken_off(lexicon):
    reply = '```json\n{"caption": "A woodland\u2019s road.", "used": ["f1", "f2"]}\n```'
    assert judge(reply, WOOD.facts, lexicon).caption == "A woodland's road."


def test_plurals_and_genitives_have_the_stem_of_the_word():
    pairs = {
        "houses": "house",
        "cities": "city",
        "churches": "church",
        "grass": "grass",
    }
    assert {word: stem(word) for word in pairs} == pairs
    assert stem("bus") == "bus"
    assert stem("wood's") == "wood"
