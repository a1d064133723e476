"""What has not changed is not made again, and what is made again is the same."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skyloom.catalog import Catalog
from skyloom.dbt_run import DBT, PROJECT
from skyloom.inputs import RECORD
from skyloom.lake import Lake

# One worker makes what these tests read; another would only wait for it.
pytestmark = pytest.mark.xdist_group("keeping")

# What looks at geometry: nothing of it follows from words alone.
SPATIAL = {
    "int_area_pieces",
    "int_detour_boxes",
    "int_hashed_boxes",
    "int_object_countries",
    "int_object_edges",
    "int_object_pieces",
    "int_objects_in_imagery",
    "int_scene_boxes",
    "int_scene_places",
    "objects",
    "scenes",
}
WIDER = {"area_margin_max": 0.7}


@pytest.fixture(scope="module")
def steps(once, demo, skyloom):
    """A lake built, built with another rule, with other boxes, and all anew."""

    def fill(folder: Path) -> None:
        shutil.copytree(demo / "lake", folder / "lake")
        project = folder / "dbt_project"
        ignored = shutil.ignore_patterns("target", "logs")
        shutil.copytree(PROJECT, project, ignore=ignored)
        lake = Lake.open(folder / "lake")

        def build(step: str, *more: str) -> None:
            done = skyloom(
                *("build", "--quiet", "--lake", lake.root, *more),
                SKYLOOM_PROJECT=str(project),
            )
            assert done.returncode == 0, done.stderr
            note(step)

        def note(step: str) -> None:
            results = json.loads((lake.root / "target/run_results.json").read_text())
            kept = [
                one["unique_id"].split(".")[-1]
                for one in results["results"]
                if one["message"] == "KEPT"
            ]
            files = {name: file.name for name, file in Catalog.open(lake).files.items()}
            (folder / f"{step}.json").write_text(json.dumps([kept, files]))

        # The lake has moved, so this build makes all anew; without the record of the
        # last build, which knows files by their names in the lake.
        (lake.catalog / RECORD).unlink()
        build("before")
        seed = project / "seeds" / "tag_rules.csv"
        rows = seed.read_text()
        plain = "building_house,building,house,,,,,1.5,,houses,"
        assert plain in rows
        seed.write_text(
            rows.replace(plain, plain.replace(",,houses", ",family home,houses"))
        )
        build("rule")
        build("boxes", "--vars", json.dumps(WIDER))
        done = subprocess.run(
            [
                *(sys.executable, "-c", DBT, "build", "--full-refresh", "--quiet"),
                *("--project-dir", str(project), "--profiles-dir", str(project)),
                *("--vars", json.dumps(WIDER)),
                *("--exclude-resource-type", "unit_test"),
            ],
            capture_output=True,
            text=True,
            env=os.environ
            | {
                "SKYLOOM_LAKE": str(lake.root),
                "DBT_TARGET_PATH": str(lake.root / "target"),
                "DBT_LOG_PATH": str(lake.root / "logs"),
            },
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        note("anew")

    folder = once("keeping", fill)
    names = ("before", "rule", "boxes", "anew")
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in names}


def test_a_changed_rule_makes_no_geometry(steps):
    kept, files = steps["rule"]
    _, before = steps["before"]
    assert set(kept) >= SPATIAL
    changed = {name for name in files if files[name] != before[name]}
    assert {"captions", "caption_words", "object_tags", "tag_rules"} <= changed
    assert not changed & {"objects", "scenes", "scene_objects", "images", "sources"}


def test_changed_boxes_are_joined_again(steps):
    kept, files = steps["boxes"]
    _, before = steps["rule"]
    assert {"objects", "int_object_pieces", "int_object_edges"} <= set(kept)
    changed = {name for name in files if files[name] != before[name]}
    assert {"scenes", "scene_objects", "captions"} <= changed


def test_what_was_added_to_is_what_is_made_at_once(steps):
    kept, files = steps["anew"]
    assert kept == []
    assert files == steps["boxes"][1]
