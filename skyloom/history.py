"""In which order the runs of a catalog were published: catalog/history.jsonl.

A run is named by its content, so its name does not say when it came. The history has
one line for each move of the pointer, oldest first, and holds run ids and no time: a
lake that returns to an earlier state names that run again.
"""

import json
from pathlib import Path

from skyloom.catalog import POINTER

HISTORY = "history.jsonl"


def published_runs(catalog: Path) -> list[str]:
    """Run ids in order of publication, the current one last.

    Without a history, as older versions leave a catalog, the current run alone.
    """
    return runs_in(_text(catalog / HISTORY), _text(catalog / POINTER))


def runs_in(history: str, pointer: str) -> list[str]:
    """The same from what the two files hold."""
    runs = []
    for line in history.splitlines() or [pointer]:
        try:
            runs.append(str(json.loads(line)["run_id"]))
        except (ValueError, KeyError, TypeError):
            continue
    return runs


def remember_run(catalog: Path, run_id: str) -> None:
    """Append a run that is about to become current, unless it is the last already.

    The file appears whole or not at all. A catalog without a history begins with the
    run that was current until then.
    """
    runs = published_runs(catalog)
    if runs[-1:] != [run_id]:
        runs.append(run_id)
    elif (catalog / HISTORY).is_file():
        return
    part = catalog / f".{HISTORY}.part"
    part.write_text("".join(json.dumps({"run_id": run}) + "\n" for run in runs))
    part.replace(catalog / HISTORY)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
