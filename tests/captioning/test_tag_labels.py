"""The labels, and the sample that they were drawn as."""

import csv
from collections import Counter

import pytest

from captioning.label_sample import (
    PER_FAMILY,
    PER_KEY,
    PER_THING,
    STRATA,
    Tag,
    label_sample,
    thing_keys,
    write_sample,
)
from captioning.tag_labels import GSD_CLASSES, read_labels
from skyloom.dbt_run import PROJECT
from skyloom.errors import UsageError

SEED = PROJECT / "seeds" / "tag_labels.csv"


@pytest.fixture(scope="module")
def rows():
    with SEED.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_seed_is_well_formed(rows):
    labels = read_labels(SEED)
    assert len(labels) == len(rows) >= 2000
    judged = [label for label in labels if label.gsd_class is not None]
    assert len(judged) >= 500
    assert all(label.groundable for label in judged)
    assert {label.gsd_class for label in judged} == set(range(len(GSD_CLASSES)))
    assert sum(bool(row["reason"]) for row in rows) >= 200


def test_each_stratum_has_both_answers(rows):
    answers = Counter((int(row["stratum"]), row["groundable"]) for row in rows)
    assert {stratum for stratum, _ in answers} == set(STRATA)
    assert all(
        answers[stratum, say] >= 50 for stratum in STRATA for say in ("yes", "no")
    )


def test_no_key_swamps_the_labels(rows):
    things = thing_keys(PROJECT / "seeds" / "plain_words.csv")
    per_key = Counter(row["key"] for row in rows)
    for key, n in per_key.items():
        assert n <= (PER_THING if key in things else PER_KEY), key
    names = [row for row in rows if row["key"].partition(":")[0] == "name"]
    assert 5 <= len(names) <= PER_FAMILY
    assert all(row["groundable"] == "no" for row in names)


def test_a_reader_of_the_map_would_agree():
    labels = {label.tag: label for label in read_labels(SEED)}
    for key, value, gsd in [
        ("building", "house", 1),
        ("natural", "water", 10),
        ("roof:shape", "gabled", 0.2),
        ("surface", "asphalt", 0.6),
        ("highway", "motorway", 10),
    ]:
        gsd_class = labels[key, value].gsd_class
        assert gsd_class is not None and GSD_CLASSES[gsd_class] == gsd
    for tag in [("amenity", "restaurant"), ("tunnel", "yes"), ("operator", "MVG")]:
        assert not labels[tag].groundable


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("a,b,maybe,,1,", "labels.csv, label 2"),
        ("a,b,yes,0.5,1,", "max_gsd_m"),
        ("a,b,no,1,1,", "beside a no"),
        ("k,v,no,,1,", "twice"),
        (",b,no,,1,", "no key"),
    ],
)
def test_a_row_that_is_no_label_is_named(tmp_path, row, fault):
    file = tmp_path / "labels.csv"
    file.write_text(
        f"key,value,groundable,max_gsd_m,stratum,reason\nk,v,yes,1,1,\n{row}\n"
    )
    with pytest.raises(UsageError, match=fault):
        read_labels(file)


def tags():
    streets = [Tag("name", f"street {n}", 1 + n % 30) for n in range(3000)]
    colours = [Tag("colour", f"c{n}", 2000 - n) for n in range(400)]
    return streets + colours + [Tag(f"k{n}", "v", n) for n in range(1, 900)]


def test_a_sample_has_all_strata_and_is_the_same_twice():
    drawn = label_sample(tags(), frozenset({"colour"}), rows=500)
    assert drawn == label_sample(tags()[::-1], frozenset({"colour"}), rows=500)
    assert {tag.stratum for tag in drawn} == set(STRATA)
    assert drawn != label_sample(tags(), frozenset({"colour"}), rows=500, seed="b")
    per_key = Counter(tag.key for tag in drawn)
    assert per_key["name"] == PER_KEY < per_key["colour"] <= PER_THING


def test_labelled_tags_are_not_drawn_again(tmp_path):
    first = label_sample(tags(), frozenset(), rows=100)
    known = frozenset((tag.key, tag.value) for tag in first)
    second = label_sample(tags(), frozenset(), rows=100, labelled=known)
    assert second and not known & {(tag.key, tag.value) for tag in second}
    write_sample([Tag("note", 'a "quoted"\nline', 3)], tmp_path / "sample.csv")
    with (tmp_path / "sample.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["value"], row["stratum"]) == ('a "quoted"\nline', "3")
    assert (row["groundable"], row["reason"]) == ("", "")
