"""The gallery: chips with outlines and captions, filtered, searched and paged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import duckdb
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse

from explore.web import likeness
from explore.web.gallery_asked import MOST_WORDS, Asked, asked_of
from explore.web.gallery_cards import cards_of, mark_of, marks_of
from explore.web.gallery_facets import Facets, facets_of
from explore.web.gallery_pages import MOST_COUNTED, PAGE, Ids, count, page_of
from explore.web.gallery_where import Where, where
from explore.web.remembered import Remembered
from explore.web.site import Site, SiteDep
from explore.web.uploaded import decoded
from skyloom.errors import SkyloomError, UsageError

router = APIRouter()
_counts: Remembered[int] = Remembered(256)
_rankings: Remembered[likeness.Ranked] = Remembered(32)


@dataclass(frozen=True)
class Found:
    """What a page shows: its images, what they were ranked by, and what to say of it.

    `count` is None where it is not known; above `MOST_COUNTED` it is a bound.
    """

    ids: Ids
    scores: tuple[float, ...]
    how: str | None
    said: str | None
    count: int | None


@router.get("/")
def gallery(request: Request, site: SiteDep) -> HTMLResponse:
    """One page of images."""
    asked = asked_of(request.query_params.multi_items())
    with site.reading() as con:
        views = site.views()
        facets = facets_of(views)
        facets.check(asked)
        style, selection = facets.style(asked), facets.selection(asked)
        found = _found(con, site, asked, facets, views.run_id)
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


def _found(
    con: duckdb.DuckDBPyConnection,
    site: Site,
    asked: Asked,
    facets: Facets,
    run_id: str,
) -> Found:
    ranked, said = _ranked(con, site, asked, facets, run_id)
    if ranked is not None:
        return _page_of_ranked(asked, ranked, said)
    if asked.like:
        # Nothing to rank by: the same words are looked for in the captions.
        words = f"{asked.q or ''} {asked.like}".split()
        asked = replace(asked, q=" ".join(words[:MOST_WORDS]))
    conditions = _where(asked, facets)
    ids = page_of(con, asked, conditions, facets.landmarks)
    told = _count(con, asked, conditions, ids, facets, run_id)
    return Found(ids, (), None, said, told)


def _ranked(
    con: duckdb.DuckDBPyConnection,
    site: Site,
    asked: Asked,
    facets: Facets,
    run_id: str,
) -> tuple[likeness.Ranked | None, str | None]:
    """The images by likeness, or why there is no such order."""
    if not asked.like and not asked.like_image:
        return None, None
    key = (site.lake.root, run_id, asked.from_start(outlines=None))
    known = _rankings.get(key)
    if known is not None:
        return known, None
    conditions = _where(asked, facets)
    try:
        model = likeness.model_of(con)
        if asked.like:
            wanted = likeness.text_vector(con, model, asked.like)
        else:
            wanted = likeness.image_vector(con, model, str(asked.like_image))
        ranked = likeness.by_vector(con, conditions, model, wanted)
    except UsageError:
        raise
    except SkyloomError as error:
        if asked.like:
            return None, f"These are words in captions, not in pictures: {error}."
        return _by_look(con, site, asked, conditions, str(error))
    return _rankings.keep(key, ranked), None


def _by_look(
    con: duckdb.DuckDBPyConnection,
    site: Site,
    asked: Asked,
    conditions: Where,
    why: str,
) -> tuple[likeness.Ranked | None, str]:
    digest = likeness.digest_of(con, str(asked.like_image))
    try:
        ranked = likeness.by_look(con, site.lake, conditions, digest)
    except SkyloomError as error:
        return None, f"Not ranked: {why}, and {error}."
    return ranked, f"By perceptual hash, which knows looks and not things: {why}."


def _page_of_ranked(asked: Asked, ranked: likeness.Ranked, said: str | None) -> Found:
    if asked.before is not None or not (asked.after or "0").isdecimal():
        raise UsageError("a ranking is paged by after=RANK", remedy="like after=48")
    start = int(asked.after or 0)
    shown = ranked.images[start : start + PAGE]
    ids = Ids(
        tuple(image_id for image_id, _ in shown),
        start > 0,
        len(ranked.images) > start + PAGE,
    )
    scores = tuple(score for _, score in shown)
    return Found(ids, scores, ranked.how, said, len(ranked.images))


def _where(asked: Asked, facets: Facets) -> Where:
    return where(asked, facets.style(asked), facets.selection(asked))


def _count(
    con: duckdb.DuckDBPyConnection,
    asked: Asked,
    conditions: Where,
    ids: Ids,
    facets: Facets,
    run_id: str,
) -> int | None:
    """How many images the filters leave; of a later page only if that is known."""
    if not conditions.conditions:
        return facets.sizes.n_images
    if not ids.earlier and not ids.later:
        return len(ids.images)
    key = (run_id, conditions.conditions, str(conditions.variables))
    known = _counts.get(key)
    if known is None and asked.after is None and asked.before is None:
        known = _counts.keep(key, count(con, conditions))
    return known


def _earlier(asked: Asked, found: Found) -> str | None:
    if not found.ids.earlier:
        return None
    if found.how is not None:
        rank = int(asked.after or 0) - PAGE
        return asked.from_start(after=str(rank) if rank > 0 else None)
    # Behind the last image there is none to go back from.
    return asked.from_start(before=next(iter(found.ids.images), None))


def _later(asked: Asked, found: Found) -> str | None:
    if not found.ids.later:
        return None
    if found.how is not None:
        return asked.from_start(after=str(int(asked.after or 0) + PAGE))
    return asked.from_start(after=found.ids.images[-1])


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
