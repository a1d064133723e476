"""Running dbt over a lake: `skyloom build`, in a process of its own.

A child process gives DuckDB's memory back when it ends and keeps dbt's global state
(logging, adapters, connections) out of ours.
"""

import difflib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from skyloom.broken_build import failure, results_of
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError, UsageError
from skyloom.inputs import RECORD, inputs_digest, is_built, remember
from skyloom.lake import LOCKED, Lake
from skyloom.progress import track

# As a module of its own it would warn about itself.
DBT = "from dbt.cli.main import cli; cli()"
PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"


@dataclass(frozen=True)
class Built:
    """The run that a build published, and whether it differs from the one before."""

    run_id: str
    changed: bool


def build(
    lake: Lake,
    *,
    threads: int,
    memory_limit: str,
    project: Path = PROJECT,
    select: Sequence[str] = (),
    variables: Mapping[str, Any] | None = None,
) -> Built:
    """Build, test and publish the models; call it with the lake's lock held.

    Nothing is done where the current run was built from the same inputs.

    Raises:
        SkyloomError: dbt failed; the message names the first node and its file.
    """
    if not (project / "dbt_project.yml").is_file():
        raise SkyloomError(
            "the dbt project is not here: a lake is built from a checkout",
            where=str(project),
            remedy="clone Skyloom and run `make setup`",
        )
    _check_variables(project, variables or {})
    before = _current_run(lake)
    digest = inputs_digest(lake, project, variables or {})
    if before and not select and is_built(lake, digest):
        return Built(before, changed=False)
    arguments = ["build", "--project-dir", str(project), "--profiles-dir", str(project)]
    arguments += ["--log-format", "json", "--log-level", "info", "--no-use-colors"]
    # Unit tests prove the models, not this lake's data: bare `dbt build` runs them.
    arguments += ["--exclude-resource-type", "unit_test"]
    if select:
        arguments += ["--select", *select]
    if variables:
        arguments += ["--vars", json.dumps(dict(variables))]
    results_of(lake).unlink(missing_ok=True)
    # A failed build leaves the warehouse ahead of the catalog.
    (lake.catalog / RECORD).unlink(missing_ok=True)
    environment = os.environ | {
        "SKYLOOM_LAKE": str(lake.root),
        "SKYLOOM_THREADS": str(threads),
        "SKYLOOM_MEMORY_LIMIT": memory_limit,
        "DBT_TARGET_PATH": str(lake.root / "target"),
        "DBT_LOG_PATH": str(lake.root / "logs"),
        LOCKED: str(lake.root),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", DBT, *arguments],
        env=environment,
        pass_fds=lake.lock_descriptors(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    complaints = _follow(process)
    if process.wait() != 0:
        raise failure(project, lake, complaints)
    after = _current_run(lake)
    if after is None:
        raise SkyloomError("the build published nothing", remedy="build without select")
    if not select:
        remember(lake, digest)
    return Built(after, changed=after != before)


def _check_variables(project: Path, variables: Mapping[str, Any]) -> None:
    known = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]
    for name in variables:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise UsageError(
                f"unknown dbt var {name!r}", remedy=f"did you mean {near[0]!r}?"
            )
        if _kind(variables[name]) is not _kind(known[name]):
            raise UsageError(
                f"dbt var {name!r} is {variables[name]!r}, where the project has "
                f"{known[name]!r}",
                remedy="give a value of the same kind",
            )


def _kind(value: Any) -> type:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float if number else type(value)


def _current_run(lake: Lake) -> str | None:
    try:
        return Catalog.open(lake).run_id
    except SkyloomError:
        return None


def _events(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    for line in process.stdout or ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            yield {"info": {"level": "warn", "name": "", "msg": line.strip()}}


def _follow(process: subprocess.Popen[str]) -> list[str]:
    """Show dbt's progress; return what it said at level error."""
    complaints: list[str] = []
    events = _events(process)
    total = 0
    for event in events:
        info = event["info"]
        if info["level"] == "error":
            complaints.append(info["msg"])
        if info["name"] == "LogStartLine":
            total = event["data"]["total"]
            break
    with track("dbt build", total) as step:
        for event in events:
            info = event["info"]
            if info["level"] == "error" and info["msg"].strip():
                complaints.append(info["msg"])
            if info["name"] in ("LogModelResult", "LogTestResult", "LogSeedResult"):
                step(1)
    return complaints
