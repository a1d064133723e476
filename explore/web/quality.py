"""How good the pairs are: their similarity, and what a cut through it would lose."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import duckdb
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from explore.charts import ticks
from explore.figures import literal, rows, sql
from explore.remembered import Held, Remembered
from explore.similarity import (
    Choice,
    Distribution,
    beside,
    losses,
    read_distribution,
    similarity_histogram,
)
from explore.web.site import Site, SiteDep
from skyloom.errors import UsageError

BESIDE = 8
# All words of a run are read once, when its cut is looked at first.
FIRST_LOOK_S = 40.0
CAPTIONS = ("title", "title_multi_objects", "polished")
router = APIRouter()
# Pieces of what was last looked at; a run of the catalog never changes.
PIECES = 24
pieces: Remembered[Any] = Remembered(PIECES)


@dataclass(frozen=True)
class Choosable:
    """A selection, or a model and the caption it scored, with how many scores."""

    selection: str | None
    model: str | None
    caption: str | None
    n_scored: int


@dataclass(frozen=True)
class OwnCut:
    """Where a selection itself cuts; None where it keeps nothing by share."""

    value: float | None


@dataclass(frozen=True)
class Beside:
    """One pair near the cut."""

    image_id: str
    similarity: float
    source: str
    drawn: bool
    split: str | None
    title: str | None
    title_multi_objects: str | None


@dataclass(frozen=True)
class SelectionLoss:
    """What a selection of the seed keeps and loses, in all."""

    selection: str
    n_pairs: int
    n_pairs_kept: int
    n_tags: int
    n_tags_lost: int
    n_titles: int
    n_titles_lost: int
    n_captions: int
    n_captions_lost: int


@dataclass(frozen=True)
class View:
    """One cut through one choice of pairs."""

    choice: Choice
    cut: float
    own_cut: float | None
    found: Distribution
    below: tuple[Beside, ...]
    above: tuple[Beside, ...]


@router.get("/quality")
def quality(
    request: Request,
    site: SiteDep,
    selection: str = "",
    scorer: str = "",
    column: str = "",
    cut: str = "",
) -> HTMLResponse:
    """The histogram of similarities with a cut, and what each selection lost."""
    asked = Choice(selection or None, scorer or None, column or None)
    run_id = site.views().run_id
    with site.reading(FIRST_LOOK_S) as con:
        choices = _choices(con, site, run_id)
        selections = rows(con, "web_quality_selections", SelectionLoss)
        choice = _chosen(choices, asked)
        view = _view(con, site, run_id, choice, cut) if choice else None
    columns = similarity_histogram(view.found.similarities) if view else None
    return site.page(
        request,
        "quality.html.j2",
        choices=choices,
        choice=choice,
        selections=selections,
        view=view,
        captions=CAPTIONS,
        losses=view and losses(view.found, view.cut),
        histogram=columns,
        ticks=columns and ticks(columns.low, columns.high, 8),
    )


@router.get("/quality/cut")
def cut_through(
    site: SiteDep, cut: str, selection: str = "", scorer: str = "", column: str = ""
) -> JSONResponse:
    """What the same page says of another cut, for the page's module.

    Raises:
        UsageError: nothing is scored, or the cut is no number.
    """
    asked = Choice(selection or None, scorer or None, column or None)
    run_id = site.views().run_id
    with site.reading() as con:
        choice = _chosen(_choices(con, site, run_id), asked)
        view = _view(con, site, run_id, choice, cut) if choice else None
    if view is None:
        raise UsageError("nothing is scored here")
    answer: dict[str, Any] = asdict(losses(view.found, view.cut))
    for side in ("below", "above"):
        answer[side] = [asdict(one) for one in getattr(view, side)]
    return JSONResponse(answer)


def _choices(
    con: duckdb.DuckDBPyConnection, site: Site, run_id: str
) -> tuple[Choosable, ...]:
    con.execute(f"create temp table first_style as {sql('web_quality_style')}")
    held = Held(_pieces(site, run_id), (str(site.lake.root), run_id))
    return held.get("choices", lambda: rows(con, "web_quality_choices", Choosable))


def _chosen(choices: tuple[Choosable, ...], asked: Choice) -> Choice | None:
    """What is asked for, or the first that has scores; None where nothing has any."""
    sized = {one.selection: one.n_scored for one in choices if one.selection}
    models = {(one.model, one.caption): one.n_scored for one in choices if one.model}
    _known("selection", asked.selection, list(sized))
    _known("scorer", asked.model, sorted({str(model) for model, _ in models}))
    _known("column", asked.caption, list(CAPTIONS))
    scored = [name for name, n in sized.items() if n]
    if asked.model is None and asked.selection in scored:
        return Choice(asked.selection, None, None)
    if asked.model is None and asked.selection is None and scored:
        return Choice(scored[0], None, None)
    for model, caption in sorted(models):
        if asked.model in (None, model) and asked.caption in (None, caption):
            return Choice(asked.selection, model, caption)
    return None


def _known(what: str, name: str | None, known: list[str]) -> None:
    if name is not None and name not in known:
        raise UsageError(
            f"there is no {what} {name!r} in this catalog",
            remedy=f"it has {', '.join(known)}" if known else "it has none",
        )


def _view(
    con: duckdb.DuckDBPyConnection, site: Site, run_id: str, choice: Choice, cut: str
) -> View | None:
    held = _held(con, site, run_id, choice)
    found = read_distribution(con, held)
    if not len(found.similarities):
        return None
    (own,) = held.get("own", lambda: rows(con, "web_quality_own_cut", OwnCut))
    middle = float(found.similarities[len(found.similarities) // 2])
    value = _number(cut, middle if own.value is None else own.value)
    below, above = beside(found, value, BESIDE)
    both = below | above
    near = rows(
        con,
        "web_quality_beside",
        Beside,
        image_ids=list(both),
        similarities=list(both.values()),
    )
    known = {one.image_id: one for one in near}
    return View(
        choice,
        value,
        own.value,
        found,
        tuple(known[image_id] for image_id in below if image_id in known),
        tuple(known[image_id] for image_id in above if image_id in known),
    )


def _held(
    con: duckdb.DuckDBPyConnection, site: Site, run_id: str, choice: Choice
) -> Held:
    for name, value in asdict(choice).items():
        con.execute(f"set variable {name} = {literal(value)}")
    con.execute(f"create temp view scored_pairs as {sql('web_quality_scored')}")
    return Held(_pieces(site, run_id), (str(site.lake.root), run_id, choice))


def _pieces(site: Site, run_id: str) -> Remembered[Any]:
    # A run published since the request came may be the one that is read.
    return pieces if site.views().run_id == run_id else Remembered(PIECES)


def _number(text: str, usual: float) -> float:
    try:
        value = float(text) if text.strip() else usual
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise UsageError(f"a cut is a number, not {text!r}", remedy="such as 0.25")
    return value
