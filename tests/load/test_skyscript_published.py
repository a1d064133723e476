"""The ten published images become a lake that needs no extract."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from skyloom.catalog import Catalog
from skyloom.lake import Lake
from tests.load.skyscript_folder import put_pair

# One worker makes what these tests read; another would only wait for it.
pytestmark = [pytest.mark.realdata, pytest.mark.xdist_group("published")]
PREFIX = "a satellite image of "
# By hand: the published grammar over what the rules let an image of its pixels show.
TITLES = {
    "a100004947_US_20": "building of retail",
    "a100004979_US_20": "building of commercial",
    "a1000068039_US_21": "man made breakwater, material of rock",
    "a1000068046_US_21": "man made breakwater, material of rock",
    "a1000070447_US_21": "building, amenity of place of worship",
    "a10000756_CH_19": "landuse of recreation ground",
    "a1000099749_US_21": "leisure land of pitch, surface of grass",
    "a100011518_FI_17": "landuse of recreation ground",
    "a100011519_FI_17": "roof shape of hipped, building",
    "a100011584_FI_17": (
        "building of apartments, roof shape of gabled, roof colour of darksalmon"
    ),
}
MULTI = {
    "a100004947_US_20": (
        "building of retail, surrounded by road of service; building; road of tertiary"
    ),
    "a1000068039_US_21": "man made breakwater with material of rock",
    "a10000756_CH_19": "landuse of recreation ground, surrounded by road of secondary",
    # The pitch beside it says the same.
    "a1000099749_US_21": "leisure land of pitch with surface of grass",
}


@pytest.fixture(scope="module")
def folder(once, skyloom, real_data):
    """The ten images in a new lake, built, with captions and one bad image."""

    def fill(made: Path) -> None:
        published = made / "published"
        shutil.copytree(real_data / "skyscript" / "images", published / "images")
        shutil.copy(real_data / "skyscript" / "meta.json", published)
        put_pair(published, "n1_QQ_20")
        (published / "pairs.csv").write_text(
            "filepath,title,title_multi_objects,similarity_CLIP_openai\n"
            "images2/a10000756_CH_19.jpg,published,published too,0.25\n"
            "images2/n5_US_20.jpg,t,m,0.2\n"
        )
        for arguments in (
            ("import", "skyscript", published, "--lake", made / "lake"),
            ("build", "--lake", made / "lake"),
        ):
            done = skyloom(*arguments)
            assert done.returncode == 0, done.stdout + done.stderr

    return once("published", fill)


@pytest.fixture(scope="module")
def catalog(folder):
    return Catalog.open(Lake.open(folder / "lake"))


def test_captions_are_made_anew_in_the_published_grammar(catalog):
    made = catalog.frame("captions").filter(style="skyscript")
    titles = dict(made.select("scene_id", "title").iter_rows())
    assert titles == {name: PREFIX + text for name, text in TITLES.items()}
    several = dict(made.select("scene_id", "title_multi_objects").iter_rows())
    assert {name: several[name] for name in MULTI} == {
        name: PREFIX + text for name, text in MULTI.items()
    }
    longest = several["a100011518_FI_17"]
    # As published, in the order of the metadata; what repeats is said once.
    assert longest.startswith(
        f"{PREFIX}landuse of recreation ground, surrounded by landuse of grass; "
        "road of residential; natural scrub; leisure land of pitch with "
    )


def test_images_keep_their_published_names_and_have_terms(catalog):
    images = catalog.frame("images").sort("image_id")
    assert images["image_id"].to_list() == sorted(TITLES)
    assert (images["image_id"] == images["scene_id"]).all()
    assert set(images["recipe"]) == {"published"}
    assert images.filter(pl.col("license").is_null()).is_empty()
    assert images.filter(pl.col("attribution").is_null()).is_empty()
    sizes = dict(images.group_by("source").agg(pl.col("gsd_y_m").mean()).iter_rows())
    assert sizes == pytest.approx({"US": 0.593, "CH": 0.098, "FI": 0.459}, abs=0.01)


def test_objects_are_tags_without_geometry(catalog):
    objects = catalog.frame("objects")
    assert objects["geometry"].is_null().all()
    focus = objects.filter(object_id="a10000756_CH_19").row(0, named=True)
    assert (focus["osm_type"], focus["osm_id"], focus["kind"]) == (
        "way",
        10000756,
        "area",
    )
    shown = catalog.frame("scene_objects").filter(role="surrounding")
    assert shown["object_id"].str.contains("^s[0-9a-f]{32}$").all()
    assert shown["share_of_box"].is_null().all()


def test_pairs_are_split_and_selected_as_any(catalog):
    scenes = dict(catalog.frame("scenes").select("scene_id", "split").iter_rows())
    kept = {name for name, split in scenes.items() if split != "gap"}
    pairs = catalog.frame("training_pairs").filter(selection="all", style="skyscript")
    assert set(pairs["image_id"]) == kept


def test_what_was_published_stands_beside(catalog):
    captions = catalog.frame("published_captions")
    assert captions.select("scene_id", "caption", "text").sort("caption").rows() == [
        ("a10000756_CH_19", "title", "published"),
        ("a10000756_CH_19", "title_multi_objects", "published too"),
    ]
    rejects = catalog.frame("import_rejects").sort("reason")
    assert rejects.select("image_name", "reason").rows() == [
        ("n5_US_20", "no_image"),
        ("n1_QQ_20", "source"),
    ]


def test_the_same_again_makes_no_other_catalog(folder, skyloom):
    published, lake = folder / "published", folder / "lake"
    again = skyloom("import", "skyscript", published, "--lake", lake)
    assert "as before" in again.stdout
    assert "unchanged" in skyloom("build", "--lake", lake).stdout


def test_the_lake_is_exported_under_the_published_names(folder, skyloom, tmp_path):
    done = skyloom(
        *("export", "--format", "skyscript", "--lake", folder / "lake"),
        *("--out", tmp_path / "out"),
    )
    assert done.returncode == 0, done.stderr
    names = {file.stem for file in (tmp_path / "out").glob("images[2-7]/*.jpg")}
    assert names == set(TITLES)


def test_a_fetch_plans_nothing_for_what_was_imported(folder, skyloom, tmp_path):
    shutil.copytree(folder / "lake", tmp_path / "lake")
    done = skyloom("fetch", "--lake", tmp_path / "lake")
    assert done.returncode == 0, done.stderr
    images = Catalog.open(Lake.open(tmp_path / "lake")).frame("images")
    assert len(images) == len(TITLES)


def test_an_explanation_and_a_report_are_made(folder, skyloom):
    told = skyloom("explain", "a10000756_CH_19", "--lake", folder / "lake")
    assert told.returncode == 0, told.stderr
    assert "road of secondary" in told.stdout
    report = skyloom("report", "--lake", folder / "lake")
    assert report.returncode == 0, report.stderr
