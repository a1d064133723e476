"""The application: every page's routes, and what happens when one fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import duckdb
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from explore.web import (
    assets,
    gallery,
    image,
    quality,
    quality_parts,
    rules,
    runs,
    sql_page,
)
from explore.web import map as atlas
from explore.web.guard import Access, Guard
from explore.web.site import BusyError, Site
from skyloom.errors import SkyloomError, UsageError

ROUTERS = (
    assets.router,
    gallery.router,
    atlas.router,
    image.router,
    sql_page.router,
    quality.router,
    quality_parts.router,
    rules.router,
    runs.router,
)


def create_app(site: Site, access: Access) -> FastAPI:
    """The explorer of one lake, for whom `access` admits."""
    app = FastAPI(
        title="Skyloom",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_served,
    )
    app.state.site = site
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Guard, access=access)
    app.add_exception_handler(SkyloomError, _failed)
    app.add_exception_handler(duckdb.Error, _older)
    app.add_exception_handler(HTTPException, _not_found)
    app.add_exception_handler(RequestValidationError, _not_understood)
    return app


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncIterator[None]:
    site: Site = app.state.site
    site.asker.warm()
    try:
        yield
    finally:
        site.asker.close()


def _failed(request: Request, error: Exception) -> Response:
    if isinstance(error, BusyError):
        status = 503
    else:
        status = 400 if isinstance(error, UsageError) else 500
    return _told(request, status, str(error))


def _older(request: Request, error: Exception) -> Response:
    """A page's own query failed: a table or column that an older build did not make."""
    said = str(error).splitlines()[0]
    what = f"The catalog does not hold what this page reads ({said})."
    return _told(request, 500, f"{what} Run `skyloom build`.")


def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _told(request, status, "There is nothing here.")


def _not_understood(request: Request, error: Exception) -> Response:
    fields = sorted(
        {str(one["loc"][-1]) for one in error.errors()}
        if isinstance(error, RequestValidationError)
        else ()
    )
    return _told(request, 400, f"This address is not understood: {', '.join(fields)}.")


def _told(request: Request, status: int, what: str) -> Response:
    site: Site = request.app.state.site
    return site.page(request, "error.html.j2", status=status, what=what)
