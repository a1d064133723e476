"""What the gallery shows of what it is asked for: a page of ids, ranked or in order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from explore.remembered import Remembered
from explore.web import likeness
from explore.web.gallery_asked import MOST_WORDS, Asked
from explore.web.gallery_facets import Facets
from explore.web.gallery_pages import Ids, count, page_of
from explore.web.gallery_where import Where, where
from explore.web.site import Site
from skyloom.errors import SkyloomError, UsageError

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


def found_of(
    con: duckdb.DuckDBPyConnection,
    site: Site,
    asked: Asked,
    facets: Facets,
    run_id: str,
) -> Found:
    """The images of one page: by likeness where that is asked for, else by id."""
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
    shown = ranked.images[start : start + asked.page]
    ids = Ids(
        tuple(image_id for image_id, _ in shown),
        start > 0,
        len(ranked.images) > start + asked.page,
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
