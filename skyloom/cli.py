"""The one command line: the roof of the house, and the only file that imports stages.

Stages are imported inside their commands, so that `skyloom --help` is instant.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from skyloom import options as opt
from skyloom import progress, reader
from skyloom.errors import EXIT_FAILURE, EXIT_PARTIAL, SkyloomError, UsageError

if TYPE_CHECKING:
    from extract.fetcher import FetchResult
    from skyloom.build import Built
    from skyloom.lake import Lake
    from skyloom.runs import Log
    from skyloom.settings import Settings

LOCAL_FILES = "LF"
DRAWN = "drawn"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="OpenStreetMap and overhead imagery into captioned image-text data sets.",
)


@dataclass(frozen=True)
class Imagery:
    """Rasters that a command names, and what the flags say of them."""

    files: list[Path] = field(default_factory=list)
    source: str = LOCAL_FILES
    acquired: str | None = None
    license: str | None = None
    attribution: str | None = None


@dataclass(frozen=True)
class Job:
    """How a command works: the flags that go before lake.toml."""

    variables: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None
    workers: int | None = None

    def settings(self, lake: Lake) -> Settings:
        """The settings that hold, read at the edge."""
        from skyloom.settings import read_settings

        return read_settings(lake, threads=self.threads, workers=self.workers)


@app.command()
def load(
    files: opt.OsmArgument,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    region: opt.RegionOption = None,
    snapshot_date: opt.DateOption = None,
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Load OpenStreetMap extracts as snapshots of the lake."""
    from load.pbf import check_pbf
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    for file in files:
        check_pbf(file)
    with at_work(lake, create=True) as (opened, log):
        _load(opened, log, Job(threads=threads), files, region, _day(snapshot_date))


