"""The one command line: the roof of the house, and the only file that imports stages.

Stages are imported inside their commands, so that `skyloom --help` is instant.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skyloom import progress
from skyloom.errors import EXIT_FAILURE, EXIT_PARTIAL, SkyloomError, UsageError

if TYPE_CHECKING:
    from extract.fetcher import FetchResult
    from skyloom.build import Built
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake
    from skyloom.runs import Log
    from skyloom.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="OpenStreetMap and overhead imagery into captioned image-text data sets.",
)
catalog_app = typer.Typer(
    no_args_is_help=True, help="Look after the published catalog."
)
app.add_typer(catalog_app, name="catalog")


class ExportFormat(StrEnum):
    """What `skyloom export` can write."""

    SKYSCRIPT = "skyscript"


class QueryFormat(StrEnum):
    """How `skyloom query` prints rows."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


LakeOption = Annotated[
    Path, typer.Option("--lake", envvar="SKYLOOM_LAKE", help="the lake's folder")
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="no progress on stderr")]
ThreadsOption = Annotated[
    int | None, typer.Option(help="threads of DuckDB and dbt (default: the cores)")
]
WorkersOption = Annotated[int | None, typer.Option(help="chips fetched at one time")]
OsmArgument = Annotated[list[Path], typer.Argument(help="OSM extracts (.osm.pbf)")]
RegionOption = Annotated[
    str | None, typer.Option(help="name of the region (default: from the file's name)")
]
DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        formats=["%Y-%m-%d"],
        help="date of the extract (default: from its header or name)",
    ),
]
ImageryOption = Annotated[
    list[Path] | None, typer.Option("--imagery", help="georeferenced rasters")
]
SourceOption = Annotated[
    str, typer.Option("--source-code", help="two letters that name the imagery")
]
AcquiredOption = Annotated[
    str | None, typer.Option(help="when it was taken: YYYY, YYYY-MM-DD or with THH:MM")
]
LicenseOption = Annotated[str | None, typer.Option(help="licence of the imagery")]
AttributionOption = Annotated[str | None, typer.Option(help="who must be named")]
VarsOption = Annotated[
    str, typer.Option("--vars", help='dbt vars as JSON, e.g. {"max_px": 400}')
]
DEFAULT_LAKE = Path("lake")


