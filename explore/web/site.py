"""What every page of the explorer stands on: the current run, read within limits."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import duckdb
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from explore.figures import sql
from explore.page import environment
from explore.remembered import Held, Remembered
from explore.web.asker import Asker
from skyloom import __version__, gate
from skyloom.catalog import POINTER, Catalog
from skyloom.duck import quoted
from skyloom.errors import SkyloomError
from skyloom.lake import Lake

# Pieces of what was last looked at: six of each cut, one or two of a page.
PIECES = 32
# All words of a run may be read once, when a page of them is looked at first.
FIRST_LOOK_S = 40.0
NAV = (
    ("/", "Gallery"),
    ("/map", "Map"),
    ("/rules", "Rules"),
    ("/quality", "Quality"),
    ("/runs", "Runs"),
    ("/sql", "SQL"),
)


class BusyError(SkyloomError):
    """A request took too long, or too many came at one time."""


@dataclass(frozen=True)
class Limits:
    """What one request may use; `at_once` of them run at one time."""

    timeout_s: float = 10.0
    wait_s: float = 5.0
    at_once: int = 4
    memory: str = "2GB"
    threads: int = 2


@dataclass(frozen=True)
class Views:
    """One published run as a database in memory that reads its files and no others."""

    run_id: str
    database: duckdb.DuckDBPyConnection
    _remembered: Remembered[Any] = field(default_factory=lambda: Remembered(PIECES))

    def held(self, *name: Hashable) -> Held:
        """What is remembered under a name; a run never changes, nor do its answers."""
        return Held(self._remembered, name)


@dataclass
class Site:
    """A lake, looked at: the one thing that all requests share."""

    lake: Lake
    limits: Limits = Limits()
    templates: Environment = field(default_factory=environment)
    asker: Asker = field(default_factory=Asker)
    _views: Views | None = None
    _pointer: tuple[int, ...] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._places = threading.BoundedSemaphore(self.limits.at_once)

    def views(self) -> Views:
        """The current run; a run published meanwhile takes the place of an older one.

        Requests that still read the older one are not disturbed.
        """
        with self._lock:
            # Read before the run: of one published meanwhile the next request knows.
            pointer = _state(self.lake)
            if self._views is None or pointer is None or pointer != self._pointer:
                catalog = Catalog.open(self.lake)
                if self._views is None or self._views.run_id != catalog.run_id:
                    self._views = Views(catalog.run_id, _database(catalog, self.limits))
                self._pointer = pointer
            return self._views

    @contextmanager
    def reading(
        self, timeout_s: float | None = None, views: Views | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to a run for one request, stopped when time is up.

        It is the current run where none is given.

        Raises:
            BusyError: no place became free, or the time was up.
        """
        limit = timeout_s or self.limits.timeout_s
        with self.place(), (views or self.views()).database.cursor() as con:
            timer = threading.Timer(limit, con.interrupt)
            timer.start()
            try:
                yield con
            except duckdb.InterruptException:
                raise BusyError(
                    f"the answer took longer than {limit:g} s and was stopped",
                    remedy="ask for less: a filter, a smaller box",
                ) from None
            finally:
                timer.cancel()

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places for requests that cost something.

        Raises:
            BusyError: none became free.
        """
        if not self._places.acquire(timeout=self.limits.wait_s):
            raise BusyError(
                "the explorer is busy with other requests", remedy="try again"
            )
        try:
            yield
        finally:
            self._places.release()

    def page(
        self, request: Request, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page of `templates/web`, in the frame that all pages share."""
        text = self.templates.get_template(f"web/{template}").render(
            nav=NAV,
            here=request.url.path,
            version=__version__,
            lake=self.lake.root.name,
            **values,
        )
        return HTMLResponse(text, status)


def current_site(request: Request) -> Site:
    """The site of the application that a request came to."""
    site: Site = request.app.state.site
    return site


SiteDep = Annotated[Site, Depends(current_site)]


def _state(lake: Lake) -> tuple[int, ...] | None:
    """What of the pointer's file changes when a run is published; None is no file."""
    try:
        found = (lake.catalog / POINTER).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _database(catalog: Catalog, limits: Limits) -> duckdb.DuckDBPyConnection:
    con = catalog.connect()
    con.execute(f"set memory_limit = {quoted(limits.memory)}")
    con.execute(f"set threads = {limits.threads}")
    con.execute("set preserve_insertion_order = false")
    # No request fills the disk.
    con.execute("set temp_directory = ''")
    # What the report's queries read; here they belong to no connection of their own.
    con.execute(f"create table shown_style as {sql('shown_style')}")
    for view in ("shown_captions", "shown_words", "focus_shapes"):
        con.execute(f"create view {view} as {sql(view)}")
    # Pages compare builds, whose files lie beside those of the current run.
    con.execute(f"set allowed_directories = [{quoted(catalog.folder)}]")
    gate.lock(con, catalog.files.values())
    return con
