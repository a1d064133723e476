"""The image page: all that the catalog knows of one image."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import duckdb
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from explore.explain import Explanation, Told, explanation
from explore.figures import rows
from explore.gallery import Picked
from explore.page import osm_path
from explore.web import image_facts as facts
from explore.web.boxes import Box
from explore.web.site import SiteDep
from skyloom.errors import SkyloomError

router = APIRouter()


@dataclass(frozen=True)
class Style:
    """A caption style in use by the report and the gallery."""

    style: str


@dataclass(frozen=True)
class Explained:
    """The captions with their reasons, the first style being the one shown elsewhere.

    `why_none` says why there are no reasons.
    """

    styles: tuple[Told, ...]
    why_none: str | None


@router.get("/image/{image_id}")
def page(request: Request, site: SiteDep, image_id: str) -> Response:
    """One image with everything that is known of it."""
    with site.reading() as con:
        found = rows(con, "web_image_picked", Picked, image=image_id)
        if not found:
            raise HTTPException(404)
        image = found[0]
        model, alike = facts.alike(con)
        values: dict[str, Any] = {
            "facts": rows(con, "web_image_facts", facts.Facts)[0],
            "near": rows(
                con,
                "web_image_near",
                facts.Neighbour,
                km=facts.NEAR_KM,
                most=facts.MOST_NEAR,
            ),
            "scores": rows(con, "web_image_scores", facts.Score),
            "judgements": rows(con, "web_image_selections", facts.Judgement),
            "twins": rows(con, "web_image_duplicates", facts.Twin),
            "polished": rows(
                con, "web_image_polished", facts.Polished, scene=image.scene_id
            ),
            "published": rows(con, "web_image_published", facts.Published),
            "objects": rows(
                con, "web_image_objects", facts.Present, most=facts.MOST_OBJECTS
            ),
            "shapes": facts.shapes(con, image),
        }
        told = _told(con, image)
    return site.page(
        request,
        "image.html.j2",
        image=image,
        box=_box(image),
        model=model,
        alike=alike,
        told=told,
        said=_said(told),
        unsaid=_unsaid(told),
        links=_links(image, [one.object_id for one in values["objects"]]),
        pretty=_pretty,
        near_km=facts.NEAR_KM,
        **values,
    )


def _told(con: duckdb.DuckDBPyConnection, image: Picked) -> Explained:
    try:
        found: Explanation = explanation(con, image.scene_id)
    except SkyloomError as error:
        return Explained((), str(error))
    shown = {one.style for one in rows(con, "shown_style", Style)}
    styles = sorted(
        found.styles,
        key=lambda told: (told.caption.style not in shown, told.caption.style),
    )
    return Explained(tuple(styles), None)


def _said(told: Explained) -> dict[str, str]:
    """The words that each object gave the first style's fullest caption."""
    words: dict[str, list[str]] = defaultdict(list)
    for one in told.styles[0].trace() if told.styles else ():
        if one.object_id:
            words[one.object_id].append(one.words.strip(" ,."))
    return {name: ", ".join(filter(None, said)) for name, said in words.items()}


def _unsaid(told: Explained) -> dict[str, str]:
    """Why the first style leaves out each object that it does not say."""
    left = told.styles[0].objects if told.styles else ()
    return {one.object_id: one.why for one in left}


def _links(image: Picked, object_ids: list[str]) -> dict[str, str]:
    """Where OpenStreetMap shows each real object; nowhere those under drawn pixels."""
    if image.drawn:
        return {}
    paths = {name: osm_path(name) for name in {*object_ids, image.object_id}}
    if image.osm_type in {"node", "way", "relation"} and image.osm_id:
        paths[image.object_id] = f"{image.osm_type}/{image.osm_id}"
    return {
        name: f"https://www.openstreetmap.org/{path}"
        for name, path in paths.items()
        if path
    }


def _box(image: Picked) -> Box | None:
    west, south, east, north = image.west, image.south, image.east, image.north
    if west is None or south is None or east is None or north is None:
        return None
    return Box(west, south, east, north)


def _pretty(text: str) -> str:
    """JSON with a line for each fact; as it is where it is none."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
