"""The dbt project as people who know dbt expect it: its commands on a small lake."""

import json
import os
import shutil
import subprocess
import sys

import polars as pl
import pytest
import yaml

from skyloom.dbt_run import DBT, PROJECT
from skyloom.lake import LOCKED, Lake
from skyloom.raw_tables import SNAPSHOTS

# One worker makes what these tests read; another would only wait for it.
pytestmark = pytest.mark.xdist_group("bare_dbt")


def run(folder, *arguments, project=PROJECT):
    """One dbt command on the folder's lake; its notes and logs stay in the folder."""
    options = ["--project-dir", str(project), "--profiles-dir", str(project)]
    own = {key: text for key, text in os.environ.items() if key != LOCKED}
    own |= {"SKYLOOM_LAKE": str(folder / "lake"), "SKYLOOM_THREADS": "2"}
    own |= {"DBT_TARGET_PATH": str(folder / "target")}
    own |= {"DBT_LOG_PATH": str(folder / "logs")}
    done = subprocess.run(
        [sys.executable, "-c", DBT, *arguments, *options],
        env=own,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def folder(once):
    """A lake that bare dbt built, unit tests and all, and what dbt noted of it."""

    def fill(made):
        run(made, "build", "--threads", "4")
        # Later commands write their own.
        shutil.copytree(made / "target", made / "state")

    return once("bare_dbt", fill)


@pytest.fixture(scope="module")
def manifest(folder):
    return json.loads((folder / "state" / "manifest.json").read_text())


def public(manifest):
    """The nodes behind the published tables: what models/publish/catalog.py names."""
    names = manifest["nodes"]["model.skyloom.catalog"]["depends_on"]["nodes"]
    return [manifest["nodes"][name] for name in names]


def downstream(manifest, name):
    found, ahead = set(), [name]
    while ahead:
        found |= set(ahead)
        ahead = [c for one in ahead for c in manifest["child_map"].get(one, ())]
    return found


def test_a_build_runs_every_unit_and_data_test(folder, manifest):
    results = json.loads((folder / "state" / "run_results.json").read_text())
    status = {row["unique_id"]: row["status"] for row in results["results"]}
    # An exposure is noted, and nothing is done for it.
    assert set(status.values()) == {"success", "pass", "no-op"}
    tests = {name for name in manifest["nodes"] if name.startswith("test.")}
    assert tests | set(manifest["unit_tests"]) <= set(status)
    assert len(manifest["unit_tests"]) > 30


def test_every_public_table_keeps_a_contract_and_tells_its_columns(manifest):
    tables = public(manifest)
    assert len(tables) > 15
    for table in tables:
        assert table["description"], table["name"]
        assert table["columns"], table["name"]
        for column in table["columns"].values():
            assert column["description"], (table["name"], column["name"])
        # A seed has no contract; its types stand in the project.
        if table["resource_type"] == "seed":
            assert set(table["config"]["column_types"]) == set(table["columns"])
        else:
            assert table["config"]["contract"]["enforced"], table["name"]
            assert all(column["data_type"] for column in table["columns"].values())


def test_what_is_made_of_the_tables_is_declared(manifest):
    exposed = {
        one["name"]: {name.split(".")[-1] for name in one["depends_on"]["nodes"]}
        for one in manifest["exposures"].values()
    }
    assert {"images", "captions", "training_pairs"} <= exposed["skyscript_release"]
    assert exposed["training_run"] == {"training_pairs"}
    kinds = {one["type"] for one in manifest["exposures"].values()}
    assert kinds == {"application", "ml"}


def test_the_project_needs_no_package():
    for name in ("packages.yml", "dependencies.yml", "package-lock.yml"):
        assert not (PROJECT / name).exists()
    installed = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    assert "packages-install-path" not in installed


def test_a_changed_rule_selects_what_rules_decide_and_nothing_loaded(
    folder, manifest, tmp_path
):
    ignored = shutil.ignore_patterns("target", "logs")
    project = shutil.copytree(PROJECT, tmp_path / "dbt_project", ignore=ignored)
    seed = project / "seeds" / "tag_rules.csv"
    seed.write_text(seed.read_text().replace(",1.5,", ",1.4,", 1))
    state = ("--state", str(folder / "state"))
    said = run(
        folder,
        *("ls", "--quiet", "--select", "state:modified+", *state),
        *("--output", "json", "--output-keys", "unique_id"),
        project=project,
    )
    chosen = {
        json.loads(line)["unique_id"]
        for line in said.splitlines()
        if line.startswith("{")
    }
    below = downstream(manifest, "seed.skyloom.tag_rules")
    assert chosen == {name for name in below if not name.startswith("analysis.")}
    names = {name.split(".")[2] for name in chosen if name.startswith("model.")}
    assert {"stg_seeds__tag_rules", "object_tags", "captions", "catalog"} <= names
    # Scenes are of objects of which something may be said, so they follow the rules.
    loaded = {"objects", "snapshots", "sources", "rejects", "int_objects_in_imagery"}
    assert not names & loaded
    assert not any(name.startswith("stg_lake__") for name in names)
    assert not any(name.startswith("source.") for name in chosen)


def test_the_documentation_is_one_page_with_every_public_table(folder, manifest):
    run(folder, "docs", "generate", "--static")
    page = (folder / "target" / "static_index.html").read_text()
    for table in public(manifest):
        assert table["description"][:40] in page, table["name"]
    catalog = json.loads((folder / "target" / "catalog.json").read_text())
    for table in public(manifest):
        found = catalog["nodes"][table["unique_id"]]["columns"]
        assert list(found) == list(table["columns"]), table["name"]


def test_a_model_can_be_shown(folder):
    said = run(folder, "show", "--select", "stg_seeds__tag_rules", "--limit", "3")
    assert "rule_id" in said
    assert "building_any" in said


def test_freshness_is_the_age_of_the_latest_extract(folder, tmp_path):
    """It warns, so that nobody's build of an old extract fails."""
    lake = Lake.open(shutil.copytree(folder / "lake", tmp_path / "lake"))
    (empty,) = lake.files(SNAPSHOTS)
    dates = pl.Series(["2013-05-01", None, "2012-01-01"]).str.to_date()
    rows = pl.DataFrame({"snapshot_date": dates}).lazy()
    nothing = pl.read_parquet(empty)
    whole = pl.concat([nothing, rows.collect()], how="diagonal")
    file = lake.root / "osm" / "old@2013-05-01" / "snapshot.parquet"
    file.parent.mkdir()
    whole.write_parquet(file)
    said = run(tmp_path, "source", "freshness")
    assert "WARN freshness of lake.snapshots" in said
    found = json.loads((tmp_path / "target" / "sources.json").read_text())["results"]
    (snapshots,) = found
    assert snapshots["max_loaded_at"].startswith("2013-05-01")
