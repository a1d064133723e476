"""Sources that a command names by their codes, and `drawn`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from extract.drawn_footprints import index_drawn
from extract.known_sources import find_source, known_sources
from extract.services import SEEDS, way
from extract.services import index_sources as index_services
from skyloom.lake import MARKER, Lake
from skyloom.work import Job

DRAWN = "drawn"


def check_sources(folder: Path, job: Job, codes: list[str]) -> None:
    """Refuse codes that the seed does not know, or that no service here has."""
    services = [code for code in codes if code != DRAWN]
    if not services:
        return
    lake = Lake.open(folder) if (folder / MARKER).exists() else None
    settings = job.settings(lake)
    known = known_sources(settings.project / SEEDS)
    for code in services:
        way(find_source(known, code), settings)


def index_sources(
    lake: Lake, job: Job, codes: list[str], *, refresh: bool = False
) -> None:
    """Write the footprints of the sources, of the days that the vars name."""
    if DRAWN in codes:
        index_drawn(lake, None)
    days = {
        name: date.fromisoformat(str(job.variables[var]))
        if var in job.variables
        else None
        for name, var in (("first", "acquired_from"), ("last", "acquired_to"))
    }
    services = [code for code in codes if code != DRAWN]
    index_services(lake, services, job.settings(lake), refresh=refresh, **days)