@app.command()
def load(
    files: OsmArgument,
    lake: LakeOption = DEFAULT_LAKE,
    region: RegionOption = None,
    snapshot_date: DateOption = None,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Load OpenStreetMap extracts as snapshots of the lake."""
    from load.osm import load_osm
    from load.pbf import check_pbf

    progress.be_quiet(quiet)
    for file in files:
        check_pbf(file)
    with _at_work(lake, create=True) as (opened, log):
        settings = _settings(opened, threads=threads)
        for loaded in load_osm(
            opened,
            files,
            region=region,
            date=_day(snapshot_date),
            threads=settings.threads,
            memory_limit=settings.memory_limit,
        ):
            log("loaded", snapshot=loaded.snapshot, skipped=loaded.skipped)
            print(loaded)


@app.command()
def build(
    lake: LakeOption = DEFAULT_LAKE,
    select: Annotated[
        list[str] | None, typer.Option(help="dbt selection, e.g. captions+")
    ] = None,
    variables: VarsOption = "{}",
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Build, test and publish the models: tags, scenes, captions, catalog."""
    progress.be_quiet(quiet)
    with _at_work(lake, create=True) as (opened, log):
        built = _build(opened, log, threads, select=select, variables=variables)
    _say_built(built)


@app.command()
def fetch(
    lake: LakeOption = DEFAULT_LAKE,
    imagery: ImageryOption = None,
    source_code: SourceOption = "LF",
    acquired: AcquiredOption = None,
    license: LicenseOption = None,  # noqa: A002 (the flag's name)
    attribution: AttributionOption = None,
    retry: Annotated[
        bool, typer.Option(help="also try again what a gate refused")
    ] = False,
    variables: VarsOption = "{}",
    workers: WorkersOption = None,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Fetch the chips that the scenes lack; --imagery adds rasters first."""
    progress.be_quiet(quiet)
    _check_rasters(imagery)
    _check_overlap(lake, [], imagery or [])
    with _at_work(lake) as (opened, log):
        if imagery:
            _index(opened, imagery, source_code, acquired, license, attribution)
            _build(opened, log, threads, variables=variables)
        result = _fetch(opened, log, workers, retry=retry)
        if result.fetched or result.rejected or result.failed:
            _build(opened, log, threads, variables=variables)
    print(result)
    if result.failed:
        raise typer.Exit(EXIT_PARTIAL)


@app.command()
def run(
    osm: Annotated[
        list[Path] | None, typer.Option("--osm", help="OSM extracts (.osm.pbf)")
    ] = None,
    imagery: ImageryOption = None,
    sources: Annotated[str, typer.Option(help="sources without files: drawn")] = "",
    lake: LakeOption = DEFAULT_LAKE,
    region: RegionOption = None,
    snapshot_date: DateOption = None,
    source_code: SourceOption = "LF",
    acquired: AcquiredOption = None,
    license: LicenseOption = None,  # noqa: A002 (the flag's name)
    attribution: AttributionOption = None,
    variables: VarsOption = "{}",
    workers: WorkersOption = None,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Run every stage: load, build, fetch, build, report."""
    progress.be_quiet(quiet)
    _run(
        lake,
        osm or [],
        imagery or [],
        sources=[code for code in sources.split(",") if code],
        region=region,
        snapshot_date=_day(snapshot_date),
        terms=(source_code, acquired, license, attribution),
        variables=variables,
        workers=workers,
        threads=threads,
    )


@app.command()
def demo(
    lake: LakeOption = Path("demo/lake"),
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Draw a small town and run every stage on it: no account, no network."""
    from sample.imagery import write_imagery
    from sample.pbf import write_pbf
    from sample.town import town

    progress.be_quiet(quiet)
    folder = lake.absolute().parent / "town"
    pbf, image = folder / "town.osm.pbf", folder / "town.tif"
    if not (pbf.exists() and image.exists()):
        progress.say("drawing the town")
        folder.mkdir(parents=True, exist_ok=True)
        elements = town()
        write_pbf(elements, pbf)
        write_imagery(elements, image)
    _run(
        lake,
        [pbf],
        [image],
        terms=("DR", None, "CC0-1.0", "drawn by Skyloom, not a photograph"),
        threads=threads,
    )
    from skyloom.export import export_skyscript

    exported = export_skyscript(_open(lake), lake.absolute().parent / "skyscript")
    _show_demo(_open(lake), exported.csv)


@app.command()
def export(
    out: Annotated[
        Path, typer.Option("--out", help="a new folder, or an earlier export")
    ],
    lake: LakeOption = DEFAULT_LAKE,
    export_format: Annotated[
        ExportFormat, typer.Option("--format", help="the form to write")
    ] = ExportFormat.SKYSCRIPT,
    where: Annotated[
        str, typer.Option(help="SQL over images, captions and scenes")
    ] = "",
    private: Annotated[
        bool, typer.Option(help="for your own use: no licence needed")
    ] = False,
    pickles: Annotated[
        bool, typer.Option(help="also the original's pickles (unsafe to load)")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Write a release: images, captions, metadata and attribution."""
    from skyloom.export import export_skyscript

    progress.be_quiet(quiet)
    exported = export_skyscript(
        _open(lake), out, where=where, private=private, pickles=pickles
    )
    print(f"{exported.n_pairs} pairs in {exported.csv}")


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="one SELECT over the published tables")],
    lake: LakeOption = DEFAULT_LAKE,
    as_json: Annotated[
        bool, typer.Option("--json", help="a JSON array of rows")
    ] = False,
    form: Annotated[
        QueryFormat, typer.Option("--format", help="how to print")
    ] = QueryFormat.TABLE,
) -> None:
    """Ask the catalog in SQL."""
    from skyloom.answers import print_rows

    form = QueryFormat.JSON if as_json else form
    print_rows(_catalog(lake).query(sql), form)


@app.command()
def tables(
    lake: LakeOption = DEFAULT_LAKE,
    as_json: Annotated[
        bool, typer.Option("--json", help="a JSON array of rows")
    ] = False,
) -> None:
    """List the published tables with their rows."""
    from skyloom.answers import print_rows

    catalog = _catalog(lake)
    counts = "\nunion all\n".join(
        f"select '{name}' as table_name, count(*) as n_rows from \"{name}\""
        for name in sorted(catalog.files)
    )
    result = catalog.query(f"select * from ({counts}) order by table_name")
    print_rows(result, QueryFormat.JSON if as_json else QueryFormat.TABLE)