@app.command()
def build(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    select: opt.SelectOption = None,
    variables: opt.VarsOption = "{}",
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Build, test and publish the models: tags, scenes, captions, catalog."""
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    job = Job(opt.parse_vars(variables), threads)
    with at_work(lake, create=True) as (opened, log):
        built = _build(opened, log, job, select)
    print(f"catalog run {built.run_id}{'' if built.changed else ', unchanged'}")


@app.command()
def fetch(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    imagery: opt.ImageryOption = None,
    source_code: opt.SourceOption = LOCAL_FILES,
    acquired: opt.AcquiredOption = None,
    license: opt.LicenseOption = None,  # noqa: A002 (the flag's name)
    attribution: opt.AttributionOption = None,
    retry: opt.RetryOption = False,
    variables: opt.VarsOption = "{}",
    workers: opt.WorkersOption = None,
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Fetch the chips that the scenes lack; --imagery adds rasters first."""
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    rasters = Imagery(imagery or [], source_code, acquired, license, attribution)
    job = Job(opt.parse_vars(variables), threads, workers)
    _check_imagery(lake, [], rasters)
    with at_work(lake) as (opened, log):
        if rasters.files:
            _index(opened, rasters)
            _build(opened, log, job)
        result = _fetch(opened, log, job, retry=retry)
        _build(opened, log, job)
    print(result)
    _exit_if_partial(result)


@app.command()
def run(
    osm: opt.OsmOption = None,
    imagery: opt.ImageryOption = None,
    sources: opt.SourcesOption = "",
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    region: opt.RegionOption = None,
    snapshot_date: opt.DateOption = None,
    source_code: opt.SourceOption = LOCAL_FILES,
    acquired: opt.AcquiredOption = None,
    license: opt.LicenseOption = None,  # noqa: A002 (the flag's name)
    attribution: opt.AttributionOption = None,
    variables: opt.VarsOption = "{}",
    workers: opt.WorkersOption = None,
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Run every stage: load, build, fetch, build, report."""
    progress.be_quiet(quiet)
    _run(
        lake,
        osm or [],
        Imagery(imagery or [], source_code, acquired, license, attribution),
        Job(opt.parse_vars(variables), threads, workers),
        sources=[code for code in sources.split(",") if code],
        region=region,
        snapshot_date=_day(snapshot_date),
    )


@app.command()
def demo(
    lake: opt.LakeOption = opt.DEMO_LAKE,
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Draw a small town and run every stage on it: no account, no network."""
    from sample.imagery import write_imagery
    from sample.pbf import write_pbf
    from sample.town import town
    from skyloom.answers import print_demo
    from skyloom.export import export_skyscript
    from skyloom.lake import Lake

    progress.be_quiet(quiet)
    folder = lake.absolute().parent
    pbf, image = folder / "town" / "town.osm.pbf", folder / "town" / "town.tif"
    if not (pbf.exists() and image.exists()):
        progress.say("drawing the town")
        pbf.parent.mkdir(parents=True, exist_ok=True)
        elements = town()
        write_pbf(elements, pbf)
        write_imagery(elements, image)
    terms = ("CC0-1.0", "drawn by Skyloom, not a photograph")
    _run(lake, [pbf], Imagery([image], "DR", None, *terms), Job(threads=threads))
    exported = export_skyscript(Lake.open(lake), folder / "skyscript")
    print_demo(Lake.open(lake), exported.csv)


@app.command()
def report(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    out: opt.ReportOption = None,
    chips: opt.ChipsOption = 60,
) -> None:
    """Write the data set's report: one HTML file that opens anywhere."""
    from explore.report import write_report
    from skyloom.lake import Lake

    print(write_report(Lake.open(lake), out, chips=chips))


app.add_typer(reader.app)


def _run(
    folder: Path,
    osm: list[Path],
    imagery: Imagery,
    job: Job,
    *,
    sources: list[str] | None = None,
    region: str | None = None,
    snapshot_date: date | None = None,
) -> None:
    """The main job; all input is checked before the lake is touched."""
    from explore.report import write_report
    from extract.drawn_footprints import index_drawn
    from load.pbf import check_pbf
    from skyloom.lake import MARKER
    from skyloom.work import at_work

    if not osm and not (folder / MARKER).exists():
        raise UsageError(
            "there is nothing to load", remedy="name an extract with --osm FILE.osm.pbf"
        )
    for file in osm:
        check_pbf(file)
    _check_sources(sources or [])
    _check_imagery(folder, osm, imagery)
    with at_work(folder, create=True) as (lake, log):
        _load(lake, log, job, osm, region, snapshot_date)
        if imagery.files:
            _index(lake, imagery)
        if DRAWN in (sources or []):
            index_drawn(lake, None)
        first = _build(lake, log, job)
        result = _fetch(lake, log, job)
        progress.say(str(result))
        second = _build(lake, log, job)
        page = lake.root / "report.html"
        if first.changed or second.changed or not _is_newer(page, lake.catalog):
            print(f"report   {write_report(lake)}")
            print(f"catalog  {lake.catalog / 'catalog.duckdb'}")
        else:
            print("nothing to do: the lake is up to date")
    _exit_if_partial(result)


def _check_sources(sources: list[str]) -> None:
    for source in sources:
        if source != DRAWN:
            raise UsageError(
                f"source {source!r} cannot be fetched",
                remedy=f"name {DRAWN}, or give files with --imagery",
            )


def _check_imagery(folder: Path, osm: list[Path], imagery: Imagery) -> None:
    """Refuse files that are no imagery, or that show another place."""
    if not imagery.files:
        return
    from extract.acquired import parse_acquired
    from extract.coverage import lonlat_bounds
    from extract.footprints import check_source_code
    from extract.rasters import check_raster
    from load.extent import reaches
    from skyloom.lake import MARKER, Lake

    check_source_code(imagery.source)
    if imagery.acquired:
        parse_acquired(imagery.acquired)
    for file in imagery.files:
        check_raster(file)
    lake = Lake.open(folder) if (folder / MARKER).exists() else None
    for file in imagery.files:
        if not reaches(lake, osm, lonlat_bounds(file)):
            raise UsageError(
                "covers none of the objects",
                where=str(file),
                remedy="give imagery and an extract of the same place",
            )


def _load(
    lake: Lake,
    log: Log,
    job: Job,
    files: list[Path],
    region: str | None,
    snapshot_date: date | None,
) -> None:
    from load.osm import load_osm

    settings = job.settings(lake)
    for loaded in load_osm(
        lake,
        files,
        region=region,
        date=snapshot_date,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    ):
        log("loaded", snapshot=loaded.snapshot, skipped=loaded.skipped)
        print(loaded)


def _index(lake: Lake, imagery: Imagery) -> None:
    from extract.footprints import index_files

    index_files(
        lake,
        imagery.files,
        source=imagery.source,
        acquired=imagery.acquired,
        license=imagery.license,
        attribution=imagery.attribution,
    )


def _build(lake: Lake, log: Log, job: Job, select: list[str] | None = None) -> Built:
    from skyloom.build import build as build_models

    settings = job.settings(lake)
    built = build_models(
        lake,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        project=settings.project,
        select=select or (),
        variables=job.variables,
    )
    log("built", run=built.run_id, changed=built.changed)
    return built


def _fetch(lake: Lake, log: Log, job: Job, *, retry: bool = False) -> FetchResult:
    from extract.fetcher import fetch as fetch_chips
    from skyloom.catalog import Catalog

    settings = job.settings(lake)
    result = fetch_chips(
        lake,
        Catalog.open(lake),
        workers=settings.workers,
        retry=retry,
        styles=settings.project / "seeds" / "drawn_styles.csv",
    )
    log("fetched", result=str(result))
    return result


def _is_newer(page: Path, catalog: Path) -> bool:
    from skyloom.catalog import POINTER

    published = (catalog / POINTER).stat().st_mtime_ns
    return page.is_file() and page.stat().st_mtime_ns >= published


def _exit_if_partial(result: FetchResult) -> None:
    if result.failed:
        raise typer.Exit(EXIT_PARTIAL)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def main() -> None:
    """Run the command line; an error is one line on stderr and an exit code."""
    try:
        app()
    except SkyloomError as error:
        print(f"skyloom: {error.sentence()}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        # A defect of ours.
        said = " ".join(str(error).split())
        with tempfile.NamedTemporaryFile(
            "w", prefix="skyloom-", suffix=".txt", delete=False
        ) as file:
            traceback.print_exc(file=file)
        print(
            f"skyloom: unexpected {type(error).__name__}: {said}; please report it "
            f"with {file.name}",
            file=sys.stderr,
        )
        sys.exit(EXIT_FAILURE)


if __name__ == "__main__":
    main()
