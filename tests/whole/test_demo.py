"""What a newcomer gets, and what an analyst's next day does to it."""

import csv
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import rasterio
from PIL import Image

from sample.elements import Elements, move_way
from sample.pbf import write_pbf
from sample.town import town
from skyloom.catalog import Catalog
from skyloom.dbt_run import PROJECT
from skyloom.lake import Lake
from skyloom.raw_tables import LEDGER


def ledger(lake: Lake) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in lake.files(LEDGER)])


def boxes(lake: Lake) -> dict[str, str]:
    scenes = Catalog.open(lake).frame("scenes")
    return dict(scenes.select("scene_id", "box_id").iter_rows())


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_demo_is_a_varied_data_set_marked_as_drawn(demo):
    catalog = Catalog.open(Lake.open(demo / "lake"))
    with (demo / "skyscript" / "pairs.csv").open(newline="") as file:
        pairs = list(csv.DictReader(file))
    assert list(pairs[0]) == ["filepath", "title", "title_multi_objects"]
    assert len(pairs) >= 300
    assert len({pair["title"] for pair in pairs}) >= 60
    assert {Path(pair["filepath"]).name[0] for pair in pairs} == set("nwar")
    images = catalog.frame("images")
    assert images["drawn"].all()
    assert "Drawn imagery" in (demo / "lake" / "report.html").read_text()
    output = (demo / "output.txt").read_text()
    for path in ("catalog.duckdb", "pairs.csv", "report.html"):
        assert path in output


def test_every_chip_is_the_picture_of_its_scene(demo):
    lake = Lake.open(demo / "lake")
    images = Catalog.open(lake).frame("images").sort("image_id")
    with rasterio.open(demo / "town" / "town.tif") as source:
        for row in images.gather_every(60).iter_rows(named=True):
            with Image.open(lake.root / row["filepath"]) as chip:
                assert chip.size == (row["width_px"], row["height_px"])
                left, top = row["transform"][2], row["transform"][5]
                line, column = source.index(left + 0.01, top - 0.01)
                window = rasterio.windows.Window(column, line, *chip.size)
                expected = source.read(window=window)
                got = np.asarray(chip.convert("RGB"), dtype=float).transpose(2, 0, 1)
            assert abs(got - expected).mean() < 5


def test_names_and_hostile_tags_reach_no_caption(demo):
    words = Catalog.open(Lake.open(demo / "lake")).frame("caption_words")
    said = " ".join(words["words"].unique().sort())
    for part in ("script", "{{", "Street", "phone", "@", "http"):
        assert part not in said
    assert not words["key"].is_in(["name", "ref", "phone", "website", "note"]).any()


def test_a_second_run_does_nothing_and_says_so(demo_lake, demo, skyloom):
    before = contents(demo_lake.root / "catalog")
    arguments = ["--osm", demo / "town" / "town.osm.pbf"]
    arguments += ["--imagery", demo / "town" / "town.tif", "--source-code", "DR"]
    done = skyloom("run", "--lake", demo_lake.root, *arguments)
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout
    assert "0 fetched" in done.stderr
    assert contents(demo_lake.root / "catalog") == before


def test_deleting_a_rule_changes_the_captions_that_used_it_and_no_other(
    demo_lake, skyloom, tmp_path
):
    rule = "highway_residential"
    catalog = Catalog.open(demo_lake)
    key = ["scene_id", "style"]
    captions = catalog.frame("captions")
    words = catalog.frame("caption_words")
    used = set(words.filter(pl.col("rule_id") == rule)["scene_id"])
    assert used
    fetched = ledger(demo_lake)

    project = tmp_path / "dbt_project"
    shutil.copytree(PROJECT, project)
    seed = project / "seeds" / "tag_rules.csv"
    lines = seed.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(f"{rule},")]
    assert len(kept) == len(lines) - 1
    seed.write_text("".join(kept))
    done = skyloom("build", "--lake", demo_lake.root, SKYLOOM_PROJECT=str(project))
    assert done.returncode == 0, done.stderr

    after = Catalog.open(demo_lake).frame("captions")
    same = captions.join(after, on=after.columns, how="semi", nulls_equal=True)
    assert set(captions["scene_id"]) - set(same["scene_id"]) == used
    assert after.join(captions, on=key, how="anti").is_empty()
    assert ledger(demo_lake).equals(fetched)
    # What the fetch would now ask for is what it asked for before, and no more.
    done = skyloom("fetch", "--lake", demo_lake.root)
    assert "chips: 0 fetched" in done.stdout, done.stdout + done.stderr


def a_house(elements: Elements, scenes: set[str]) -> int:
    return min(
        way.id
        for way in elements.ways
        if way.tags.get("building") == "detached" and f"a{way.id}_DR" in scenes
    )


def test_moving_an_object_fetches_its_boxes_and_pairs_no_old_chip(
    demo_lake, demo, skyloom, tmp_path
):
    before = boxes(demo_lake)
    house = a_house(town(), set(before))
    moved = tmp_path / "town.osm.pbf"
    write_pbf(move_way(town(), house, 12.0, 7.0), moved, "2024-07-01T00:00:00Z")
    old_images = Catalog.open(demo_lake).frame("images")
    asked = set(ledger(demo_lake)["request_id"])

    assert skyloom("load", moved, "--lake", demo_lake.root).returncode == 0
    done = skyloom("build", "--lake", demo_lake.root)
    assert done.returncode == 0, done.stderr
    after = boxes(demo_lake)
    changed = {scene for scene in after if after[scene] != before.get(scene)}
    assert changed == {f"a{house}_DR"}
    unfetched = Catalog.open(demo_lake).frame("images")
    assert set(old_images["scene_id"]) - set(unfetched["scene_id"]) == changed

    done = skyloom("fetch", "--lake", demo_lake.root)
    assert done.returncode == 0, done.stderr
    assert "chips: 1 fetched" in done.stdout
    rows = ledger(demo_lake)
    new = rows.filter(~pl.col("request_id").is_in(list(asked)))
    assert dict(new.select("scene_id", "box_id").iter_rows()) == {
        scene: after[scene] for scene in changed
    }
    images = Catalog.open(demo_lake).frame("images")
    assert dict(images.select("scene_id", "box_id").iter_rows()) == after
    (image,) = images.filter(pl.col("scene_id").is_in(list(changed))).to_dicts()
    (old,) = old_images.filter(pl.col("scene_id").is_in(list(changed))).to_dicts()
    assert image["filepath"] != old["filepath"]
    assert image["image_id"] == old["image_id"]
    assert (demo_lake.root / old["filepath"]).exists()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_number_of_threads_changes_no_byte(demo_lake, demo, skyloom, threads):
    (demo_lake.root / "warehouse.duckdb").unlink()
    shutil.rmtree(demo_lake.catalog)
    done = skyloom("build", "--lake", demo_lake.root, "--threads", threads)
    assert done.returncode == 0, done.stderr
    assert (
        Catalog.open(demo_lake).run_id == Catalog.open(Lake.open(demo / "lake")).run_id
    )
