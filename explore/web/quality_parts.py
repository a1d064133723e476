"""What was left out, how even classes are, where scenes lie, what repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from explore.balance import SPLITS, class_balance
from explore.coverage import coverage
from explore.figures import Reject, rows, sql
from explore.web.site import SiteDep

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
    with site.reading() as con:
        con.execute(f"create temp table first_style as {sql('web_quality_style')}")
        found = class_balance(con, most=MOST)
    return site.page(request, "quality_balance.html.j2", balance=found, splits=SPLITS)


@router.get("/quality/coverage")
def covered(request: Request, site: SiteDep) -> HTMLResponse:
    """Where the scenes lie."""
    with site.reading() as con:
        drawn = coverage(con)
        places = rows(con, "web_quality_places", Place)
    return site.page(request, "quality_coverage.html.j2", map=drawn, places=places)


@router.get("/quality/repeats")
def repeats(request: Request, site: SiteDep) -> HTMLResponse:
    """Captions and images that come again."""
    with site.reading() as con:
        con.execute(f"create temp table first_style as {sql('web_quality_style')}")
        (distinct,) = rows(con, "web_quality_distinct", Distinct)
        values: dict[str, Any] = {
            "counts": rows(con, "web_quality_repeat_counts", Repeats),
            "titles": rows(con, "web_quality_repeated", Repeated, most=MOST),
            "alike": rows(con, "web_quality_alike", Alike, most=12),
        }
    return site.page(request, "quality_repeats.html.j2", distinct=distinct, **values)
