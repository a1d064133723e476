"""The map: scenes and objects as vector tiles, and boxes drawn on it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import duckdb
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from explore.figures import rows, sql
from explore.page import osm_path
from explore.web.boxes import Box, degrees, read_box
from explore.web.map_facts import Count, Frame, Named, ObjectShown, Part, SceneShown
from explore.web.site import SiteDep
from explore.web.tiles import MARKS, Tile, draw
from skyloom.errors import UsageError

# The gallery's filters, which the map hands back to it.
FILTERS: tuple[str, ...] = (
    "q",
    "like",
    "like_image",
    "key",
    "value",
    "rule",
    "source",
    "country",
)
FILTERS += ("split", "style", "selection", "kept", "sim_min", "sim_max")
FILTERS += ("outlines", "per_page")
MOST_TAGS = 40
router = APIRouter()


@dataclass(frozen=True)
class Colours:
    """What the scenes' colours stand for."""

    by: str = "split"
    selection: str | None = None


def colours(by: str = "split", selection: str | None = None) -> Colours:
    """What an address asks the colours to stand for.

    Raises:
        UsageError: they cannot stand for that.
    """
    if by not in MARKS:
        raise UsageError(f"the map is coloured by {' or by '.join(MARKS)}")
    return Colours(by, selection or None)


ColoursDep = Annotated[Colours, Depends(colours)]


@router.get("/map")
def page(
    request: Request,
    site: SiteDep,
    shown: ColoursDep,
    bbox: str | None = None,
    view: str | None = None,
) -> Response:
    """The map; `bbox` is the drawn box, `view` the window on the Earth."""
    box, window = read_box(bbox), read_box(view)
    asked = request.query_params
    if any(side in asked for side in ("west", "south", "east", "north")):
        return _in_one(asked)
    with site.reading() as con:
        (frame,) = rows(con, "web_map_frame", Frame)
        selections = rows(con, "web_map_selections", Named)
        inside = _inside(con, box) if box else None
    names = [one.name for one in selections]
    if shown.selection is not None and shown.selection not in names:
        raise UsageError(f"there is no selection {shown.selection!r}")
    shown = Colours(shown.by, shown.selection or (names[0] if names else None))
    kept = {name: asked[name] for name in FILTERS if asked.get(name)}
    state = {
        "extent": frame.extent,
        "bbox": [float(side) for side in str(box).split(",")] if box else None,
        "view": [float(side) for side in str(window).split(",")] if window else None,
        "by": shown.by,
        "selection": shown.selection,
        "run": site.views().run_id,
        "filters": kept,
    }
    return site.page(
        request,
        "map.html.j2",
        frame=frame,
        selections=selections,
        shown=shown,
        box=box,
        sides=_sides(box),
        inside=inside,
        filters=kept,
        gallery="/?" + urlencode(kept | {"bbox": str(box)}) if box else "",
        state=json.dumps(state),
    )


@router.get("/map/tiles/{layer}/{z}/{x}/{y}.mvt")
def tile(
    site: SiteDep, shown: ColoursDep, layer: str, z: int, x: int, y: int
) -> Response:
    """One vector tile of `scenes` or `objects`."""
    asked = Tile(layer, z, x, y)
    asked.check()
    with site.reading() as con:
        drawn = draw(con, asked, by=shown.by, selection=shown.selection)
    # The address names the run, so an answer never goes stale under it.
    headers = {"cache-control": "private, max-age=600"}
    return Response(drawn, 200, headers, "application/vnd.mapbox-vector-tile")


@router.get("/map/box")
def inside(site: SiteDep, bbox: str) -> JSONResponse:
    """How many images and scenes touch a box."""
    box = read_box(bbox)
    if box is None:
        raise UsageError("a box is four numbers, W,S,E,N")
    with site.reading() as con:
        return JSONResponse(_inside(con, box))


@router.get("/map/scenes/{scene_id}")
def scene(site: SiteDep, scene_id: str) -> JSONResponse:
    """One scene, for the panel beside the map."""
    with site.reading() as con:
        found = rows(con, "web_map_scene", SceneShown, scene=scene_id)
    if not found:
        raise HTTPException(404)
    return JSONResponse(asdict(found[0]))


@router.get("/map/objects/{object_id}")
def thing(site: SiteDep, object_id: str) -> JSONResponse:
    """One object, for the panel beside the map."""
    with site.reading() as con:
        found = rows(con, "web_map_object", ObjectShown, object=object_id)
    if not found:
        raise HTTPException(404)
    one = found[0]
    osm = "" if one.drawn else osm_path(one.object_id)
    told = asdict(one) | {"tags": one.tags[:MOST_TAGS], "osm": osm}
    return JSONResponse(told)


def _inside(con: duckdb.DuckDBPyConnection, box: Box) -> dict[str, Any]:
    con.execute(sql("web_map_macros"))
    (images,) = rows(con, "web_map_images", Count, **asdict(box))
    parts = rows(con, "web_map_parts", Part)
    return {
        "images": images.n,
        "scenes": sum(part.n for part in parts),
        "parts": [asdict(part) for part in parts],
    }


def _in_one(asked: Any) -> Response:
    """A form sends four sides where an address has one box."""
    sides = [asked.get(side, "") for side in ("west", "south", "east", "north")]
    rest = {name: asked[name] for name in ("by", *FILTERS) if asked.get(name)}
    box = read_box(",".join(sides)) if any(sides) else None
    rest |= {"bbox": str(box)} if box else {}
    return RedirectResponse("/map" + ("?" + urlencode(rest) if rest else ""), 303)


def _sides(box: Box | None) -> tuple[tuple[str, str, str, int], ...]:
    """Name, label, value and greatest value of each input."""
    named = (("west", 180), ("south", 90), ("east", 180), ("north", 90))
    return tuple(
        (name, name.title(), degrees(getattr(box, name)) if box else "", most)
        for name, most in named
    )
