"""The one command line: the roof of the house, and the only file that imports stages.

Each stage brings the commands that are its own; those that chain stages are made here.
Stages do their work inside commands, so that `skyloom --help` is instant.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from skyloom import options as opt
from skyloom import progress, reader
from skyloom.command_list import COMMANDS, InOrder, stand_in
from skyloom.complaint import complain
from skyloom.errors import (
    EXIT_CREDENTIALS,
    EXIT_FAILURE,
    EXIT_PARTIAL,
    UsageError,
    printable,
)
from skyloom.flag_values import parse_bytes, parse_codes, parse_shard, parse_vars

if TYPE_CHECKING:
    from extract.fetcher import FetchOptions, FetchResult
    from extract.named_imagery import Imagery
    from load.load_command import Extracts
    from skyloom.build import Built
    from skyloom.lake import Lake
    from skyloom.runs import Log
    from skyloom.work import Job

LOCAL_FILES = "LF"
HOUSE = Path(__file__).parent.parent

app = typer.Typer(
    cls=InOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="OpenStreetMap and overhead imagery into captioned image-text data sets.",
)


@app.command()
def diff(
    old: opt.OldArgument = None,
    new: opt.NewArgument = None,
    osm: opt.OsmFlag = False,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    limit: opt.LimitOption = 10,
    out: opt.RowsFileOption = None,
    memory_limit: opt.MemoryOption = None,
    threads: opt.ThreadsOption = None,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Say what two builds differ in, rule by rule, or two OpenStreetMap snapshots."""
    from skyloom.answers import print_json
    from skyloom.lake import Lake
    from skyloom.work import Job

    progress.be_quiet(quiet)
    opened = Lake.open(lake)
    if osm:
        from load.diff_command import diff as diff_snapshots

        job = Job(threads=threads, memory_limit=memory_limit)
        diff_snapshots(opened, old, new, job, out, as_json=as_json)
        return
    from explore.builds import compare
    from explore.printed_captions import print_difference
    from skyloom.row_files import check_suffix

    if out:
        check_suffix(out)
    with compare(opened, old, new, most=limit) as difference:
        if out:
            difference.write(out)
        if as_json:
            print_json(difference.summary())
        else:
            print_difference(difference)


