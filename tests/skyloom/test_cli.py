"""The command line: what is documented, and what it says to bad input."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from typer.main import get_command

from skyloom import command_list
from skyloom.cli import app
from skyloom.complaint import NO_STAGES
from skyloom.dbt_run import PROJECT
from skyloom.lake import Lake

CHECKOUT = Path(__file__).resolve().parents[2]
COMMANDS = cast("Any", get_command(app)).commands


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_and_stands_in_the_readme(command):
    assert COMMANDS[command].help
    readme = (CHECKOUT / "README.md").read_text()
    assert re.search(rf"`skyloom {command}\b", readme), command


def test_without_its_stage_a_command_says_so_whatever_it_is_given(tmp_path):
    """The spine alone, as the wheel has it, beside a `train` that is not ours."""
    shutil.copytree(CHECKOUT / "skyloom", tmp_path / "skyloom")
    (tmp_path / "train.py").write_text("raise SystemExit('not ours')")
    code = """
import sys
from typer.main import get_group
from skyloom import cli
from skyloom.command_list import COMMANDS
for name in (name for name, stage in COMMANDS.items() if stage):
    for words in ([], ["preview", "x", "--lake", "y"], ["--report"]):
        sys.argv = ["skyloom", name, *words]
        try:
            cli.main()
        except SystemExit as end:
            print(name, end.code)
