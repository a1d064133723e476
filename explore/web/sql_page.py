"""The page where visitors ask the published tables in SQL."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from explore.figures import SQL, rows
from explore.web.asked import Answer
from explore.web.asker import Form, Order
from explore.web.site import Site, SiteDep
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError

SHOWN_ROWS = 500
SECONDS = 30.0
MOST_LETTERS = 6_000
router = APIRouter()
Asked = Annotated[str, Query(max_length=MOST_LETTERS)]
KINDS = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True)
class Column:
    """A column of a public table."""

    table_name: str
    column_name: str
    data_type: str


@dataclass(frozen=True)
class Example:
    """A query to begin with; `title` is the comment in its first line."""

    title: str
    sql: str


@router.get("/sql")
def sql_page(request: Request, site: SiteDep, q: Asked = "") -> HTMLResponse:
    """The editor, the tables, and the answer to what was asked."""
    answer: Answer | None = None
    wrong = ""
    began = time.monotonic()
    if q.strip():
        try:
            with site.place():
                answer = site.asker.screen(order(site, q, "screen"), SECONDS)
        except SkyloomError as error:
            wrong = str(error)
    elapsed = time.monotonic() - began
    public = sorted(Catalog.open(site.lake).files)
    with site.reading() as con:
        tables: dict[str, list[Column]] = {}
        for column in rows(con, "web_sql_columns", Column, tables=public):
            tables.setdefault(column.table_name, []).append(column)
    return site.page(
        request,
        "sql.html.j2",
        status=400 if wrong else 200,
        q=q,
        answer=answer,
        wrong=wrong,
        elapsed=elapsed,
        tables=tables,
        examples=examples(),
        most=MOST_LETTERS,
    )


@router.get("/sql/download")
def download(
    site: SiteDep, q: Asked, form: Literal["csv", "parquet"] = "csv"
) -> Response:
    """The whole answer as a file."""
    with site.place():
        content = site.asker.file(order(site, q, form), SECONDS)
    headers = {"content-disposition": f'attachment; filename="skyloom.{form}"'}
    return Response(content, 200, headers, KINDS[form])


def order(site: Site, sql: str, form: Form) -> Order:
    """A query of the current run, as a visitor may ask it."""
    files = Catalog.open(site.lake).files
    return Order(sql, form, SHOWN_ROWS, {name: str(files[name]) for name in files})


@cache
def examples() -> tuple[Example, ...]:
    """The queries of `explore/sql/examples`, by file name."""
    found = []
    for file in sorted((SQL / "examples").glob("*.sql")):
        title, sql = file.read_text(encoding="utf-8").split("\n", 1)
        found.append(Example(title.removeprefix("-- "), sql.strip()))
    return tuple(found)
