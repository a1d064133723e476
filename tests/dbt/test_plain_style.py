"""Whole sentences of the style `plain`, read on the demo's lake beside `skyscript`."""

import json
import re

import polars as pl
import pytest

from skyloom.catalog import Catalog
from skyloom.lake import Lake

# One worker makes what these tests read; another would only wait for it.
pytestmark = pytest.mark.xdist_group("both_styles")

VARIABLES = json.dumps({"caption_styles": ["skyscript", "plain"]})
# Words that are spelled with a vowel and spoken with a consonant.
SPOKEN = ("uni", "eu", "one", "use")


@pytest.fixture(scope="module")
def both(once, demo, skyloom):
    """The demo's catalog with a caption of each scene in either style."""

    def fill(folder):
        import shutil

        shutil.copytree(demo / "lake", folder / "lake")
        arguments = ("--lake", folder / "lake", "--vars", VARIABLES)
        done = skyloom("build", *arguments, "--select", "stg_seeds__caption_styles+")
        assert done.returncode == 0, done.stderr

    return Catalog.open(Lake.open(once("both_styles", fill) / "lake"))


@pytest.fixture(scope="module")
def plain(both):
    return both.frame("captions").filter(pl.col("style") == "plain")


@pytest.fixture(scope="module")
def words(both):
    frame = both.frame("caption_words").filter(pl.col("style") == "plain")
    return frame.sort("scene_id", "caption", "position")


def test_each_scene_has_a_caption_in_each_style(both, demo, plain):
    alone = Catalog.open(Lake.open(demo / "lake")).frame("captions")
    beside = both.frame("captions").filter(pl.col("style") == "skyscript")
    assert beside.sort("scene_id").equals(alone.sort("scene_id"))
    assert plain["scene_id"].sort().equals(alone["scene_id"].sort())
    pairs = both.frame("training_pairs").group_by("style").len()
    assert dict(pairs.iter_rows())["plain"] == dict(pairs.iter_rows())["skyscript"] > 0


def test_a_caption_is_one_well_formed_sentence(plain):
    titles = set(plain["title"])
    texts = titles | set(plain["title_multi_objects"])
    assert len(texts) > 100
    for text in texts:
        assert re.fullmatch(r"[A-Z][A-Za-z]*([ -]|, |[A-Za-z]+)*[a-z]\.", text), text
        assert "  " not in text
        assert not re.search(r"\b(\w+) \1\b", text), text
        for article, following in re.findall(r"\b([Aa]n?) (\w+)", text):
            vowel = following[0].lower() in "aeiou" and not following.startswith(SPOKEN)
            assert article.lower() == ("an" if vowel else "a"), text
    for text in texts - titles:
        assert text.startswith("An aerial image of ")
    assert any(title.startswith("A large ") for title in titles)
    assert any(" with an asphalt surface." in title for title in titles)


def test_the_focus_reads_the_same_in_both_captions(plain):
    for title, multi in plain.select("title", "title_multi_objects").iter_rows():
        focus = multi.removeprefix("An aerial image of ").split(", surrounded by ")[0]
        assert (focus[0].upper() + focus[1:]).rstrip(".") == title.rstrip(".")


def test_nothing_is_said_twice_of_the_surroundings(plain):
    for multi in plain["title_multi_objects"]:
        _, _, around = multi.rstrip(".").partition(", surrounded by ")
        things = re.split(r", | and ", around)
        assert len(things) == len(set(things)), multi


def test_a_count_is_that_of_the_whole_objects_in_the_box(both, words):
    # Counted by hand from the published tables: trees are points, houses areas.
    shown = both.frame("scene_objects").filter(
        (pl.col("role") == "surrounding")
        & (pl.col("kind") != "line")
        & (pl.col("visible_fraction").fill_null(1) >= 0.5)
    )
    tags = both.frame("scene_tags").select("scene_id", "object_id", "key", "value")
    there = shown.join(tags, on=["scene_id", "object_id"])
    numbers = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    ahead = ["scene_id", "caption"]
    said = words.with_columns(before=pl.col("words").shift(1).over(ahead))
    for text, key, value in (
        ("trees", "natural", "tree"),
        ("swimming pools", "leisure", "swimming_pool"),
    ):
        counts = (
            there.filter((pl.col("key") == key) & (pl.col("value") == value))
            .group_by("scene_id")
            .agg(pl.len().alias("whole"))
        )
        counted = said.filter(
            (pl.col("words") == text) & pl.col("before").is_not_null()
        )
        rows = counted.join(counts, on="scene_id").filter(pl.col("whole") >= 2)
        assert rows.height > 5
        for row in rows.iter_rows(named=True):
            whole = row["whole"]
            assert row["n_objects"] == whole
            number = numbers[whole - 2] if whole <= 10 else "many"
            assert row["before"].split()[0] == number


def test_every_word_knows_what_gave_it(words):
    grammar = pl.col("role") == "grammar"
    assert words.filter(grammar & pl.col("object_id").is_not_null()).is_empty()
    given = words.filter(~grammar)
    untold = pl.any_horizontal(pl.col("object_id", "n_objects").is_null())
    assert given.filter(untold).is_empty()
    said = given.filter(pl.col("key").is_not_null())
    assert said.filter(
        pl.any_horizontal(pl.col("value", "rule_id").is_null())
    ).is_empty()
    sizes = set(given.filter(pl.col("key").is_null())["words"].str.strip_chars())
    assert {"large", "small", "two", "many", "two other"} <= sizes
    assert all(re.fullmatch("[a-z]+( [a-z]+)*", text) for text in sizes)
