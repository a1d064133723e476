"""How good the pairs are: their similarity, and what a cut through it would lose."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import duckdb
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from explore.charts import ticks
from explore.figures import literal, rows, sql
from explore.similarity import (
    Choice,
    Distribution,
    beside,
    losses,
    read_distribution,
    similarity_histogram,
)
from explore.web.site import FIRST_LOOK_S, SiteDep, Views
from skyloom.errors import UsageError

BESIDE = 8
CAPTIONS = ("title", "title_multi_objects", "polished")
router = APIRouter()


@dataclass(frozen=True)
class Choosable:
    """A selection, or a model and the caption it scored, with how many scores.

    `cut` is where a selection itself cuts; None where it keeps nothing by share.
    """

    selection: str | None
    model: str | None
    caption: str | None
    n_scored: int
    cut: float | None


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
    """What a selection of the seed goes by, keeps and loses, in all."""

    selection: str
    scorer: str | None
    model: str | None
    caption: str
    keep_share: float
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
    views = site.views()
    with site.reading(FIRST_LOOK_S, views) as con:
        choices, selections = _choices(con, views), _selections(con)
        choice = _chosen(choices, asked)
        view = _view(con, views, choices, choice, cut) if choice else None
    columns = similarity_histogram(view.found.similarities) if view else None
    return site.page(
        request,
        "quality.html.j2",
        choices=choices,
        choice=choice,
        selections=selections,
        goes_by={one.selection: one for one in selections},
        cuts={one.selection: one.cut for one in choices},
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
    views = site.views()
    with site.reading(views=views) as con:
        choices = _choices(con, views)
        choice = _chosen(choices, asked)
        view = _view(con, views, choices, choice, cut) if choice else None
    if view is None:
        raise UsageError("nothing is scored here")
    answer: dict[str, Any] = asdict(losses(view.found, view.cut))
    for side in ("below", "above"):
        answer[side] = [asdict(one) for one in getattr(view, side)]
    return JSONResponse(answer)


def _choices(con: duckdb.DuckDBPyConnection, views: Views) -> tuple[Choosable, ...]:
    con.execute(f"create temp table first_style as {sql('web_quality_style')}")
    return views.held("quality").get(
        "choices", lambda: rows(con, "web_quality_choices", Choosable)
    )


def _selections(con: duckdb.DuckDBPyConnection) -> tuple[SelectionLoss, ...]:
    return rows(con, "web_quality_selections", SelectionLoss)


def _pairs(con: duckdb.DuckDBPyConnection, choice: Choice) -> Hashable:
    """What the scored pairs depend on: selections of one scorer have the same."""
    for one in _selections(con):
        own = choice.model is None and one.selection == choice.selection
        if own and one.model:
            return one.model, one.caption
    return choice


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
    con: duckdb.DuckDBPyConnection,
    views: Views,
    choices: tuple[Choosable, ...],
    choice: Choice,
    cut: str,
) -> View | None:
    for name, value in asdict(choice).items():
        con.execute(f"set variable {name} = {literal(value)}")
    con.execute(f"create temp view scored_pairs as {sql('web_quality_scored')}")
    held = views.held("quality", _pairs(con, choice))
    found = read_distribution(con, held)
    if not len(found.similarities):
        return None
    cuts = {one.selection: one.cut for one in choices}
    own = None if choice.model else cuts.get(choice.selection)
    middle = float(found.similarities[len(found.similarities) // 2])
    value = _number(cut, middle if own is None else own)
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
        own,
        found,
        tuple(known[image_id] for image_id in below if image_id in known),
        tuple(known[image_id] for image_id in above if image_id in known),
    )


def _number(text: str, usual: float) -> float:
    try:
        value = float(text) if text.strip() else usual
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise UsageError(f"a cut is a number, not {text!r}", remedy="such as 0.25")
    return value
