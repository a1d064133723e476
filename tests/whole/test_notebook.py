"""The notebook of docs over the demo lake, and the catalog in DuckDB's own client."""

import os
import shutil
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebook.py"
CELLS = """
import sys
sys.path.insert(0, sys.argv[1])
import notebook
_, defined = notebook.app.run()
assert defined["count"] > 300
assert len(defined["nearby"]) > 0
assert defined["words"].height > 10
assert "scenes" in defined["tables"]["table_name"].to_list()
assert defined["splits"]["n_images"].sum() > 300
print("whole")
"""


@pytest.mark.skipif(util.find_spec("marimo") is None, reason="marimo is not installed")
def test_every_cell_of_the_notebook_runs(demo):
    pytest.importorskip("pyogrio")
    environment = os.environ | {
        "SKYLOOM_LAKE": str(demo / "lake"),
        "PYTHONPATH": str(NOTEBOOK.parent.parent),
    }
    for command in ([NOTEBOOK], ["-c", CELLS, NOTEBOOK.parent]):
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=NOTEBOOK.parent.parent,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == "whole"


def test_the_views_open_in_the_duckdb_command_line(demo, tmp_path):
    client = shutil.which("duckdb", path=Path(sys.executable).parent) or shutil.which(
        "duckdb"
    )
    if client is None:
        pytest.skip("no duckdb command line (the package duckdb-cli has it)")
    sql = "select count(*) > 300 as many, any_value(geometry) is not null from scenes"
    done = subprocess.run(
        [
            *(client, "-readonly", "-csv", "-noheader"),
            *(demo / "lake" / "catalog" / "catalog.duckdb", "-c", sql),
        ],
        # Without a home no extension is there.
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "true,true", done.stderr