@app.command()
def report(
    lake: LakeOption = DEFAULT_LAKE,
    out: Annotated[
        Path | None, typer.Option("--out", help="the file (default: in the lake)")
    ] = None,
    chips: Annotated[int, typer.Option(help="chips in the gallery", min=0)] = 60,
) -> None:
    """Write the data set's report: one HTML file that opens anywhere."""
    from explore.report import write_report

    print(write_report(_open(lake), out, chips=chips))


@app.command()
def doctor(lake: LakeOption = DEFAULT_LAKE) -> None:
    """Check the installation and the lake; every red line names the fix."""
    from skyloom.doctor import examine

    marks = {True: "ok  ", False: "FAIL", None: "-   "}
    checks = examine(lake, _settings(None).project)
    for check in checks:
        cure = f" -> {check.fix}" if not check.ok and check.fix else ""
        print(f"{marks[check.ok]} {check.name}: {check.found}{cure}")
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)


@app.command()
def config(
    lake: LakeOption = DEFAULT_LAKE,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON array")] = False,
) -> None:
    """Print every setting, its value and where the value comes from."""
    from skyloom.lake import MARKER
    from skyloom.settings import origins, read_settings

    opened = _open(lake) if (lake / MARKER).exists() else None
    rows = origins(read_settings(opened), opened)
    if as_json:
        print(json.dumps(rows, default=str))
        return
    for row in rows:
        print(f"{row['setting']} = {row['value']}  ({row['origin']}; {row['meaning']})")


@catalog_app.command()
def relink(lake: LakeOption = DEFAULT_LAKE) -> None:
    """Write catalog.duckdb anew, after a lake has moved."""
    from skyloom.catalog import relink as write_views

    with _at_work(lake) as (opened, _):
        print(write_views(opened))


def _run(
    folder: Path,
    osm: list[Path],
    imagery: list[Path],
    *,
    sources: list[str] | None = None,
    region: str | None = None,
    snapshot_date: date | None = None,
    terms: tuple[str, str | None, str | None, str | None],
    variables: str = "{}",
    workers: int | None = None,
    threads: int | None = None,
) -> None:
    from explore.report import write_report
    from extract.drawn_footprints import index_drawn
    from load.osm import load_osm
    from load.pbf import check_pbf

    for file in osm:
        check_pbf(file)
    _check_rasters(imagery)
    _check_sources(sources or [])
    _check_overlap(folder, osm, imagery)
    with _at_work(folder, create=True) as (lake, log):
        settings = _settings(lake, threads=threads, workers=workers)
        loaded = load_osm(
            lake,
            osm,
            region=region,
            date=snapshot_date,
            threads=settings.threads,
            memory_limit=settings.memory_limit,
        )
        for snapshot in loaded:
            log("loaded", snapshot=snapshot.snapshot, skipped=snapshot.skipped)
            progress.say(str(snapshot))
        if imagery:
            _index(lake, imagery, *terms)
        if "drawn" in (sources or []):
            index_drawn(lake, None)
        built = _build(lake, log, threads, variables=variables)
        result = _fetch(lake, log, workers)
        if result.fetched or result.rejected or result.failed:
            built = _build(lake, log, threads, variables=variables)
        if built.changed or not (lake.root / "report.html").exists():
            page = write_report(lake)
            print(f"report   {page}")
            print(f"catalog  {lake.catalog / 'catalog.duckdb'}")
        else:
            print("nothing to do: the lake is up to date")
    progress.say(str(result))
    if result.failed:
        raise typer.Exit(EXIT_PARTIAL)


@contextmanager
def _at_work(folder: Path, *, create: bool = False) -> Iterator[tuple[Lake, Log]]:
    """A lake, locked and recorded; one that a failed command made is taken away."""
    from skyloom.lake import command_line
    from skyloom.raw_tables import SNAPSHOTS
    from skyloom.runs import recorded

    existed = folder.exists() and any(folder.iterdir())
    lake = _open(folder, create=create)
    try:
        with lake.lock(command_line()), recorded(lake) as log:
            yield lake, log
    except SkyloomError:
        if not existed and len(lake.files(SNAPSHOTS)) == 1:
            shutil.rmtree(lake.root)
        raise


def _check_rasters(imagery: list[Path] | None) -> None:
    if not imagery:
        return
    from extract.rasters import check_raster

    for file in imagery:
        check_raster(file)