print(*get_group(cli.app).list_commands(None))
"""
    packages = sysconfig.get_paths()["purelib"]
    done = subprocess.run(
        # Without site's .pth files the checkout of an editable install is not found.
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": packages},
        capture_output=True,
        text=True,
    )
    names = [name for name, stage in command_list.COMMANDS.items() if stage]
    asked = [f"{name} 2" for name in names for _ in range(3)]
    assert done.stdout.splitlines() == [*asked, " ".join(command_list.COMMANDS)]
    assert done.stderr.splitlines() == [f"skyloom: {NO_STAGES}"] * len(asked)


def one_line(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode in (1, 2), done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("skyloom: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


@pytest.fixture
def town_pbf(demo: Path) -> Path:
    return demo / "town" / "town.osm.pbf"


def bad_pbf(kind: str, folder: Path, good: Path) -> Path:
    path = folder / f"{kind}.osm.pbf"
    content = good.read_bytes()
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "html":
        path.write_bytes(b"<!doctype html><title>Not found</title>" * 40)
    return path


@pytest.mark.parametrize("kind", ["missing", "empty", "truncated", "html"])
@pytest.mark.parametrize("command", ["load", "run"])
def test_a_bad_extract_is_one_line_and_leaves_the_lake_alone(
    kind, command, skyloom, town_pbf, tmp_path
):
    bad = bad_pbf(kind, tmp_path, town_pbf)
    files: list[object] = [bad] if command == "load" else ["--osm", bad]
    new = tmp_path / "new"
    one_line(skyloom(command, *files, "--lake", new), bad.name)
    assert not new.exists()
    lake = Lake.open(tmp_path / "lake", create=True)
    before = digest(lake.root)
    one_line(skyloom(command, *files, "--lake", lake.root), bad.name)
    assert digest(lake.root) == before


def write_raster(path: Path, crs: str | None, west: float, north: float) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=64,
        height=64,
        count=3,
        dtype="uint8",
        crs=crs,
        transform=from_origin(west, north, 1e-5, 1e-5) if crs else None,
    ) as image:
        image.write(np.full((3, 64, 64), 100, dtype="uint8"))
    return path


def test_a_raster_without_crs_is_refused_with_the_remedy(skyloom, town_pbf, tmp_path):
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        raster = write_raster(tmp_path / "bare.tif", None, 0, 0)
    done = skyloom(
        *("run", "--lake", tmp_path / "lake", "--osm", town_pbf, "--imagery", raster)
    )
    one_line(done, "bare.tif", "gdal_edit.py")
    assert not (tmp_path / "lake").exists()


def test_a_raster_of_another_place_is_refused(skyloom, town_pbf, tmp_path):
    raster = write_raster(tmp_path / "far.tif", "EPSG:4326", 100, 10)
    lake = Lake.open(tmp_path / "lake", create=True)
    before = digest(lake.root)
    done = skyloom(
        *("run", "--lake", lake.root, "--osm", town_pbf, "--imagery", raster)
    )
    one_line(done, "far.tif", "covers none of the objects")
    assert digest(lake.root) == before


def test_a_folder_that_is_no_lake_is_refused(skyloom, town_pbf, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.txt").write_text("cat")
    for command in (["load", town_pbf], ["build"], ["report"], ["tables"]):
        done = skyloom(*command, "--lake", tmp_path / "photos")
        one_line(done, "photos", "not a lake")
    assert digest(tmp_path / "photos").keys() == {"cat.txt"}


def test_a_second_run_while_one_is_at_work_is_refused(
    skyloom, town_pbf, tmp_path, monkeypatch
):
    lake = Lake.open(tmp_path / "lake", create=True)
    with lake.lock("skyloom run --osm planet"):
        before = digest(lake.root)
        done = skyloom("load", town_pbf, "--lake", lake.root)
        one_line(done, "`skyloom run --osm planet` (process")
        assert digest(lake.root) == before


@pytest.fixture
def small_disk(tmp_path: Path):
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system needs root and mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.realdata
def test_a_full_disk_is_one_line_and_leaves_the_lake_as_it_was(
    skyloom, real_data, small_disk
):
    big = real_data / "osm" / "monaco_quackosm.osm.pbf"
    one_line(skyloom("load", big, "--lake", small_disk / "new", "--quiet"))
    assert not (small_disk / "new").exists()
    lake = Lake.open(small_disk / "lake", create=True)
    before = {name for name in digest(lake.root) if not name.startswith("runs")}
    one_line(skyloom("load", big, "--lake", lake.root, "--quiet"))
    after = {name for name in digest(lake.root) if not name.startswith("runs")}
    assert after - {"lock"} == before - {"lock"}


def test_a_query_reads_the_catalog_and_nothing_else(skyloom, demo, tmp_path):
    lake = demo / "lake"
    done = skyloom(
        "query", "--lake", lake, "--json", "select count(*) as n from images"
    )
    assert json.loads(done.stdout)[0]["n"] >= 300
    hostile = [
        "select * from read_text('/etc/hostname')",
        f"copy (select 1) to '{tmp_path / 'out.csv'}'",
        "attach ':memory:' as other",
        "install httpfs",
        "select 1; select 2",
        "set memory_limit = '1GB'",
        "select * from glob('/*')",
        "this is not sql",
    ]
    for sql in hostile:
        one_line(skyloom("query", "--lake", lake, sql))
    assert not (tmp_path / "out.csv").exists()


def test_an_unknown_table_is_named_with_those_there_are(skyloom, demo):
    done = skyloom("query", "--lake", demo / "lake", "select * from imagez")
    one_line(done, "imagez")


def test_bad_vars_are_refused(skyloom, tmp_path):
    done = skyloom("build", "--lake", tmp_path / "lake", "--vars", "{max_px")
    one_line(done, "--vars")
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize(
    ("variables", "said"),
    [('{"max_pxx": 300}', "did you mean 'max_px'"), ('{"max_px": "abc"}', "'abc'")],
)
def test_a_var_that_is_none_is_refused(variables, said, skyloom, tmp_path):
    done = skyloom("build", "--lake", tmp_path / "lake", "--vars", variables)
    one_line(done, said)
    assert not (tmp_path / "lake").exists()


def test_a_failed_command_takes_away_nothing_of_the_users(skyloom, tmp_path):
    bad = ("--vars", '{"max_pxx": 300}')
    (tmp_path / "empty").mkdir()
    one_line(skyloom("build", "--lake", tmp_path / "empty", *bad))
    assert list((tmp_path / "empty").iterdir()) == []
    lake = Lake.open(tmp_path / "lake", create=True)
    (lake.root / "mine.txt").write_text("mine")
    one_line(skyloom("build", "--lake", lake.root, *bad))
    assert (lake.root / "mine.txt").read_text() == "mine"


def test_a_broken_rule_is_named_and_the_catalog_stays(skyloom, demo_lake, tmp_path):
    project = tmp_path / "dbt_project"
    shutil.copytree(PROJECT, project)
    seed = project / "seeds" / "tag_rules.csv"
    row = "my_rule,building,hut,,,,,tiny,,,50,broken"
    seed.write_text(f"{seed.read_text()}{row}\n")
    before = (demo_lake.catalog / "current.json").read_text()
    done = skyloom(
        *("build", "--quiet", "--lake", demo_lake.root), SKYLOOM_PROJECT=str(project)
    )
    one_line(done, "tag_rules.csv:", "rule 'my_rule'", "max_gsd_m 'tiny'")
    assert (demo_lake.catalog / "current.json").read_text() == before


def test_a_file_is_no_lake_and_no_export(skyloom, demo, tmp_path):
    (tmp_path / "file").write_text("x")
    one_line(skyloom("build", "--lake", tmp_path / "file"), "not a lake")
    out = ("--out", tmp_path / "file")
    one_line(skyloom("export", "--lake", demo / "lake", *out), "not an export")


def test_where_sees_images_captions_and_scenes(skyloom, demo, tmp_path):
    condition = "n_surroundings > 2 and gsd_m <= 1 and drawn and split = 'train'"
    done = skyloom(
        *("export", "--lake", demo / "lake", "--out", tmp_path / "out"),
        *("--where", condition, "--pickles", "--quiet"),
    )
    assert done.returncode == 0, done.stderr
    records = (tmp_path / "out" / "metadata.jsonl").read_text().splitlines()
    record = json.loads(records[0])
    assert {"box", "time", "center_tags", "surrounding_tags"} <= record.keys()
    assert len(list((tmp_path / "out" / "meta").glob("*.pickle"))) == len(records)
    hostile = "1=1); drop table images; --"
    done = skyloom(
        *(
            "export",
            "--lake",
            demo / "lake",
            "--out",
            tmp_path / "o",
            "--where",
            hostile,
        )
    )
    one_line(done)


def test_doctor_finds_this_installation_well(skyloom, demo):
    done = skyloom("doctor", "--lake", demo / "lake")
    assert done.returncode == 0, done.stdout
    assert "ok   spatial" in done.stdout


def test_tables_and_config_speak_json(skyloom, demo):
    tables = json.loads(skyloom("tables", "--lake", demo / "lake", "--json").stdout)
    counts = {row["table_name"]: row["n_rows"] for row in tables}
    assert counts["images"] >= 300
    config = json.loads(skyloom("config", "--lake", demo / "lake", "--json").stdout)
    assert {row["setting"] for row in config} >= {"threads", "workers", "project"}


def test_a_moved_lake_is_relinked(skyloom, demo_lake, tmp_path):
    import duckdb

    moved = tmp_path / "elsewhere"
    demo_lake.root.rename(moved)
    assert skyloom("tables", "--lake", moved).returncode == 0
    assert skyloom("catalog", "relink", "--lake", moved).returncode == 0
    with duckdb.connect(
        str(moved / "catalog" / "catalog.duckdb"), read_only=True
    ) as con:
        assert con.execute("select count(*) >= 300 from images").fetchone() == (True,)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--sources", "NL"], "[earthengine] project"),
        (["--sources", "XX"], "no imagery source 'XX'"),
        (["--scale", "0,3000"], "--imagery"),
        (["--imagery", "a.tif", "--bands", "1.5,2,3"], "whole numbers"),
        (["--imagery", "a.tif", "--bands", "nan,2,3"], "whole numbers"),
        (["--imagery", "http://127.0.0.1:9/a.tif"], "cannot be reached"),
    ],
)
def test_what_cannot_be_had_is_told_before_anything_is_loaded(
    flags, said, skyloom, town_pbf, tmp_path, monkeypatch
):
    monkeypatch.delenv("SKYLOOM_EARTHENGINE_PROJECT", raising=False)
    done = skyloom("run", "--lake", tmp_path / "new", "--osm", town_pbf, *flags)
    one_line(done, said)
    assert done.returncode == 2
    assert not (tmp_path / "new").exists()


def test_a_reason_and_a_size_that_are_none_are_refused(skyloom, tmp_path):
    Lake.open(tmp_path / "lake", create=True)
    for flags in (["--retry", "cloudy"], ["--max-bytes", "0"], ["--refresh"]):
        done = skyloom("fetch", "--lake", tmp_path / "lake", *flags)
        one_line(done, flags[-1])
        assert done.returncode == 2
