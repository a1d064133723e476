"""What was left out, how even classes are, where scenes lie, what repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from explore.balance import SPLITS, Balance, class_balance
from explore.coverage import coverage
from explore.figures import Reject, rows, sql
from explore.web.site import FIRST_LOOK_S, SiteDep

MOST = 30
router = APIRouter()


@dataclass(frozen=True)
class Kind:
    """One table of what was left out: what its rows count and name."""

    title: str
    query: str
    place: str
    things: str
    about: str


KINDS = (
    Kind(
        "Elements that could not be loaded",
        "load_rejects",
        "",
        "Elements",
        "Tagged elements of an extract without a usable geometry.",
    ),
    Kind(
        "Rows and files that could not be imported",
        "web_quality_import_rejects",
        "Data set",
        "Rows",
        "Of published data sets.",
    ),
    Kind(
        "Objects without a scene",
        "scene_rejects",
        "Source",
        "Objects",
        "Objects that an image of the source touches.",
    ),
    Kind(
        "Scenes without an image",
        "image_rejects",
        "Source",
        "Requests",
        "Chips that could not be had, or that a gate refused.",
    ),
    Kind(
        "Images that a selection leaves out",
        "web_quality_left_out",
        "Selection",
        "Images",
        "The reasons are in the order in which they are asked.",
    ),
)


@dataclass(frozen=True)
class Repeats:
    """Rows of `duplicates` of one kind, and how many groups they fall into."""

    what: str
    how: str
    n: int
    n_groups: int


@dataclass(frozen=True)
class Repeated:
    """A title and how many images share it."""

    label: str
    n: int
    n_sources: int


@dataclass(frozen=True)
class Alike:
    """An image that looks like another; `distance` are bits of the hash."""

    image_id: str
    duplicate_of: str
    how: str
    distance: float


@dataclass(frozen=True)
class Distinct:
    """How many different texts so many images have."""

    n_images: int
    n_titles: int
    n_captions: int


@dataclass(frozen=True)
class Place:
    """Scenes of one source and split."""

    source: str
    split: str
    n_scenes: int
    n_images: int


@router.get("/quality/rejects")
def rejects(request: Request, site: SiteDep) -> HTMLResponse:
    """What each step left out, by reason."""
    with site.reading() as con:
        found = [(kind, rows(con, kind.query, Reject)) for kind in KINDS]
    return site.page(request, "quality_rejects.html.j2", found=found)


@router.get("/quality/balance")
def balance(request: Request, site: SiteDep) -> HTMLResponse:
    """The tags of focus objects, by frequency."""
    views = site.views()
    with site.reading(FIRST_LOOK_S, views) as con:
        found = views.held("balance").get("tags", lambda: _balance(con))
    return site.page(request, "quality_balance.html.j2", balance=found, splits=SPLITS)


@router.get("/quality/coverage")
def covered(request: Request, site: SiteDep) -> HTMLResponse:
    """Where the scenes lie."""
    views = site.views()
    held = views.held("coverage")
    with site.reading(FIRST_LOOK_S, views) as con:
        drawn = held.get("map", lambda: coverage(con))
        places = held.get("places", lambda: rows(con, "web_quality_places", Place))
    return site.page(request, "quality_coverage.html.j2", map=drawn, places=places)


@router.get("/quality/repeats")
def repeats(request: Request, site: SiteDep) -> HTMLResponse:
    """Captions and images that come again."""
    views = site.views()
    with site.reading(FIRST_LOOK_S, views) as con:
        values = views.held("repeats").get("all", lambda: _repeats(con))
    return site.page(request, "quality_repeats.html.j2", **values)


def _balance(con: duckdb.DuckDBPyConnection) -> Balance:
    con.execute(f"create temp table first_style as {sql('web_quality_style')}")
    return class_balance(con, most=MOST)


def _repeats(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    for table, query in (
        ("first_style", "web_quality_style"),
        ("shared_titles", "web_quality_titles_shared"),
    ):
        con.execute(f"create temp table {table} as {sql(query)}")
    (distinct,) = rows(con, "web_quality_distinct", Distinct)
    return {
        "distinct": distinct,
        "counts": rows(con, "web_quality_repeat_counts", Repeats),
        "titles": rows(con, "web_quality_repeated", Repeated, most=MOST),
        "alike": rows(con, "web_quality_alike", Alike, most=12),
    }
