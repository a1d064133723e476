"""What a release says of itself: terms, what it left out, limits, changes."""

import csv
import json
import subprocess

import polars as pl
import pytest

from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.release.export import export_release
from skyloom.release.order import FORMATS, Order, parse_formats
from tests.skyloom.release_catalog import ReleaseCatalog, small_catalog


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """One source that may be shared and four that may not, each for another reason."""
    folder = tmp_path_factory.mktemp("mixed")
    catalog = ReleaseCatalog(Lake.open(folder / "lake", create=True))
    catalog.source("US", shared=True)
    catalog.source("ZA")
    catalog.source("XX", shared=False)
    catalog.pair("a1")
    catalog.pair("a2", source="ZA", license=None, colour=2)
    catalog.pair("a3", source="ZA", license="Not for release!", colour=3)
    catalog.pair("a4", source="XX", colour=4)
    catalog.pair("a5", attribution=" ", colour=5)
    return catalog.publish()


def test_what_may_not_be_shared_leaves_its_box_and_a_recipe(mixed, skyloom, tmp_path):
    out = tmp_path / "out"
    done = skyloom(
        *("export", "--lake", mixed.root, "--out", out, "--quiet"),
        *("--format", ",".join(FORMATS)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "1 pairs in" in done.stdout
    for said in (
        "1 of source ZA (its licence is not stated)",
        "1 of source ZA (it is not for release)",
        "1 of source XX (its licence forbids sharing)",
        "1 of source US (nobody is named for it)",
    ):
        assert said in done.stdout
    recipes = pl.read_parquet(out / "recipes.parquet")
    assert recipes["image_id"].to_list() == [
        *("a2_ZA_20", "a3_ZA_20", "a4_XX_20", "a5_US_20")
    ]
    row = recipes.row(0, named=True)
    assert row["transform"] == [0.5, 0.0, 500_100.0, 0.0, -0.5, 5_000_000.0]
    assert (row["crs"], row["width_px"], row["source_image_ids"]) == (
        *("EPSG:32632", 32, ["scan"]),
    )
    assert row["title"] == "a satellite image of building"
    with (out / "recipes.csv").open(newline="") as file:
        assert [one["image_id"] for one in csv.DictReader(file)] == list(
            recipes["image_id"]
        )
    # Nowhere else are they: no pixel and no caption of theirs.
    assert len(list(out.glob("images*/*.jpg"))) == 1
    kept = pl.read_parquet(out / "data" / "train-*.parquet")
    assert kept["image_id"].to_list() == ["a1_US_20"]
    assert pl.read_parquet(out / "items.parquet")["id"].to_list() == ["a1_US_20"]
    licences = (out / "LICENSES.md").read_text()
    assert "| pixels of XX (Source XX) | CC-BY-4.0 | 1 | boxes only:" in licences
    assert "Not for release!" not in (out / "ATTRIBUTION.md").read_text()
    assert "4 pairs more have boxes and recipes" in (out / "LIMITS.md").read_text()


def test_a_release_without_any_pixels_is_still_one(mixed, tmp_path):
    order = Order(FORMATS, where="source <> 'US'")
    done = export_release(mixed, tmp_path / "out", order)
    assert (done.n_pairs, len(done.left_out)) == (0, 3)
    assert pl.read_parquet(tmp_path / "out" / "recipes.parquet").height == 3
    assert pl.read_parquet(tmp_path / "out" / "data" / "*.parquet").height == 0
    assert (tmp_path / "out" / "pairs.csv").read_text().count("\n") == 1


def test_for_ones_own_use_nothing_is_left_out(mixed, tmp_path):
    done = export_release(mixed, tmp_path / "out", Order(private=True))
    assert (done.n_pairs, done.left_out) == (5, ())
    for page in ("ATTRIBUTION.md", "README.md"):
        assert (
            "For private use: not for release" in (tmp_path / "out" / page).read_text()
        )


def test_openstreetmap_and_each_source_are_named(mixed, tmp_path):
    export_release(mixed, tmp_path / "out", Order())
    text = (tmp_path / "out" / "ATTRIBUTION.md").read_text()
    assert "(c) OpenStreetMap contributors" in text
    assert "Open Database License" in text
    assert "| US (Source US) | 1 | CC-BY-4.0 | The Survey | no |" in text


def test_every_file_has_its_digest(mixed, tmp_path):
    export_release(mixed, tmp_path / "out", Order(FORMATS))
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path / "out"
    )
    assert done.returncode == 0
    lines = (tmp_path / "out" / "SHA256SUMS").read_text().splitlines()
    names = [line.split("  ", 1)[1] for line in lines]
    files = {p for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert names == sorted(names)
    assert {tmp_path / "out" / name for name in names} == files - {
        tmp_path / "out" / "SHA256SUMS"
    }


def test_limits_count_by_country_source_and_split(tmp_path):
    lake = small_catalog(tmp_path / "lake").publish()
    export_release(lake, tmp_path / "out", Order())
    text = (tmp_path / "out" / "LIMITS.md").read_text()
    for line in (
        "7 pairs, 1 different titles",
        "| IT | 7 | 100.0% |",
        "| US (Source US) | 6 | 85.7% |",
        "| CH (Source CH) | 1 | 14.3% |",
        "| train | 4 | 57.1% |",
        "| not known | 1 | 14.3% |",
        "4 captions are worded by a language model",
    ):
        assert line in text, line


def changed(catalog: ReleaseCatalog) -> Lake:
    """One pair of each: added, removed, another caption, another chip."""
    catalog.rows["scenes"] = [
        row for row in catalog.rows["scenes"] if row["scene_id"] != "a0_US"
    ]
    catalog.pair("r9", source="CH", colour=9)
    catalog.rows["captions"][1]["title"] = "a satellite image of barn"
    fresh = next(r for r in catalog.rows["images"] if r["image_id"] == "a2_US_20")
    other = next(r for r in catalog.rows["images"] if r["image_id"] == "a3_US_20")
    fresh |= {name: other[name] for name in ("filepath", "sha256", "n_bytes")}
    return catalog.publish()


@pytest.mark.parametrize("in_place", [True, False])
def test_changes_tell_what_differs_from_the_release_before(in_place, skyloom, tmp_path):
    catalog = small_catalog(tmp_path / "lake")
    export_release(catalog.publish(), tmp_path / "one", Order())
    assert "first release" in (tmp_path / "one" / "CHANGES.md").read_text()
    lake = changed(catalog)
    out = tmp_path / ("one" if in_place else "two")
    since = () if in_place else ("--since", tmp_path / "one")
    done = skyloom("export", "--lake", lake.root, "--out", out, "--quiet", *since)
    assert done.returncode == 0, done.stderr
    text = (out / "CHANGES.md").read_text()
    assert "| CH | 2 | 1 | 0 | 0 | 0 |" in text
    assert "| US | 5 | 0 | 1 | 1 | 1 |" in text
    assert "| all | 7 | 1 | 1 | 1 | 1 |" in text


def test_since_is_a_release_or_refused(mixed, tmp_path):
    (tmp_path / "no").mkdir()
    with pytest.raises(UsageError, match="no release"):
        export_release(mixed, tmp_path / "out", Order(), since=tmp_path / "no")


def test_an_export_of_the_older_form_is_replaced_without_a_comparison(mixed, tmp_path):
    (tmp_path / "out" / "images").mkdir(parents=True)
    (tmp_path / "out" / "export.json").write_text('{"format": "skyscript"}')
    pl.DataFrame({"filepath": ["images/a.jpg"]}).write_parquet(
        tmp_path / "out" / "metadata.parquet"
    )
    export_release(mixed, tmp_path / "out", Order())
    assert "was not compared" in (tmp_path / "out" / "CHANGES.md").read_text()
    assert not (tmp_path / "out" / "images").exists()


def test_a_selection_brings_its_pairs_splits_and_scores(tmp_path):
    catalog = small_catalog(tmp_path / "lake")
    for number, split in enumerate(("train", "test", "train")):
        image = f"a{number}_US_20"
        catalog.add(
            "selections",
            selection="top",
            image_id=image,
            similarity=number / 8,
            kept=True,
        )
        catalog.add(
            "training_pairs",
            selection="top",
            style="skyscript",
            image_id=image,
            split=split,
        )
    lake = catalog.publish()
    order = Order(selection="top", where="similarity > 0")
    assert export_release(lake, tmp_path / "out", order).n_pairs == 2
    with (tmp_path / "out" / "pairs_test.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["similarity_CLIP_openai"] == "0.125"
    assert json.loads((tmp_path / "out" / "export.json").read_text())["selection"] == (
        "top"
    )
    with pytest.raises(UsageError, match=r"no selection 'tip'.* are top"):
        export_release(lake, tmp_path / "o", Order(selection="tip"))
    with pytest.raises(UsageError, match=r"no style 'grand'.* are skyscript"):
        export_release(lake, tmp_path / "o", Order(style="grand"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake", "out"]


def test_formats_are_words_with_commas():
    assert parse_formats("stac, SkyScript,stac") == ("skyscript", "stac")
    # Croissant describes files, which some other form has to write.
    assert parse_formats("croissant") == ("croissant", "huggingface")
    for wrong in ("", "zip", "stac;skyscript"):
        with pytest.raises(UsageError, match="--format"):
            parse_formats(wrong)
