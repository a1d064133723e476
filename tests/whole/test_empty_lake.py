import os
import subprocess
import sys

from skyloom.catalog import Catalog
from skyloom.dbt_run import PROJECT
from skyloom.lake import LOCKED, Lake


def test_bare_dbt_builds_an_empty_lake_named_by_a_relative_path(tmp_path, monkeypatch):
    monkeypatch.delenv(LOCKED, raising=False)
    arguments = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "build", *arguments],
        cwd=tmp_path,
        env=os.environ
        | {
            "SKYLOOM_LAKE": "new/lake",
            "PWD": str(tmp_path),
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path / "logs"),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    catalog = Catalog.open(Lake.open(tmp_path / "new" / "lake"))
    assert catalog.frame("images").is_empty()
    assert len(catalog.frame("tag_rules")) > 100
