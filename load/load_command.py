"""The body of `skyloom load`, and what a run takes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from load.osm import DUCKDB, Loaded, LoadOptions, load_osm
from load.pbf import check_pbf
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.runs import Log
from skyloom.work import Job

if TYPE_CHECKING:
    # It brings shapely, which most loads do not need.
    from load.clip import Clip


@dataclass(frozen=True)
class Extracts:
    """Extracts that a command names, and what the flags say of them."""

    files: list[Path] = field(default_factory=list)
    region_name: str | None = None
    date: date | None = None
    engine: str = DUCKDB
    keep_going: bool = False
    clip: Clip | None = None

    def within(self, bbox: str | None, polygon: Path | None) -> Extracts:
        """The same, kept to a box or the polygons of a file.

        Raises:
            SkyloomError: there are both, or one that is none.
        """
        if bbox and polygon:
            raise UsageError("--bbox and --polygon at once", remedy="give one of them")
        if not bbox and not polygon:
            return self
        from load.clip import clip_of_box, clip_of_file

        clip = clip_of_file(polygon) if polygon else clip_of_box(bbox or "")
        return replace(self, clip=clip)

    def joined(self, files: list[Path]) -> Extracts:
        """The same with more files."""
        return replace(self, files=[*self.files, *files])

    def check(self) -> None:
        """Refuse what is no PBF before anything is done."""
        for file in self.files:
            check_pbf(file, keep_going=self.keep_going)


def download(lake: Lake, job: Job, regions: list[str] | None) -> list[Path]:
    """The extracts of regions, from the server of the settings."""
    from load.download import download as get

    server = job.settings(lake).geofabrik_url
    return [get(lake, name, server=server).path for name in regions or []]


def load(lake: Lake, log: Log, job: Job, osm: Extracts) -> list[Loaded]:
    """Load the extracts into the lake; each is told to the log of the run."""
    settings = job.settings(lake)
    loaded = load_osm(
        lake,
        osm.files,
        region=osm.region_name,
        date=osm.date,
        options=LoadOptions(
            engine=osm.engine,
            clip=osm.clip,
            keep_going=osm.keep_going,
            threads=settings.threads,
            memory_limit=settings.memory_limit,
        ),
    )
    for one in loaded:
        log("loaded", snapshot=one.snapshot, skipped=one.skipped)
    return loaded
