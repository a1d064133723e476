"""What a failed `dbt build` means, as one sentence; the rest is in dbt's own log."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from skyloom import duck
from skyloom.csv_faults import csv_fault, last_line
from skyloom.errors import SkyloomError
from skyloom.lake import Lake

# How a test of the project tells of a row that someone wrote: its file and line first.
ROW = re.compile(r"\b(\w+\.csv):(\d+): (.+)")


def results_of(lake: Lake) -> Path:
    """Where dbt leaves the outcome of each node."""
    return lake.root / "target" / "run_results.json"


def failure(project: Path, lake: Lake, complaints: Sequence[str]) -> SkyloomError:
    """The first failed node; `complaints` are what dbt said at level error."""
    log = f"see {lake.root / 'logs' / 'dbt.log'}"
    results = results_of(lake)
    nodes = json.loads(results.read_text())["results"] if results.is_file() else []
    for node in nodes:
        if node["status"] in ("error", "fail"):
            return _told(project, lake, node, log)
    first = " ".join(" ".join(complaints).split())[:500] or "no message"
    return SkyloomError(f"the build failed: {first}", where="dbt", remedy=log)


def _told(project: Path, lake: Lake, node: Mapping[str, Any], log: str) -> SkyloomError:
    message = " ".join((node["message"] or "").split())
    named = ROW.search(message)
    seeds = _seeds_behind(project, lake, node["unique_id"], named[1] if named else "")
    for seed in seeds:
        if fault := csv_fault(seed):
            return SkyloomError(fault.what, where=fault.where, remedy=fault.remedy)
    if named:
        return SkyloomError(named[3], where=f"{named[1]}:{named[2]}")
    kind, _, name = node["unique_id"].split(".")[:3]
    row = _failing_row(lake, node)
    cells = ", ".join(
        f"{key} = {cell}" for key, cell in row.items() if cell is not None
    )
    lines = [f"{seed.name}:{line}" for seed in seeds if (line := last_line(seed, row))]
    return SkyloomError(
        f"the {kind} {name} failed: {cells or message}",
        where="".join(lines[:1]) or "dbt",
        remedy=log,
    )


def _seeds_behind(project: Path, lake: Lake, node: str, named: str) -> list[Path]:
    """The seeds that a node is or reads, and the one that its message names."""
    manifest = json.loads((lake.root / "target" / "manifest.json").read_text())
    return [
        project / seed["original_file_path"]
        for name, seed in manifest["nodes"].items()
        if name.startswith("seed.")
        and (
            name in (node, *manifest["parent_map"].get(node, ()))
            or Path(seed["original_file_path"]).name == named
        )
    ]


def _failing_row(lake: Lake, node: Mapping[str, Any]) -> dict[str, Any]:
    """The first row that a failed data test found: it names what is wrong."""
    sql = node.get("compiled_code")
    if not node["unique_id"].startswith("test.") or not sql:
        return {}
    try:
        with duck.connect(lake.warehouse, read_only=True) as con:
            result = con.execute(f"select * from ({sql}) limit 1")
            names = [column[0] for column in result.description or ()]
            return dict(zip(names, result.fetchone() or (), strict=False))
    except duckdb.Error:
        return {}
