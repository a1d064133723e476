"""dbt over a lake or a shard of one, in a process of its own.

A child process gives DuckDB's memory back when it ends and keeps dbt's global state
(logging, adapters, connections) out of ours.
"""

import difflib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from skyloom.broken_build import failure, results_of
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import LOCKED, Lake
from skyloom.progress import track

# As a module of its own it would warn about itself.
DBT = "from dbt.cli.main import cli; cli()"
PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
# Tells dbt's profile where the warehouse of a shard lies.
SHARD = "SKYLOOM_SHARD"


def run_dbt(
    lake: Lake,
    chosen: Sequence[str] = (),
    *,
    threads: int,
    memory_limit: str,
    project: Path = PROJECT,
    variables: Mapping[str, Any] | None = None,
    shard: Lake | None = None,
) -> None:
    """Run `dbt build` on what the flags of `chosen` say; call it with the locks held.

    The models read the lake's raw tables; the warehouse and dbt's own files are the
    lake's, or those of `shard`.

    Raises:
        SkyloomError: dbt failed; the message names the first node and its file.
    """
    place = shard or lake
    arguments = ["build", "--project-dir", str(project), "--profiles-dir", str(project)]
    arguments += ["--log-format", "json", "--log-level", "info", "--no-use-colors"]
    # Unit tests prove the models, not this lake's data: bare `dbt build` runs them.
    arguments += ["--exclude-resource-type", "unit_test", *chosen]
    if variables:
        arguments += ["--vars", json.dumps(dict(variables))]
    results_of(place).unlink(missing_ok=True)
    environment = os.environ | {
        "SKYLOOM_LAKE": str(lake.root),
        "SKYLOOM_THREADS": str(threads),
        "SKYLOOM_MEMORY_LIMIT": memory_limit,
        "DBT_TARGET_PATH": str(place.root / "target"),
        "DBT_LOG_PATH": str(place.root / "logs"),
        LOCKED: str(place.root),
    }
    if shard:
        environment[SHARD] = str(shard.root)
    process = subprocess.Popen(
        [sys.executable, "-c", DBT, *arguments],
        env=environment,
        pass_fds=place.lock_descriptors(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    complaints = _follow(process)
    if process.wait() != 0:
        raise failure(project, place, complaints)


def check_project(project: Path, variables: Mapping[str, Any]) -> None:
    """Refuse a missing project, and vars that it does not have or of another kind.

    Raises:
        SkyloomError: the project is not there.
        UsageError: a var is unknown or of another kind.
    """
    if not (project / "dbt_project.yml").is_file():
        raise SkyloomError(
            "the dbt project is not here: a lake is built from a checkout",
            where=str(project),
            remedy="clone Skyloom and run `make setup`",
        )
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
