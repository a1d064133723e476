"""The rules of the house that a machine can keep."""

import ast
import csv
import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_group

from skyloom import cli
from skyloom.command_list import COMMANDS

CHECKOUT = Path(__file__).resolve().parent.parent
STAGES = {"load", "extract", "captioning", "train", "eval", "explore", "sample"}
PROJECT = CHECKOUT / "dbt_project"


def modules(package: str) -> list[Path]:
    return sorted((CHECKOUT / package).rglob("*.py"))


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_stage_imports_the_spine_and_no_other_stage(stage):
    for file in modules(stage):
        assert not imported(file) & (STAGES - {stage}), file


def test_the_roof_alone_imports_stages():
    for file in modules("skyloom"):
        if file.name != "cli.py":
            assert not imported(file) & STAGES, file


def test_help_needs_of_stages_their_commands_alone_and_no_engine():
    code = "import sys; from skyloom import cli; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    names = done.stdout.split()
    assert "captioning.commands" in names, done.stderr
    engines = {"duckdb", "polars", "pandas", "numpy", "shapely", "rasterio", "dbt"}
    assert not (engines | {"torch", "fastapi", "pydantic"}) & set(names)
    within = {n for n in names if "." in n and n.split(".")[0] in STAGES}
    assert all(name.endswith("commands") for name in within), within


def test_the_list_of_commands_says_which_stage_brings_each():
    brought: dict[str, str] = {}
    for stage in set(COMMANDS.values()) - {""}:
        app = importlib.import_module(f"{stage}.commands").app
        brought |= dict.fromkeys(get_group(app).commands, stage)
    assert brought == {name: stage for name, stage in COMMANDS.items() if stage}
    roof: Any = get_group(cli.app)
    assert list(COMMANDS) == roof.list_commands(None)
    assert set(COMMANDS) == set(roof.commands)


@pytest.mark.parametrize("package", ["load", "extract", "skyloom"])
def test_no_tag_stands_in_python(package):
    """Tags are meaning, and meaning is in SQL and seeds."""
    with (PROJECT / "seeds" / "tag_rules.csv").open(newline="") as seed:
        rules = list(csv.DictReader(seed))
    keys = {rule["key"] for rule in rules if "*" not in rule["key"]}
    # Words of other trades that are tag keys too.
    keys -= {"source", "date", "name", "layer", "level", "type", "id", "direction"}
    keys -= {"description", "height", "width", "length", "map", "content", "bbox"}
    keys -= {"attribution", "license", "url", "email", "image", "note", "ref", "split"}
    keys -= {"drawn", "roof", "surface", "shape", "line", "train", "detail", "country"}
    # The painter names its textures, some as the ground they look like.
    painter = CHECKOUT / "skyloom" / "drawing"
    for file in modules(package):
        if painter in file.parents:
            continue
        tree = ast.parse(file.read_text())
        docs = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in docs:
                assert node.value not in keys, (file, node.lineno, node.value)


def test_tests_are_no_packages():
    assert not list((CHECKOUT / "tests").rglob("__init__.py"))


def test_the_wheel_holds_the_spine_alone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "uv", "build", "--wheel", "--offline", "-o", tmp_path],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"hatchling cannot be had offline: {done.stderr[-200:]}")
    import zipfile

    (wheel,) = tmp_path.glob("*.whl")
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"skyloom"}


def test_each_model_below_staging_is_a_shard_or_a_global_one():
    for file in sorted((PROJECT / "models").rglob("*.sql")):
        if "staging" in file.parts:
            continue
        tags = re.findall(r"tags=\['(shard|global)'\]", file.read_text())
        assert len(tags) == 1, file


# What a shard holds whole: its objects, scenes, tags and words.
OWN = {"object_id", "scene_id", "request_id"}
# Groups of something else, and why they say the same in every shard.
ALLOWED = {
    "int_tag_phrases.sql": "one tag and the grammar's rows, which are a seed",
    "int_visible_tags.sql": "one key and the rows of a seed",
    "int_plain_words.sql": "one tag, or one text, and the rows of a seed",
    "int_phrase_tokens.sql": "one text and the rows of a seed",
    "int_focus_counts.sql": "a summary, which is gathered from all shards",
    "int_focus_firsts.sql": "a summary, which is gathered from all shards",
    "int_shard_reach.sql": "the shard itself",
}


def test_shard_models_hold_no_aggregate_across_scenes():
    """Each group and window of a shard model is of what a shard holds whole."""
    for file in sorted((PROJECT / "models").rglob("*.sql")):
        text = file.read_text()
        if "tags=['shard']" not in text:
            continue
        groups = re.findall(r"(?:group|partition) by\s+((?:[\w.]+,\s*)*[\w.]+)", text)
        for columns in groups:
            names = {column.split(".")[-1] for column in re.split(r",\s*", columns)}
            assert names & OWN or file.name in ALLOWED, (file.name, columns)
        assert not re.search(r"over\s*\(\s*order by", text), file.name


# Small summaries that a second pass hands to each shard.
HANDED = {"int_focus_tags", "int_snapshot_extents", "int_test_tiles", "sources"}
HANDED |= {"int_imagery_pieces", "int_imagery_shapes"}


def test_no_shard_model_reads_what_only_a_global_one_knows():
    tags = {}
    for file in (PROJECT / "models").rglob("*.sql"):
        found = re.search(r"tags=\['(shard|global)'\]", file.read_text())
        tags[file.stem] = found[1] if found else "staging"
    for file in (PROJECT / "models").rglob("*.sql"):
        if tags[file.stem] == "shard":
            read = set(re.findall(r"ref\('(\w+)'\)", file.read_text()))
            over = {name for name in read if tags.get(name) == "global"}
            assert over <= HANDED, file.name
