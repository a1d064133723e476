"""The rules: how each fares, what they reach together, and one of them looked at."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from explore.builds import CaptionCounts
from explore.figures import prepare, rows, sql
from explore.rule_coverage import rule_coverage_on
from explore.rule_preview import preview_on
from explore.rule_scorecard import SORTS, Scorecard, scorecard_on
from explore.rule_scores import Score
from explore.web.changes import ShownChange, shown_changes
from explore.web.runs import ONE_BUILD, compared
from explore.web.site import Site, SiteDep
from skyloom.catalog_runs import find_runs, published
from skyloom.errors import SkyloomError, UsageError
from skyloom.place import Place

PAGE = 100
CHIPS = 12
CHANGES = 10
PLACES = 50
router = APIRouter()


@dataclass(frozen=True)
class Found:
    """Rows of the scorecard that are asked for, and rules among them."""

    n_rows: int
    n_rules: int


@dataclass(frozen=True)
class ScoredPlace:
    """A source and country of the scorecard."""

    source: str
    country: str | None


@dataclass(frozen=True)
class RuleScore:
    """One rule at one source in one country."""

    source: str
    country: str | None
    n_objects: int
    n_scenes: int
    n_images: int
    mean_similarity: float | None
    n_audited: int
    audit_accuracy: float | None


@dataclass(frozen=True)
class Asked:
    """What a list of rules is asked for, as the address says it."""

    q: str
    source: str
    country: str
    standing: str
    sort: str
    reverse: bool
    page: int


@dataclass(frozen=True)
class SinceLast:
    """What a rule says since the build before; `why` is why that cannot be told."""

    why: str | None = None
    before: str = ""
    after: str = ""
    counts: CaptionCounts | None = None
    changes: tuple[ShownChange, ...] = ()


@router.get("/rules")
def rules(
    request: Request,
    site: SiteDep,
    q: str = "",
    source: str = "",
    country: str = "",
    standing: str = "",
    sort: str = "standing",
    reverse: bool = False,
    page: int = 1,
) -> HTMLResponse:
    """The scorecard: sorted, filtered, page by page."""
    asked = Asked(q.strip(), source, country, standing, sort, reverse, max(page, 1))
    with site.reading() as con:
        try:
            card = scorecard_on(
                con, source=source or None, country=country or None, sort=sort, most=0
            )
        except UsageError:
            raise
        except SkyloomError as error:
            return site.page(request, "rules.html.j2", why=str(error))
        places = rows(con, "web_rules_places", ScoredPlace)
        scores, found = _scores(con, card, asked)
    return site.page(
        request,
        "rules.html.j2",
        why=None,
        asked=asked,
        card=card,
        scores=scores,
        found=found,
        sources=sorted({place.source for place in places}),
        countries=sorted({place.country for place in places if place.country}),
        sorts=SORTS,
        pages=-(-found.n_rows // PAGE),
    )


def _scores(
    con: duckdb.DuckDBPyConnection, card: Scorecard, asked: Asked
) -> tuple[tuple[Score, ...], Found]:
    known = [one.standing for one in card.standings]
    if asked.standing and asked.standing not in known:
        raise UsageError(
            f"there is no standing {asked.standing!r}",
            remedy=f"name one of {', '.join(known)}",
        )
    con.execute("set variable most = null")
    con.execute(f"create temp table scorecard_ranked as {sql('scorecard')}")
    (found,) = rows(
        con,
        "web_rules_found",
        Found,
        standing=asked.standing or None,
        words=asked.q.lower(),
    )
    shown = rows(
        con,
        "web_rules_scores",
        Score,
        reverse=asked.reverse,
        most=PAGE,
        skip=min((asked.page - 1) * PAGE, found.n_rows),
    )
    return shown, found


@router.get("/rules/coverage")
def rules_together(request: Request, site: SiteDep) -> HTMLResponse:
    """What the rules reach together, and which of them give nothing."""
    with site.reading() as con:
        found = rule_coverage_on(con)
    return site.page(request, "rules_coverage.html.j2", coverage=found)


@router.get("/rules/{rule_id:path}")
def rule(request: Request, site: SiteDep, rule_id: str) -> HTMLResponse:
    """One rule: what it decides and says, and what only just escapes it."""
    with site.reading() as con:
        prepare(con)
        preview = preview_on(con, None, rule_id, chips=CHIPS)
        scores = rows(con, "web_rules_of_rule", RuleScore, most=PLACES)
        since = _since_last(con, site, rule_id)
    return site.page(
        request, "rule.html.j2", preview=preview, scores=scores, since=since
    )


def _since_last(con: duckdb.DuckDBPyConnection, site: Site, rule_id: str) -> SinceLast:
    if len(published(Place.of(site.lake))) < 2:
        return SinceLast(ONE_BUILD)
    try:
        old, new = find_runs(Place.of(site.lake), None, None)
        found = compared(con, site, old, new, rule=rule_id, most=CHANGES)
    except SkyloomError as error:
        return SinceLast(str(error))
    return SinceLast(
        None,
        old.run_id,
        new.run_id,
        found.counts,
        shown_changes(con, found.examples),
    )
