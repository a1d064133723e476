"""The published runs of a catalog, in order of publication, found by name."""

import json
from dataclasses import dataclass
from datetime import datetime

from skyloom.catalog import POINTER, files_of, rows_of
from skyloom.errors import SkyloomError, UsageError
from skyloom.history import HISTORY, runs_in
from skyloom.place import Place


@dataclass(frozen=True)
class Run:
    """One published run: each table's file and number of rows."""

    run_id: str
    files: dict[str, str]
    n_rows: dict[str, int]


@dataclass(frozen=True)
class Listed:
    """One line of `skyloom catalog list`.

    `written` is when its record was last written, as the file system or the server
    says; a copy of a lake may have another time.
    """

    run_id: str
    written: datetime | None
    n_tables: int
    n_rows: int
    is_current: bool


def list_runs(place: Place) -> list[Listed]:
    """All runs, the last published first; those older than the history at the end."""
    history = published(place)
    recent = list(dict.fromkeys(history[::-1]))
    older = [run for run in place.records() if run not in recent]
    return [
        Listed(
            run.run_id,
            place.written(f"runs/{run.run_id}.json"),
            len(run.files),
            sum(run.n_rows.values()),
            history[-1:] == [run.run_id],
        )
        for run in (read_run(place, name) for name in [*recent, *older])
    ]


def find_runs(place: Place, before: str | None, after: str | None) -> tuple[Run, Run]:
    """The runs that two names or beginnings of names mean, by default the last two.

    Raises:
        UsageError: a name is no run's or several runs', or there is no second run.
        SkyloomError: the record of a run cannot be read.
    """
    history = published(place)
    known = sorted({*history, *place.records()})
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
    return read_run(place, old), read_run(place, new)


def published(place: Place) -> list[str]:
    """Run ids in order of publication, the current one last."""
    return runs_in(place.text(HISTORY) or "", place.text(POINTER) or "")


def read_run(place: Place, run_id: str) -> Run:
    """The record of one run.

    Raises:
        SkyloomError: it cannot be read.
    """
    name = f"runs/{run_id}.json"
    try:
        record = json.loads(place.text(name) or "")
        return Run(run_id, files_of(record), rows_of(record))
    except (ValueError, KeyError, TypeError):
        raise SkyloomError(
            "the record of a run cannot be read",
            where=f"{place.base}/{name}",
            remedy="compare other runs",
        ) from None


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