def _check_sources(sources: list[str]) -> None:
    for source in sources:
        if source != "drawn":
            raise UsageError(
                f"source {source!r} cannot be fetched",
                remedy="name drawn, or give files with --imagery",
            )


def _check_overlap(folder: Path, osm: list[Path], imagery: list[Path]) -> None:
    """Refuse imagery of another place before anything is written."""
    from extract.coverage import lonlat_bounds
    from load.extent import reaches
    from skyloom.lake import MARKER

    lake = _open(folder) if (folder / MARKER).exists() else None
    for file in imagery:
        if not reaches(lake, osm, lonlat_bounds(file)):
            raise UsageError(
                "covers none of the objects",
                where=str(file),
                remedy="give imagery and an extract of the same place",
            )


def _open(folder: Path, *, create: bool = False) -> Lake:
    from skyloom.lake import Lake

    return Lake.open(folder, create=create)


def _settings(lake: Lake | None, **flags: Any) -> Settings:
    from skyloom.settings import read_settings

    return read_settings(lake, **flags)


def _catalog(folder: Path) -> Catalog:
    from skyloom.catalog import Catalog

    return Catalog.open(_open(folder))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _build(
    lake: Lake,
    log: Log,
    threads: int | None,
    *,
    select: list[str] | None = None,
    variables: str = "{}",
) -> Built:
    from skyloom.build import build as build_models

    try:
        chosen = json.loads(variables)
        if not isinstance(chosen, dict):
            raise ValueError("not an object")
    except ValueError as error:
        raise UsageError(f"--vars is not a JSON object ({error})") from None
    settings = _settings(lake, threads=threads)
    built = build_models(
        lake,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        project=settings.project,
        select=select or (),
        variables=chosen,
    )
    log("built", run=built.run_id, changed=built.changed)
    return built


def _say_built(built: Built) -> None:
    print(f"catalog run {built.run_id}{'' if built.changed else ', unchanged'}")


def _fetch(
    lake: Lake, log: Log, workers: int | None, *, retry: bool = False
) -> FetchResult:
    from extract.fetcher import fetch as fetch_chips
    from skyloom.catalog import Catalog

    settings = _settings(lake, workers=workers)
    result = fetch_chips(
        lake,
        Catalog.open(lake),
        workers=settings.workers,
        retry=retry,
        styles=settings.project / "seeds" / "drawn_styles.csv",
    )
    log("fetched", result=str(result))
    return result


def _index(
    lake: Lake,
    imagery: list[Path],
    source_code: str,
    acquired: str | None,
    license: str | None,  # noqa: A002 (the flag's name)
    attribution: str | None,
) -> None:
    from extract.footprints import index_files

    index_files(
        lake,
        imagery,
        source=source_code,
        acquired=acquired,
        license=license,
        attribution=attribution,
    )


def _show_demo(lake: Lake, csv: Path) -> None:
    """End the demo with a few captions, the paths, and what to try next."""
    from skyloom.catalog import Catalog

    rows = Catalog.open(lake).query(
        "select image_id, title_multi_objects from images "
        "inner join captions using (scene_id) order by md5(image_id) limit 5"
    )
    print("\nsome of the captions:")
    for image_id, caption in rows.fetchall():
        print(f"  {image_id}: {caption}")
    print(f"\ncatalog  {lake.catalog / 'catalog.duckdb'}")
    print(f"csv      {csv}")
    print(f"report   {lake.root / 'report.html'}")
    shown = os.path.relpath(lake.root)
    print("\nnext:")
    print(f"  .venv/bin/skyloom tables --lake {shown}")
    sql = "select title, count(*) from captions group by 1 order by 2 desc"
    print(f'  .venv/bin/skyloom query --lake {shown} "{sql}"')
    print("  edit dbt_project/seeds/tag_rules.csv, then")
    print(f"  .venv/bin/skyloom build --lake {shown}")


def main() -> None:
    """Run the command line; an error is one line on stderr and an exit code."""
    try:
        app()
    except SkyloomError as error:
        print(f"skyloom: {error.sentence()}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        # A defect of ours: the traceback is in the lake's run log.
        said = " ".join(str(error).split())
        print(
            f"skyloom: unexpected {type(error).__name__}: {said}; please report it "
            "with the last runs/*/log.jsonl of the lake",
            file=sys.stderr,
        )
        sys.exit(EXIT_FAILURE)


if __name__ == "__main__":
    main()
