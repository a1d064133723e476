"""The builds of the lake, and what differs between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from explore.builds import BuildDifference, CaptionChange, compare_runs
from explore.figures import rows
from explore.web.changes import ShownChange, shown_changes
from explore.web.site import Site, SiteDep
from skyloom.catalog_runs import Run, find_runs, published, read_run
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.place import Place

MOST_RUNS = 100
EXAMPLES = 20
# What a build is judged by first; the page of a comparison has all tables.
COUNTED = ("objects", "scenes", "captions", "images", "training_pairs")
ONE_BUILD = (
    "The history of this lake has one build only: change a rule, run `skyloom build`, "
    "and see here what it did."
)
router = APIRouter()


@dataclass(frozen=True)
class Build:
    """One run of the catalog; `run` is None where its record cannot be read.

    `written` is when its record was last written, in UTC. `whole` says whether all of
    its files are still there.
    """

    run_id: str
    run: Run | None
    written: datetime | None
    whole: bool
    previous: str | None
    is_current: bool


@router.get("/runs")
def runs(request: Request, site: SiteDep) -> HTMLResponse:
    """The builds in the order of their publication, the last one first."""
    builds = known_builds(site.lake)
    return site.page(
        request,
        "runs.html.j2",
        builds=builds,
        counted=COUNTED,
        most=MOST_RUNS,
        old=None,
        new=None,
    )


@router.get("/runs/diff")
def diff(
    request: Request, site: SiteDep, a: str = "", b: str = "", rule: str = ""
) -> HTMLResponse:
    """Two builds compared, by default the last two; of one rule, its captions alone."""
    builds = known_builds(site.lake)
    values: dict[str, Any] = {"builds": builds, "rule": rule or None}
    values |= {"old": None, "new": None, "why": None}
    if len(builds) < 2 and not (a and b):
        return site.page(request, "runs_diff.html.j2", **values | {"why": ONE_BUILD})
    old, new = find_runs(Place.of(site.lake), a or None, b or None)
    values |= {"old": old.run_id, "new": new.run_id}
    try:
        with site.reading() as con:
            found = compared(con, site, old, new)
            examples = _examples(con, found, rule)
    except UsageError:
        raise
    except SkyloomError as error:
        return site.page(request, "runs_diff.html.j2", **values | {"why": str(error)})
    return site.page(
        request, "runs_diff.html.j2", found=found, examples=examples, **values
    )


def known_builds(lake: Lake) -> tuple[Build, ...]:
    """The last runs of the history, newest first; a run that came back stands twice."""
    history = published(Place.of(lake))
    before = [None, *history[:-1]]
    named = list(zip(history, before, strict=True))[::-1][:MOST_RUNS]
    return tuple(
        _build(lake, run_id, previous, is_current=place == 0)
        for place, (run_id, previous) in enumerate(named)
    )


def _build(lake: Lake, run_id: str, previous: str | None, *, is_current: bool) -> Build:
    try:
        run = read_run(Place.of(lake), run_id)
        moment = (lake.catalog / "runs" / f"{run_id}.json").stat().st_mtime
    except (SkyloomError, OSError):
        return Build(run_id, None, None, False, previous, is_current)
    files = lake.catalog / "files"
    whole = all((files / file).is_file() for file in run.files.values())
    written = datetime.fromtimestamp(moment, UTC)
    return Build(run_id, run, written, whole, previous, is_current)


def compared(
    con: duckdb.DuckDBPyConnection,
    site: Site,
    old: Run,
    new: Run,
    *,
    rule: str | None = None,
    most: int = EXAMPLES,
) -> BuildDifference:
    """Compare on a connection of the site.

    Raises:
        SkyloomError: a file of a run is gone, or was written with other columns.
    """
    try:
        return compare_runs(con, site.lake, old, new, most=most, rule=rule)
    except (duckdb.BinderException, duckdb.CatalogException):
        raise SkyloomError(
            f"the tables of {old.run_id} and {new.run_id} have different columns",
            remedy="compare runs of one version of Skyloom",
        ) from None


def _examples(
    con: duckdb.DuckDBPyConnection, found: BuildDifference, rule: str
) -> tuple[ShownChange, ...]:
    if not rule:
        return shown_changes(con, found.examples)
    if rule not in {one.rule_id for one in found.rules}:
        raise UsageError(
            f"rule {rule!r} says the same in both builds",
            remedy="see the rules that do not",
        )
    changes = rows(con, "web_runs_of_rule", CaptionChange, rule=rule, most=EXAMPLES)
    return shown_changes(con, changes)
