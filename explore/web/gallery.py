"""The gallery: chips with outlines and captions, filtered, searched and paged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse

from explore.web import likeness
from explore.web.gallery_asked import END, MOST_ON_A_PAGE, PAGE, Asked, asked_of
from explore.web.gallery_cards import cards_of, mark_of, marks_of
from explore.web.gallery_facets import facets_of
from explore.web.gallery_found import Found, found_of
from explore.web.gallery_pages import MOST_COUNTED
from explore.web.site import SiteDep
from explore.web.uploaded import decoded
from skyloom.errors import SkyloomError, UsageError

router = APIRouter()


@router.get("/")
def gallery(request: Request, site: SiteDep) -> HTMLResponse:
    """One page of images."""
    asked = asked_of(request.query_params.multi_items())
    views = site.views()
    with site.reading(views=views) as con:
        facets = facets_of(views)
        facets.check(asked)
        style, selection = facets.style(asked), facets.selection(asked)
        found = found_of(con, site, asked, facets, views.run_id)
        cards = cards_of(
            con, found.ids.images, style=style, selection=selection, scores=found.scores
        )
    return site.page(
        request,
        "gallery.html.j2",
        asked=asked,
        found=found,
        cards=cards,
        marks=marks_of(cards),
        mark=mark_of,
        alike=facets.sizes.n_embedded > 0 or likeness.has_hashes(site.lake),
        facets=facets,
        selection=selection,
        earlier=_earlier(asked, found),
        later=_later(asked, found),
        last=_last(asked, found),
        usual_size=PAGE,
        page_sizes=sorted({PAGE, 2 * PAGE, 5 * PAGE, MOST_ON_A_PAGE, asked.page}),
        most=MOST_COUNTED,
        pills=_pills(asked),
    )


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post("/like")
def like(body: Annotated[bytes, Depends(_body)], site: SiteDep) -> JSONResponse:
    """Remember the vector of an image; the answer names it as `like_image` does."""
    try:
        example = decoded(body)
        with site.reading() as con:
            likeness.keep_upload(con, example.digest, example.picture)
    except SkyloomError as error:
        status = 400 if isinstance(error, UsageError) else 422
        return JSONResponse({"said": str(error)}, status)
    return JSONResponse({"like_image": likeness.UPLOADED + example.digest})


def _earlier(asked: Asked, found: Found) -> str | None:
    if not found.ids.earlier:
        return None
    if found.how is not None:
        rank = int(asked.after or 0) - asked.page
        return asked.from_start(after=str(rank) if rank > 0 else None)
    # Behind the last image there is none to go back from.
    return asked.from_start(before=next(iter(found.ids.images), None))


def _later(asked: Asked, found: Found) -> str | None:
    if not found.ids.later:
        return None
    if found.how is not None:
        return asked.from_start(after=str(int(asked.after or 0) + asked.page))
    return asked.from_start(after=found.ids.images[-1])


def _last(asked: Asked, found: Found) -> str | None:
    """The last page; a ranking is short and has no link to its end."""
    if not found.ids.later or found.how is not None:
        return None
    return asked.from_start(before=END)


@dataclass(frozen=True)
class Pill:
    """One filter that is on, and the address without it."""

    text: str
    without: str


def _pills(asked: Asked) -> tuple[Pill, ...]:
    said = {
        "like": f"like “{asked.like}”",
        "like_image": f"like the image {asked.like_image}",
        "q": f"caption says “{asked.q}”",
        "key": f"tag {asked.tag}",
        "rule": f"rule {asked.rule}",
        "source": f"source {asked.source}",
        "country": f"country {asked.country}",
        "split": f"split {asked.split}",
        "style": f"style {asked.style}",
        "selection": f"selection {asked.selection}",
        "kept": "kept" if asked.kept == "yes" else "not kept",
        "sim_min": f"similarity from {asked.sim_min}",
        "sim_max": f"similarity to {asked.sim_max}",
        "bbox": f"in {asked.bbox}",
    }
    return tuple(
        Pill(text, asked.from_start(**({name: None} | _beside(name))))
        for name, text in said.items()
        if getattr(asked, name) is not None
    )


def _beside(name: str) -> dict[str, None]:
    # A value without its key says nothing.
    return {"value": None} if name == "key" else {}
