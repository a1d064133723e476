"""The builds of a lake by name: runs of its catalog, in order of publication."""

import json
from dataclasses import dataclass

from skyloom.errors import SkyloomError, UsageError
from skyloom.history import published_runs
from skyloom.lake import Lake


@dataclass(frozen=True)
class Run:
    """One published run: each table's file and number of rows."""

    run_id: str
    files: dict[str, str]
    n_rows: dict[str, int]


def find_runs(lake: Lake, before: str | None, after: str | None) -> tuple[Run, Run]:
    """The runs that two names or beginnings of names mean."""
    history = published_runs(lake.catalog)
    known = sorted(file.stem for file in (lake.catalog / "runs").glob("*.json"))
    if not history:
        raise UsageError("nothing is published in this lake", remedy="build first")
    if before is None and len(history) < 2:
        named = "; or name one of " + ", ".join(known) if len(known) > 1 else ""
        raise UsageError(
            "the history of this lake has one build only",
            remedy=f"change a rule and run `skyloom build`{named}",
        )
    recent = history[::-1]
    old = _find(before, known, recent) if before else history[-2]
    new = _find(after, known, recent) if after else history[-1]
    return _run(lake, old), _run(lake, new)


def _find(name: str, known: list[str], recent: list[str]) -> str:
    found = [run for run in known if run.startswith(name.strip().lower())]
    if name in found or len(found) == 1:
        return name if name in found else found[0]
    last = ", ".join(dict.fromkeys(recent[:5]))
    if found:
        raise UsageError(
            f"run {name!r} may be any of {', '.join(found)}",
            remedy="write more of its name",
        )
    raise UsageError(
        f"no run is called {name!r}", remedy=f"the last, newest first: {last}"
    )


def _run(lake: Lake, run_id: str) -> Run:
    path = lake.catalog / "runs" / f"{run_id}.json"
    try:
        tables = json.loads(path.read_text(encoding="utf-8"))["tables"]
        return Run(
            run_id,
            {table["name"]: table["file"] for table in tables},
            {table["name"]: table["rows"] for table in tables},
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise SkyloomError(
            "the record of a run cannot be read",
            where=str(path),
            remedy="compare other runs",
        ) from None
