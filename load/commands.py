"""The commands of loading: `skyloom load` and `skyloom import`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from skyloom import options as opt
from skyloom import progress
from skyloom.errors import EXIT_PARTIAL, UsageError

app = typer.Typer()
import_app = typer.Typer(
    no_args_is_help=True, help="Bring in data sets that others have published."
)
app.add_typer(import_app, name="import")


class Engine(StrEnum):
    """What puts OpenStreetMap's elements together."""

    DUCKDB = "duckdb"
    QUACKOSM = "quackosm"


OsmArgument = Annotated[
    list[Path] | None, typer.Argument(readable=False, help="OSM extracts (.osm.pbf)")
]
EngineOption = Annotated[Engine, typer.Option(help="what puts the elements together")]
KeepGoingOption = Annotated[
    bool,
    typer.Option("--keep-going", help="load what can be read of a damaged file"),
]
PublishedArgument = Annotated[
    Path, typer.Argument(readable=False, help="folder with images2, meta2, CSVs ...")
]
PartsArgument = Annotated[
    list[str] | None, typer.Argument(help="parts for --download (default: all)")
]
ImportNameOption = Annotated[
    str | None, typer.Option("--name", help="of the import (default: the folder's)")
]
DownloadOption = Annotated[
    bool, typer.Option("--download", help="first get the published parts")
]
PartsOption = Annotated[
    bool, typer.Option("--parts", help="only list what can be downloaded")
]


@app.command()
def load(
    files: OsmArgument = None,
    regions: opt.RegionsOption = None,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    region_name: opt.RegionNameOption = None,
    snapshot_date: opt.DateOption = None,
    engine: EngineOption = Engine.DUCKDB,
    bbox: opt.BoxOption = None,
    polygon: opt.PolygonOption = None,
    keep_going: KeepGoingOption = False,
    memory_limit: opt.MemoryOption = None,
    threads: opt.ThreadsOption = None,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Load OpenStreetMap extracts as snapshots of the lake."""
    from load import load_command as command
    from skyloom.work import Job, at_work

    progress.be_quiet(quiet)
    day = snapshot_date.date() if snapshot_date else None
    osm = command.Extracts(files or [], region_name, day, engine, keep_going)
    osm = osm.within(bbox, polygon)
    if not osm.files and not regions:
        raise UsageError(
            "there is nothing to load", remedy="name extracts, or a --region"
        )
    osm.check()
    job = Job(threads=threads, memory_limit=memory_limit)
    with at_work(lake, create=True) as (opened, log):
        osm = osm.joined(command.download(opened, job, regions))
        loaded = command.load(opened, log, job, osm)
    if as_json:
        from skyloom.answers import print_json

        print_json([one.summary() for one in loaded])
    else:
        for one in loaded:
            print(one)
    if any(one.is_partial for one in loaded):
        raise typer.Exit(EXIT_PARTIAL)


@import_app.command("skyscript")
def import_skyscript(
    folder: PublishedArgument,
    parts: PartsArgument = None,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    name: ImportNameOption = None,
    download: DownloadOption = False,
    listed: PartsOption = False,
    workers: opt.WorkersOption = None,
    memory_limit: opt.MemoryOption = None,
    threads: opt.ThreadsOption = None,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Bring in published SkyScript data: images, tags and captions."""
    from load import skyscript_import as imports
    from load import skyscript_parts as published
    from skyloom.answers import print_json
    from skyloom.work import Job, at_work

    progress.be_quiet(quiet)
    if listed:
        print(published.listing())
        return
    if parts and not download:
        raise UsageError("parts are for --download", remedy="add --download")
    if download:
        published.download_parts(folder, parts or ())
    imports.check(folder)
    job = Job(threads=threads, workers=workers, memory_limit=memory_limit)
    with at_work(lake, create=True) as (opened, log):
        done = imports.import_skyscript(opened, folder, job.settings(opened), name=name)
        log("imported", **done.summary())
    if as_json:
        print_json(done.summary())
    else:
        print(done)
