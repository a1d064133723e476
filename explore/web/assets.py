"""Styles, modules and chips: the only files that an address can lead to.

No part of an address becomes a path: static files are looked up in a list made at the
start, chips by their image id in the catalog.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import duckdb
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from explore.figures import literal
from explore.web.site import Site, SiteDep
from skyloom.errors import SkyloomError

STATIC = Path(__file__).parent.parent / "static"
# One palette and one look of chips: the report's.
REPORT_CSS = Path(__file__).parent.parent / "templates" / "report.css"
# Browser code of others stays in the wheel that brings it.
FROM_WHEELS = {
    "maplibre-gl.js": ("maplibre", "srcjs/maplibre-gl.js"),
    "maplibre-gl.css": ("maplibre", "srcjs/maplibre-gl.css"),
}
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
router = APIRouter()


@cache
def static_files() -> dict[str, Path]:
    """The files of `explore/static`, the report's style, and wheels', by name."""
    files = {file.name: file for file in STATIC.iterdir() if file.suffix in KINDS}
    files[REPORT_CSS.name] = REPORT_CSS
    for name, (package, inside) in FROM_WHEELS.items():
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            files[name] = Path(spec.origin).parent / inside
    return files


@router.get("/static/{name}")
def static(name: str, request: Request) -> Response:
    """One style or module."""
    file = static_files().get(name)
    if file is None:
        raise HTTPException(404)
    return _answer(request, file.read_bytes(), KINDS[file.suffix])


@router.get("/chips/{image_id}.jpg")
def chip(image_id: str, request: Request, site: SiteDep) -> Response:
    """The pixels of one image of the catalog."""
    with site.reading() as con:
        path = chip_path(con, site, image_id)
    if path is None:
        raise HTTPException(404)
    try:
        return _answer(request, path.read_bytes(), "image/jpeg")
    except OSError:
        raise HTTPException(404) from None


def chip_path(con: duckdb.DuckDBPyConnection, site: Site, image_id: str) -> Path | None:
    """Where a chip lies; None for no such image.

    Raises:
        SkyloomError: the catalog names a file that is not the lake's.
    """
    found = con.execute(
        f"select filepath from images where image_id = {literal(image_id)} limit 1"
    ).fetchone()
    if found is None:
        return None
    folder = (site.lake.root / "images").resolve()
    path = (site.lake.root / str(found[0])).resolve()
    if not path.is_relative_to(folder):
        raise SkyloomError("the catalog names a file outside the lake", where=image_id)
    return path


def _answer(request: Request, content: bytes, kind: str) -> Response:
    digest = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"etag": digest, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == digest:
        return Response(None, 304, headers)
    return Response(content, 200, headers, kind)