@app.command()
def build(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    select: opt.SelectOption = None,
    shard: opt.ShardOption = "",
    variables: opt.VarsOption = "{}",
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Build, test and publish the models: tags, scenes, captions, catalog."""
    from skyloom.work import Job, at_work

    progress.be_quiet(quiet)
    job = Job(parse_vars(variables), threads)
    if shard:
        if select:
            raise UsageError("--select and --shard at once", remedy="give one of them")
        _build_shard(lake, job, *parse_shard(shard))
        return
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
    bands: opt.BandsOption = None,
    scale: opt.ScaleOption = None,
    sources: opt.SourcesOption = "",
    refresh: opt.RefreshOption = False,
    retry: opt.RetryOption = "",
    dry_run: opt.DryRunOption = False,
    limit: opt.ChipLimitOption = None,
    max_requests: opt.MaxRequestsOption = None,
    max_bytes: opt.MaxBytesOption = None,
    probe: opt.ProbeOption = False,
    reasons: opt.ReasonsOption = False,
    shard: opt.ShardOption = "",
    variables: opt.VarsOption = "{}",
    workers: opt.WorkersOption = None,
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Fetch the chips that the scenes lack; --imagery, --sources add images first."""
    from extract.fetch_report import check_reasons, fetch_report
    from skyloom.answers import print_forecast, print_reasons
    from skyloom.lake import Lake

    progress.be_quiet(quiet)
    if reasons:
        print_reasons(fetch_report(Lake.open(lake)))
        return
    from extract.fetch_command import fetch_share, forecast
    from extract.fetcher import FetchOptions
    from extract.named_imagery import Imagery
    from extract.named_sources import check_sources, index_sources
    from skyloom.work import Job, at_work

    terms = (source_code, acquired, license, attribution, bands, scale)
    rasters = Imagery(imagery or [], *terms)
    job = Job(parse_vars(variables), threads, workers)
    options = FetchOptions(
        limit=limit,
        max_requests=max_requests,
        max_bytes=parse_bytes(max_bytes) if max_bytes else None,
        probe_only=probe,
    )
    codes = parse_codes(sources)
    check_reasons(parse_codes(retry))
    if shard:
        if rasters.files or codes or dry_run:
            raise UsageError(
                "a share of a fetch takes no --imagery, --sources or --dry-run",
                remedy="index images, or look at the plan, before the fetch is divided",
            )
        result = fetch_share(lake, job, *parse_shard(shard), retry, options)
        print(result)
        _exit_if_partial(result)
        return
    if refresh and not codes:
        raise UsageError("--refresh is for sources", remedy="name them with --sources")
    check_sources(lake, job, codes)
    _check_imagery(lake, [], rasters)
    with at_work(lake) as (opened, log):
        if rasters.files:
            rasters.index(opened)
        if codes:
            index_sources(opened, job, codes, refresh=refresh)
        if rasters.files or codes:
            _build(opened, log, job)
        if dry_run:
            print_forecast(forecast(opened, job, retry, limit))
            return
        result = _fetch(opened, log, job, retry=retry, options=options)
        _build(opened, log, job)
    print(result)
    _exit_if_partial(result)


@app.command()
def merge(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    variables: opt.VarsOption = "{}",
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Make one catalog of what `build --shard` and `fetch --shard` have left."""
    from captioning.perceptual_hashes import hash_images
    from extract.fetch_command import gather
    from skyloom.shards.merge import merge as merge_shards
    from skyloom.work import Job, at_work

    progress.be_quiet(quiet)
    job = Job(parse_vars(variables), threads)
    with at_work(lake) as (opened, log):
        settings = job.settings(opened)
        if gather(opened):
            hash_images(opened, threads=settings.threads)
        merged = merge_shards(
            opened,
            threads=settings.threads,
            memory_limit=settings.memory_limit,
            project=settings.project,
            variables=job.variables,
        )
        log("merged", run=merged.run_id, changed=merged.changed)
    print(f"catalog run {merged.run_id}{'' if merged.changed else ', unchanged'}")


@app.command()
def run(
    osm: opt.OsmOption = None,
    regions: opt.RegionsOption = None,
    bbox: opt.BoxOption = None,
    polygon: opt.PolygonOption = None,
    imagery: opt.ImageryOption = None,
    sources: opt.SourcesOption = "",
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    region_name: opt.RegionNameOption = None,
    snapshot_date: opt.DateOption = None,
    source_code: opt.SourceOption = LOCAL_FILES,
    acquired: opt.AcquiredOption = None,
    license: opt.LicenseOption = None,  # noqa: A002 (the flag's name)
    attribution: opt.AttributionOption = None,
    bands: opt.BandsOption = None,
    scale: opt.ScaleOption = None,
    variables: opt.VarsOption = "{}",
    workers: opt.WorkersOption = None,
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Run every stage: load, build, fetch, build, report."""
    from extract.named_imagery import Imagery
    from load.load_command import Extracts
    from skyloom.work import Job

    progress.be_quiet(quiet)
    terms = (source_code, acquired, license, attribution, bands, scale)
    day = snapshot_date.date() if snapshot_date else None
    extracts = Extracts(osm or [], region_name, day)
    _run(
        lake,
        extracts.within(bbox, polygon),
        Imagery(imagery or [], *terms),
        Job(parse_vars(variables), threads, workers),
        sources=parse_codes(sources),
        regions=regions,
    )


@app.command()
def doctor(
    lake: opt.LakeOption = opt.DEFAULT_LAKE, probe: opt.ServicesOption = False
) -> None:
    """Check the installation and the lake; every red line names the fix."""
    from skyloom.doctor import Check, examine
    from skyloom.lake import MARKER, Lake
    from skyloom.settings import read_settings

    marks = {True: "ok  ", False: "FAIL", None: "-   "}
    opened = Lake.open(lake) if (lake / MARKER).exists() else None
    settings = read_settings(opened)
    checks = examine(lake, settings.project)
    if probe:
        from extract.service_probe import probe_services

        checks += [
            Check(f"service {one.service}", one.ok, one.found, one.fix)
            for one in probe_services(settings)
        ]
    for check in checks:
        cure = f" -> {check.fix}" if not check.ok and check.fix else ""
        print(printable(f"{marks[check.ok]} {check.name}: {check.found}{cure}"))
    if any(check.ok is False for check in checks):
        raise typer.Exit(EXIT_FAILURE)


@app.command()
def demo(
    lake: opt.LakeOption = opt.DEMO_LAKE,
    towns: opt.TownsOption = 1,
    variables: opt.VarsOption = "{}",
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Draw a small town and run every stage on it: no account, no network."""
    from extract.named_imagery import Imagery
    from load.load_command import Extracts
    from sample.drawn_towns import draw_towns
    from skyloom.answers import print_demo
    from skyloom.lake import Lake
    from skyloom.release.export import export_release
    from skyloom.release.order import Order
    from skyloom.work import Job

    progress.be_quiet(quiet)
    job = Job(parse_vars(variables), threads)
    folder = lake.absolute().parent
    pbfs, images = draw_towns(folder / "town", towns)
    terms = ("CC0-1.0", "drawn by Skyloom, not a photograph")
    _run(lake, Extracts(pbfs), Imagery(images, "DR", None, *terms), job)
    exported = export_release(Lake.open(lake), folder / "skyscript", Order())
    print_demo(Lake.open(lake), exported.csv)


def _is_here(stage: str) -> bool:
    """Whether a stage stands beside this package; another of its name is not ours."""
    spec = find_spec(stage)
    return spec is not None and spec.origin == str(HOUSE / stage / "__init__.py")


def _gather() -> None:
    """Take in the commands of the stages; what an absent stage lacks says so itself."""
    here = {stage for stage in COMMANDS.values() if stage and _is_here(stage)}
    for stage in sorted(here):
        app.add_typer(import_module(f"{stage}.commands").app)
    for name, stage in COMMANDS.items():
        if stage and stage not in here:
            stand_in(app, name)
    app.add_typer(reader.app)


_gather()


def _run(
    folder: Path,
    osm: Extracts,
    imagery: Imagery,
    job: Job,
    *,
    sources: list[str] | None = None,
    regions: list[str] | None = None,
) -> None:
    """The main job; all input is checked before the lake is touched."""
    from explore.report_command import tell
    from extract.named_sources import check_sources, index_sources
    from load.load_command import download
    from load.load_command import load as load_extracts
    from skyloom.lake import MARKER
    from skyloom.work import at_work

    if not osm.files and not regions and not (folder / MARKER).exists():
        raise UsageError(
            "there is nothing to load", remedy="name an extract with --osm FILE.osm.pbf"
        )
    osm.check()
    if regions:
        # A download is kept, whatever the rest comes to.
        with at_work(folder, create=True) as (lake, _):
            osm = osm.joined(download(lake, job, regions))
    check_sources(folder, job, sources or [])
    _check_imagery(folder, osm.files, imagery)
    with at_work(folder, create=True) as (lake, log):
        for one in load_extracts(lake, log, job, osm):
            print(one)
        if imagery.files:
            imagery.index(lake)
        index_sources(lake, job, sources or [])
        first = _build(lake, log, job)
        result = _fetch(lake, log, job)
        progress.say(str(result))
        second = _build(lake, log, job)
        tell(lake, changed=first.changed or second.changed)
    _exit_if_partial(result)


def _check_imagery(folder: Path, osm: list[Path], imagery: Imagery) -> None:
    """Refuse files that are no imagery, or that show another place."""
    from extract.coverage import lonlat_bounds
    from load.extent import reaches
    from skyloom.lake import MARKER, Lake

    files = imagery.checked()
    lake = Lake.open(folder) if files and (folder / MARKER).exists() else None
    for file in files:
        if not reaches(lake, osm, lonlat_bounds(file)):
            raise UsageError(
                "covers none of the objects",
                where=file,
                remedy="give imagery and an extract of the same place",
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


def _build_shard(folder: Path, job: Job, number: int, count: int) -> None:
    from skyloom.lake import Lake
    from skyloom.shards.passes import build_shard

    lake = Lake.open(folder)
    settings = job.settings(lake)
    built = build_shard(
        lake,
        number,
        count,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        project=settings.project,
        variables=job.variables,
    )
    print(built)
    if built.waits_for:
        raise typer.Exit(EXIT_PARTIAL)


def _fetch(
    lake: Lake,
    log: Log,
    job: Job,
    *,
    retry: str = "",
    options: FetchOptions | None = None,
) -> FetchResult:
    """Fetch chips, and give each the hash that duplicates are found by."""
    from captioning.perceptual_hashes import hash_images
    from extract.fetch_command import fetch as fetch_chips

    result = fetch_chips(lake, log, job, retry=retry, options=options)
    hashed = hash_images(lake, threads=job.settings(lake).threads)
    log("hashed", result=str(hashed))
    return result


def _exit_if_partial(result: FetchResult) -> None:
    if any(reason in ("credentials", "quota") for _, reason, _ in result.stopped):
        raise typer.Exit(EXIT_CREDENTIALS)
    if result.failed or result.left:
        raise typer.Exit(EXIT_PARTIAL)


def main() -> None:
    """Run the command line; an error is one line on stderr and an exit code."""
    try:
        app()
    except Exception as error:
        sys.exit(complain(error))


if __name__ == "__main__":
    main()
