"""The one command line: the roof of the house, and the only file that imports stages.

Stages are imported inside their commands, so that `skyloom --help` is instant.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skyloom import options as opt
from skyloom import progress, reader
from skyloom.errors import (
    EXIT_CREDENTIALS,
    EXIT_FAILURE,
    EXIT_PARTIAL,
    EXIT_USAGE,
    SkyloomError,
    UsageError,
    printable,
)

if TYPE_CHECKING:
    from captioning.embed import Embeddings
    from captioning.score import Scores
    from extract.fetcher import FetchOptions, FetchResult
    from load.clip import Clip
    from load.osm import Loaded
    from skyloom.build import Built
    from skyloom.lake import Lake
    from skyloom.runs import Log
    from skyloom.settings import Settings

LOCAL_FILES = "LF"
DRAWN = "drawn"
STAGES = ("load", "extract", "captioning", "train", "eval", "explore", "sample")
NO_STAGES = (
    "this command works in a checkout of Skyloom only; the package alone has query, "
    "tables, describe, catalog, export and config"
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="OpenStreetMap and overhead imagery into captioned image-text data sets.",
)
rules_app = typer.Typer(no_args_is_help=True, help="Look at what the rules do.")
tags_app = typer.Typer(
    no_args_is_help=True, help="Judge the tags that no rule decides, by a classifier."
)
audit_app = typer.Typer(no_args_is_help=True, help="Let people grade what is said.")
import_app = typer.Typer(
    no_args_is_help=True, help="Bring in data sets that others have published."
)


@dataclass(frozen=True)
class Imagery:
    """Rasters that a command names, and what the flags say of them."""

    files: list[str] = field(default_factory=list)
    source: str = LOCAL_FILES
    acquired: str | None = None
    license: str | None = None
    attribution: str | None = None
    bands: str | None = None
    scale: str | None = None

    def terms(self) -> dict[str, Any]:
        """What is said of the files, as the indexing takes it."""
        return {
            "source": self.source,
            "acquired": self.acquired,
            "license": self.license,
            "attribution": self.attribution,
            "bands": opt.parse_bands(self.bands) if self.bands else None,
            "scale": opt.parse_numbers(self.scale, "--scale", 2)
            if self.scale
            else None,
        }


@dataclass(frozen=True)
class Osm:
    """Extracts that a command names, and what the flags say of them."""

    files: list[Path] = field(default_factory=list)
    region_name: str | None = None
    date: date | None = None
    engine: opt.Engine = opt.Engine.DUCKDB
    keep_going: bool = False
    clip: Clip | None = None

    def within(self, bbox: str | None, polygon: Path | None) -> Osm:
        """The same, kept to a box or the polygons of a file."""
        if bbox and polygon:
            raise UsageError("--bbox and --polygon at once", remedy="give one of them")
        if not bbox and not polygon:
            return self
        from load.clip import clip_of_box, clip_of_file

        clip = clip_of_file(polygon) if polygon else clip_of_box(bbox or "")
        return replace(self, clip=clip)

    def joined(self, files: list[Path]) -> Osm:
        """The same with more files."""
        return replace(self, files=[*self.files, *files])

    def check(self) -> None:
        """Refuse what is no PBF before anything is done."""
        from load.pbf import check_pbf

        for file in self.files:
            check_pbf(file, keep_going=self.keep_going)


@dataclass(frozen=True)
class Job:
    """How a command works: the flags that go before lake.toml."""

    variables: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None
    workers: int | None = None
    memory_limit: str | None = None

    def settings(self, lake: Lake | None) -> Settings:
        """The settings that hold, read at the edge."""
        from skyloom.settings import read_settings

        return read_settings(
            lake,
            threads=self.threads,
            workers=self.workers,
            memory_limit=self.memory_limit,
        )


@app.command()
def load(
    files: opt.OsmArgument = None,
    regions: opt.RegionsOption = None,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    region_name: opt.RegionNameOption = None,
    snapshot_date: opt.DateOption = None,
    engine: opt.EngineOption = opt.Engine.DUCKDB,
    bbox: opt.BoxOption = None,
    polygon: opt.PolygonOption = None,
    keep_going: opt.KeepGoingOption = False,
    memory_limit: opt.MemoryOption = None,
    threads: opt.ThreadsOption = None,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Load OpenStreetMap extracts as snapshots of the lake."""
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    osm = Osm(files or [], region_name, _day(snapshot_date), engine, keep_going)
    osm = osm.within(bbox, polygon)
    if not osm.files and not regions:
        raise UsageError(
            "there is nothing to load", remedy="name extracts, or a --region"
        )
    osm.check()
    job = Job(threads=threads, memory_limit=memory_limit)
    with at_work(lake, create=True) as (opened, log):
        loaded = _load(opened, log, job, osm.joined(_download(opened, job, regions)))
    if as_json:
        from skyloom.answers import print_json

        print_json([one.summary() for one in loaded])
    else:
        for one in loaded:
            print(one)
    if any(one.is_partial for one in loaded):
        raise typer.Exit(EXIT_PARTIAL)


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

    progress.be_quiet(quiet)
    opened = Lake.open(lake)
    if osm:
        job = Job(threads=threads, memory_limit=memory_limit)
        _diff_osm(opened, old, new, job, out, as_json=as_json)
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
    variables: opt.VarsOption = "{}",
    workers: opt.WorkersOption = None,
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Fetch the chips that the scenes lack; --imagery, --sources add images first."""
    from extract.fetch_report import check_reasons
    from extract.fetcher import FetchOptions
    from skyloom.answers import print_forecast, print_reasons
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    if reasons:
        from extract.fetch_report import fetch_report
        from skyloom.lake import Lake

        print_reasons(fetch_report(Lake.open(lake)))
        return
    terms = (source_code, acquired, license, attribution, bands, scale)
    rasters = Imagery(imagery or [], *terms)
    job = Job(opt.parse_vars(variables), threads, workers)
    options = FetchOptions(
        limit=limit,
        max_requests=max_requests,
        max_bytes=opt.parse_bytes(max_bytes) if max_bytes else None,
        probe_only=probe,
    )
    codes = opt.parse_codes(sources)
    check_reasons(opt.parse_codes(retry))
    if refresh and not codes:
        raise UsageError("--refresh is for sources", remedy="name them with --sources")
    _check_sources(lake, job, codes)
    _check_imagery(lake, [], rasters)
    with at_work(lake) as (opened, log):
        if rasters.files:
            _index(opened, rasters)
        if codes:
            _index_sources(opened, job, codes, refresh=refresh)
        if rasters.files or codes:
            _build(opened, log, job)
        if dry_run:
            print_forecast(_forecast(opened, job, retry, limit))
            return
        result = _fetch(opened, log, job, retry=retry, options=options)
        _build(opened, log, job)
    print(result)
    _exit_if_partial(result)


@app.command()
def plan(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    retry: opt.RetryOption = "",
    limit: opt.ChipLimitOption = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Say what a fetch would ask for: chips, requests, bytes, hours at the quota."""
    from extract.fetch_report import check_reasons
    from skyloom.answers import print_forecast, print_json
    from skyloom.lake import Lake

    check_reasons(opt.parse_codes(retry))
    rows = _forecast(Lake.open(lake), Job(), retry, limit)
    if as_json:
        print_json(rows)
    else:
        print_forecast(rows)


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
    progress.be_quiet(quiet)
    terms = (source_code, acquired, license, attribution, bands, scale)
    extracts = Osm(osm or [], region_name, _day(snapshot_date))
    _run(
        lake,
        extracts.within(bbox, polygon),
        Imagery(imagery or [], *terms),
        Job(opt.parse_vars(variables), threads, workers),
        sources=opt.parse_codes(sources),
        regions=regions,
    )


@app.command()
def doctor(
    lake: opt.LakeOption = opt.DEFAULT_LAKE, probe: opt.ServicesOption = False
) -> None:
    """Check the installation and the lake; every red line names the fix."""
    from skyloom.doctor import Check, examine
    from skyloom.lake import MARKER, Lake

    marks = {True: "ok  ", False: "FAIL", None: "-   "}
    opened = Lake.open(lake) if (lake / MARKER).exists() else None
    settings = Job().settings(opened)
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
    from sample.imagery import write_imagery
    from sample.pbf import write_pbf
    from sample.towns import nth_town
    from skyloom.answers import print_demo
    from skyloom.lake import Lake
    from skyloom.release.export import export_release
    from skyloom.release.order import Order

    progress.be_quiet(quiet)
    job = Job(opt.parse_vars(variables), threads)
    folder = lake.absolute().parent
    pbfs, images = [], []
    for number in range(1, towns + 1):
        name = "town" if number == 1 else f"town_{number}"
        pbf, image = (folder / "town" / f"{name}{end}" for end in (".osm.pbf", ".tif"))
        if not (pbf.exists() and image.exists()):
            progress.say(f"drawing the {name}")
            pbf.parent.mkdir(parents=True, exist_ok=True)
            elements = nth_town(number)
            write_pbf(elements, pbf)
            write_imagery(elements, image)
        pbfs.append(pbf)
        images.append(str(image))
    terms = ("CC0-1.0", "drawn by Skyloom, not a photograph")
    _run(lake, Osm(pbfs), Imagery(images, "DR", None, *terms), job)
    exported = export_release(Lake.open(lake), folder / "skyscript", Order())
    print_demo(Lake.open(lake), exported.csv)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def train(
    flags: typer.Context,
    config: opt.TrainConfigOption = "debug",
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    out: opt.TrainOutOption = None,
    resume: opt.ResumeOption = None,
    print_command: opt.PrintCommandOption = False,
    processes: opt.ProcessesOption = 4,
    list_flags: opt.ListFlagsOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Train a CLIP model on the lake's pairs, a CSV or tars; `--flags` lists more."""
    from train.flags import as_table
    from train.train_command import Asked
    from train.train_command import train as train_model

    progress.be_quiet(quiet)
    if list_flags:
        print(as_table())
        return
    asked = Asked(config, flags.args, lake, out, resume)
    if print_command:
        print(asked.line(processes))
        return
    print(train_model(asked))


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


@app.command()
def explore(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    port: opt.PortOption = opt.EXPLORER_PORT,
    no_browser: opt.NoBrowserOption = False,
    host: opt.HostOption = "127.0.0.1",
    allow_remote: opt.AllowRemoteOption = False,
    token: opt.TokenOption = None,
) -> None:
    """Serve the explorer: gallery, map, rules, quality, builds and SQL in a browser."""
    from explore.web.serve import Door, serve
    from skyloom.lake import Lake

    door = Door(host, port, allow_remote, token)
    serve(Lake.open(lake), door, browser=not no_browser)


@rules_app.command()
def preview(
    rule: opt.RuleArgument,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    bbox: opt.WhereBoxOption = None,
    out: opt.PageOption = None,
    seed: opt.SeedOption = "skyloom",
    as_json: opt.SummaryOption = False,
) -> None:
    """Look at one rule: what it decides and says, near misses; chips with --out."""
    from explore.printed_rules import print_preview
    from explore.rule_preview import CHIPS
    from explore.rule_preview import preview as look
    from skyloom.answers import print_json
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake
    from skyloom.pages import write_page

    opened = Lake.open(lake)
    chips = CHIPS if out else 0
    seen = look(
        Catalog.open(opened), opened.root, rule, box=_box(bbox), chips=chips, seed=seed
    )
    page = write_page(out, seen.page()) if out else None
    if as_json:
        print_json(seen.summary())
    else:
        print_preview(seen, page)


@rules_app.command()
def coverage(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    out: opt.PageOption = None,
    limit: opt.MostOption = 20,
    as_json: opt.SummaryOption = False,
) -> None:
    """Look at all rules: undecided tags, rules without effect, shared words."""
    from explore.printed_rules import print_coverage
    from explore.rule_coverage import rule_coverage
    from skyloom.answers import print_json
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake
    from skyloom.pages import write_page

    seen = rule_coverage(Catalog.open(Lake.open(lake)), most=limit)
    page = write_page(out, seen.page()) if out else None
    if as_json:
        print_json(seen.summary())
    else:
        print_coverage(seen, page)


@rules_app.command()
def scorecard(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    source: Annotated[
        str | None, typer.Option("--source", help="one imagery source, by its code")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="one country, as ISO 3166-1 alpha-2")
    ] = None,
    sort: Annotated[
        str, typer.Option("--sort", help="a column, or standing: the weakest first")
    ] = "standing",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="how many rows are listed")
    ] = None,
    out: opt.PageOption = None,
    as_json: opt.SummaryOption = False,
) -> None:
    """See how each rule fares: its objects, scenes, images, and how right it is."""
    from explore.printed_scorecard import print_scorecard
    from explore.rule_scorecard import scorecard as look
    from skyloom.answers import print_json
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake
    from skyloom.pages import write_page

    catalog = Catalog.open(Lake.open(lake))
    seen = look(catalog, source=source, country=country, sort=sort, most=limit)
    page = write_page(out, seen.page()) if out else None
    if as_json:
        print_json(seen.summary())
    else:
        print_scorecard(seen, page, most=limit)


@app.command()
def explain(
    name: opt.SceneArgument,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    style: opt.OneStyleOption = None,
    as_json: opt.SummaryOption = False,
) -> None:
    """Say why a scene's captions say what they say, and what they leave out."""
    from explore.explain import explain as look
    from explore.printed_captions import print_explanation
    from skyloom.answers import print_json
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake

    explanation = look(Catalog.open(Lake.open(lake)), name, style=style)
    if as_json:
        print_json(explanation.summary())
    else:
        print_explanation(explanation)


@tags_app.command("train")
def train_tags(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    labels: opt.LabelsOption = None,
    backend: opt.BackendOption = None,
    weights: opt.WeightsOption = None,
    clip_model: opt.ClipModelOption = opt.CLIP_MODEL,
    quiet: opt.QuietOption = False,
) -> None:
    """Train the classifier on labels, into the lake."""
    from captioning.tag_embeddings import open_backend
    from captioning.tags import train as train_on
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    with at_work(lake) as (opened, log):
        file = labels or Job().settings(opened).project / opt.LABELS
        embedding = open_backend(backend, weights=weights, clip_model=clip_model)
        model = train_on(opened, file, embedding)
        log("tag classifier trained", model=model)
    print(model)


@tags_app.command("predict")
def predict_tags(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    weights: opt.WeightsOption = None,
    clip_model: opt.ClipModelOption = opt.CLIP_MODEL,
    quiet: opt.QuietOption = False,
) -> None:
    """Judge the tags that no rule decides; the next build uses what it finds."""
    from captioning.tag_embeddings import open_backend
    from captioning.tags import predict as judge
    from captioning.tags import trained_model
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    with at_work(lake) as (opened, log):
        trained, model = trained_model(opened)
        embedding = open_backend(
            trained.backend, weights=weights, clip_model=clip_model
        )
        predicted = judge(opened, trained, model, embedding)
        log("tags judged", model=model, tags=predicted.n_tags)
    print(predicted)


@tags_app.command("evaluate")
def evaluate_tags(
    labels: opt.LabelsOption = None,
    backend: opt.BackendOption = None,
    weights: opt.WeightsOption = None,
    clip_model: opt.ClipModelOption = opt.CLIP_MODEL,
    out: opt.PageOption = None,
    as_json: opt.SummaryOption = False,
) -> None:
    """See how right the classifier is on keys that it was not trained on."""
    from dataclasses import asdict

    from captioning.tag_embeddings import open_backend
    from captioning.tag_evaluation import evaluate as measure
    from captioning.tag_labels import read_labels
    from captioning.tag_page import print_evaluation, write_evaluation
    from skyloom.answers import print_json
    from skyloom.dbt_run import PROJECT

    read = read_labels(labels or PROJECT / opt.LABELS)
    embedding = open_backend(backend, weights=weights, clip_model=clip_model)
    seen = measure(read, embedding)
    page = write_evaluation(out, seen) if out else None
    if as_json:
        print_json(asdict(seen))
    else:
        print_evaluation(seen, page)


@tags_app.command("sample")
def sample_tags(
    out: opt.SampleOption,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    labels: opt.LabelsOption = None,
    rows: Annotated[int, typer.Option(min=1, help="how many tags at most")] = 300,
    seed: Annotated[
        str, typer.Option("--seed", help="another text draws other tags")
    ] = "skyloom",
) -> None:
    """Draw tags of the lake to label by hand; those labelled already stay out."""
    from captioning.label_sample import (
        label_sample,
        read_tags,
        thing_keys,
        write_sample,
    )
    from captioning.tag_labels import read_labels
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake

    opened = Lake.open(lake)
    project = Job().settings(opened).project
    known = read_labels(labels or project / opt.LABELS)
    drawn = label_sample(
        read_tags(Catalog.open(opened).path("tags")),
        thing_keys(project / "seeds" / "plain_words.csv"),
        rows=rows,
        seed=seed,
        labelled=frozenset(label.tag for label in known),
    )
    write_sample(drawn, out)
    print(f"{len(drawn):,} tags in {out}")


@app.command()
def polish(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    backend: opt.PolishBackendOption = opt.PolishBackend.OPENAI,
    base_url: opt.BaseUrlOption = None,
    model: opt.ModelOption = None,
    style: opt.StyleOption = "skyscript",
    limit: opt.PolishLimitOption = None,
    all_scenes: opt.AllScenesOption = False,
    concurrency: opt.ConcurrencyOption = 4,
    per_minute: opt.PerMinuteOption = None,
    key_variable: opt.KeyVariableOption = opt.KEY_VARIABLE,
    prompt: opt.PromptOption = "v1",
    parameters: opt.ParametersOption = None,
    out: opt.BatchOutOption = None,
    results: opt.ResultsOption = None,
    price_in: opt.PriceInOption = None,
    price_out: opt.PriceOutOption = None,
    report: opt.RatesOption = False,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Let a language model word captions, checked; the next build takes them."""
    from captioning import polish_command as command
    from skyloom.answers import print_json, print_rates
    from skyloom.lake import Lake
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    if report:
        rates = command.report(Lake.open(lake))
        print_json(rates) if as_json else print_rates(rates)
        return
    example = '{"max_completion_tokens": 300}'
    order = command.Order(
        model=model or "",
        style=style,
        prompt=prompt,
        parameters=opt.parse_object(parameters, "--parameters", example)
        if parameters
        else None,
        limit=limit,
        all_scenes=all_scenes,
        prices=(price_in, price_out),
    )
    way: command.Way = (
        command.Files(out, results)
        if backend == opt.PolishBackend.BATCH
        else command.Service(base_url or "", key_variable, concurrency, per_minute)
    )
    command.check(order, way)
    with at_work(lake) as (opened, log):
        done = command.run(opened, Job().settings(opened), order, way)
        log("polished", **done.summary())
    if as_json:
        print_json(done.summary())
    else:
        print(done)
    if done.is_partial:
        raise typer.Exit(EXIT_PARTIAL)


@audit_app.command("sample")
def sample_audit(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    out: opt.AuditPageOption = None,
    n: opt.AuditSizeOption = 1000,
    seed: opt.AuditSeedOption = "skyloom",
    selection: opt.SelectionOption = "all",
    style: opt.StyleOption = "skyscript",
) -> None:
    """Draw image-tag pairs by strata into a page to grade with the keyboard."""
    from captioning import audit_command as command
    from skyloom.lake import Lake

    opened = Lake.open(lake)
    print(command.sample(opened, out, n=n, seed=seed, selection=selection, style=style))


@audit_app.command("report")
def report_audit(
    files: opt.GradesArgument,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    only_report: opt.OnlyReportOption = False,
    as_json: opt.SummaryOption = False,
) -> None:
    """Say how accurate the tags are by what people graded; keep it in the lake."""
    from dataclasses import asdict

    from captioning import audit_command as command
    from skyloom.answers import print_json
    from skyloom.work import at_work

    grades = command.read_grades(files)
    imported: list[Path] = []
    if not only_report:
        with at_work(lake) as (opened, log):
            imported = command.import_grades(opened, grades)
            log("grades imported", files=len(imported))
    found = command.report(grades)
    print_json(asdict(found)) if as_json else command.print_report(found, imported)


@app.command()
def embed(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    model: opt.OpenClipOption = opt.SCORER,
    pretrained: opt.PretrainedOption = None,
    checkpoint: opt.CheckpointOption = None,
    quick_gelu: opt.QuickGeluOption = False,
    captions: opt.CaptionsOption = opt.CAPTION_COLUMNS,
    device: opt.DeviceOption = "auto",
    precision: opt.PrecisionOption = "auto",
    batch_size: opt.BatchSizeOption = 256,
    workers: opt.DecodersOption = None,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Give each image and caption a vector by a CLIP model, once."""
    from captioning import clip_command as command
    from captioning.embed import Pace
    from skyloom.clip_models import ClipRequest

    progress.be_quiet(quiet)
    done = command.embed(
        lake,
        command.Order(
            ClipRequest(model, pretrained, checkpoint, quick_gelu, device, precision),
            Pace(batch_size, workers),
            captions,
        ),
    )
    _print_done(done, as_json=as_json)


@app.command()
def score(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    model: opt.OpenClipOption = opt.SCORER,
    pretrained: opt.PretrainedOption = None,
    checkpoint: opt.CheckpointOption = None,
    quick_gelu: opt.QuickGeluOption = False,
    captions: opt.CaptionsOption = opt.CAPTION_COLUMNS,
    device: opt.DeviceOption = "auto",
    precision: opt.PrecisionOption = "auto",
    batch_size: opt.BatchSizeOption = 256,
    workers: opt.DecodersOption = None,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Score how like each image is to its captions; the next build takes it."""
    from captioning import clip_command as command
    from captioning.embed import Pace
    from skyloom.clip_models import ClipRequest

    progress.be_quiet(quiet)
    done = command.score(
        lake,
        command.Order(
            ClipRequest(model, pretrained, checkpoint, quick_gelu, device, precision),
            Pace(batch_size, workers),
            captions,
        ),
    )
    _print_done(done, as_json=as_json)


@app.command()
def classify(
    images: opt.ImagesArgument,
    labels: opt.ClassLabelsOption,
    model: opt.OpenClipOption = opt.SCORER,
    pretrained: opt.PretrainedOption = None,
    checkpoint: opt.CheckpointOption = None,
    quick_gelu: opt.QuickGeluOption = False,
    templates: opt.TemplatesOption = None,
    top: opt.TopOption = 3,
    tile_px: opt.TileOption = None,
    bands: opt.BandsOption = None,
    scale: opt.ScaleOption = None,
    out: opt.AnswersOption = None,
    device: opt.DeviceOption = "auto",
    precision: opt.PrecisionOption = "auto",
    batch_size: opt.BatchSizeOption = 64,
    workers: opt.DecodersOption = None,
    as_json: opt.JsonOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Name what images show, or the tiles of rasters, in labels of your own."""
    from captioning import clip_command as command
    from captioning.embed import Pace
    from skyloom.clip_models import ClipRequest

    progress.be_quiet(quiet)
    question = command.Question(
        images,
        labels,
        templates,
        top,
        tile_px,
        opt.parse_bands(bands) if bands else None,
        opt.parse_numbers(scale, "--scale", 2) if scale else None,
        out,
    )
    request = ClipRequest(model, pretrained, checkpoint, quick_gelu, device, precision)
    pace = Pace(batch_size, workers)
    if not command.classify(request, question, pace, as_json=as_json):
        raise typer.Exit(EXIT_PARTIAL)


@import_app.command("skyscript")
def import_skyscript(
    folder: opt.PublishedArgument,
    parts: opt.PartsArgument = None,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    name: opt.ImportNameOption = None,
    download: opt.DownloadOption = False,
    listed: opt.PartsOption = False,
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
    from skyloom.work import at_work

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


@app.command("eval")
def evaluate(
    checkpoint: opt.CheckpointArgument = None,
    model: opt.EvalModelOption = None,
    pretrained: opt.PretrainedOption = None,
    quick_gelu: opt.QuickGeluOption = False,
    benchmarks: opt.BenchmarksOption = None,
    skyscript: opt.SkyscriptOption = None,
    lake: opt.EvalLakeOption = None,
    splits: opt.SplitsOption = "val,test",
    style: opt.StyleOption = "skyscript",
    only: opt.OnlyOption = None,
    out: opt.EvalOutOption = None,
    cache: opt.CacheOption = None,
    device: opt.DeviceOption = "auto",
    precision: opt.PrecisionOption = "auto",
    batch_size: opt.BatchSizeOption = 128,
    workers: opt.DecodersOption = None,
    as_json: opt.SummaryOption = False,
    quiet: opt.QuietOption = False,
) -> None:
    """Evaluate a CLIP model on benchmarks, beside the published figures."""
    from eval import eval_command as command
    from eval.evaluate import Machine
    from eval.order import Order, with_lake
    from skyloom.answers import print_json

    progress.be_quiet(quiet)
    order = Order(
        checkpoint=checkpoint,
        model=model,
        pretrained=pretrained,
        quick_gelu=quick_gelu,
        device=device,
        precision=precision,
        benchmarks=benchmarks,
        skyscript=skyscript,
        lake=lake,
        splits=tuple(opt.parse_codes(splits)),
        style=style,
        only=tuple(only or ()),
        out=out,
        cache=cache,
        machine=Machine(batch_size, 2 if workers is None else workers),
    )
    done, files = command.run(with_lake(order, opt.DEFAULT_LAKE))
    if as_json:
        print_json(command.summary(done, files))
    else:
        command.print_evaluation(done, files)


app.add_typer(import_app, name="import")
app.add_typer(rules_app, name="rules")
app.add_typer(audit_app, name="audit")
app.add_typer(tags_app, name="tags")
app.add_typer(reader.app)


def _print_done(done: Embeddings | Scores, *, as_json: bool) -> None:
    from skyloom.answers import print_json

    if as_json:
        print_json(done.summary())
    else:
        print(done)
    if done.is_partial:
        raise typer.Exit(EXIT_PARTIAL)


def _diff_osm(
    lake: Lake,
    old: str | None,
    new: str | None,
    job: Job,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    from load.difference import compare
    from skyloom.answers import print_json
    from skyloom.row_files import check_suffix

    if not (old and new):
        raise UsageError(
            "two snapshots are to be named", remedy="say `skyloom diff --osm A B`"
        )
    if out:
        check_suffix(out)
    settings = job.settings(lake)
    with compare(
        lake,
        old,
        new,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    ) as difference:
        if out:
            difference.write(out)
        if as_json:
            print_json(difference.summary())
        else:
            print(difference)


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    from load.clip import clip_of_box

    clip_of_box(text)
    west, south, east, north = (float(number) for number in text.split(","))
    return west, south, east, north


def _run(
    folder: Path,
    osm: Osm,
    imagery: Imagery,
    job: Job,
    *,
    sources: list[str] | None = None,
    regions: list[str] | None = None,
) -> None:
    """The main job; all input is checked before the lake is touched."""
    from explore.report import write_report
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
            osm = osm.joined(_download(lake, job, regions))
    _check_sources(folder, job, sources or [])
    _check_imagery(folder, osm.files, imagery)
    with at_work(folder, create=True) as (lake, log):
        for one in _load(lake, log, job, osm):
            print(one)
        if imagery.files:
            _index(lake, imagery)
        _index_sources(lake, job, sources or [])
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


def _check_sources(folder: Path, job: Job, codes: list[str]) -> None:
    """Refuse codes that the seed does not know, or that no service here has."""
    services = [code for code in codes if code != DRAWN]
    if not services:
        return
    from extract.known_sources import find_source, known_sources
    from extract.services import SEEDS, way
    from skyloom.lake import MARKER, Lake

    lake = Lake.open(folder) if (folder / MARKER).exists() else None
    settings = job.settings(lake)
    known = known_sources(settings.project / SEEDS)
    for code in services:
        way(find_source(known, code), settings)


def _index_sources(
    lake: Lake, job: Job, codes: list[str], *, refresh: bool = False
) -> None:
    from extract.drawn_footprints import index_drawn
    from extract.services import index_sources

    if DRAWN in codes:
        index_drawn(lake, None)
    days = {
        name: date.fromisoformat(str(job.variables[var]))
        if var in job.variables
        else None
        for name, var in (("first", "acquired_from"), ("last", "acquired_to"))
    }
    services = [code for code in codes if code != DRAWN]
    index_sources(lake, services, job.settings(lake), refresh=refresh, **days)


def _check_imagery(folder: Path, osm: list[Path], imagery: Imagery) -> None:
    """Refuse files that are no imagery, or that show another place."""
    if not imagery.files:
        if imagery.bands or imagery.scale:
            raise UsageError("--bands and --scale are for the files of --imagery")
        return
    from extract.acquired import parse_acquired
    from extract.coverage import lonlat_bounds
    from extract.footprints import check_source_code
    from extract.locations import locations
    from extract.rasters import check_raster
    from load.extent import reaches
    from skyloom.lake import MARKER, Lake

    check_source_code(imagery.source)
    if imagery.acquired:
        parse_acquired(imagery.acquired)
    scaled = imagery.terms()["scale"] is not None
    files = locations(imagery.files)
    for file in files:
        check_raster(file, scaled=scaled)
    lake = Lake.open(folder) if (folder / MARKER).exists() else None
    for file in files:
        if not reaches(lake, osm, lonlat_bounds(file)):
            raise UsageError(
                "covers none of the objects",
                where=file,
                remedy="give imagery and an extract of the same place",
            )


def _download(lake: Lake, job: Job, regions: list[str] | None) -> list[Path]:
    from load.download import download

    server = job.settings(lake).geofabrik_url
    return [download(lake, name, server=server).path for name in regions or []]


def _load(lake: Lake, log: Log, job: Job, osm: Osm) -> list[Loaded]:
    from load.osm import LoadOptions, load_osm

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


def _index(lake: Lake, imagery: Imagery) -> None:
    from extract.footprints import index_files

    index_files(lake, imagery.files, **imagery.terms())


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


def _fetch(
    lake: Lake,
    log: Log,
    job: Job,
    *,
    retry: str = "",
    options: FetchOptions | None = None,
) -> FetchResult:
    from extract.fetcher import fetch as fetch_chips
    from extract.services import openers
    from skyloom.catalog import Catalog

    settings = job.settings(lake)
    result = fetch_chips(
        lake,
        Catalog.open(lake),
        workers=settings.workers,
        retry=opt.parse_codes(retry),
        services=partial(openers, settings),
        styles=settings.project / "seeds" / "drawn_styles.csv",
        options=options,
    )
    log("fetched", result=str(result))
    _hash(lake, log, settings.threads)
    return result


def _hash(lake: Lake, log: Log, threads: int) -> None:
    """Give each chip the hash that duplicates are found by."""
    from captioning.perceptual_hashes import hash_images

    hashed = hash_images(lake, threads=threads)
    log("hashed", result=str(hashed))


def _forecast(
    lake: Lake, job: Job, retry: str, limit: int | None
) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from extract.fetcher import forecast
    from extract.services import all_limits
    from skyloom.catalog import Catalog

    rows = forecast(
        lake,
        Catalog.open(lake),
        all_limits(job.settings(lake)),
        retry=opt.parse_codes(retry),
        limit=limit,
    )
    return [asdict(row) for row in rows]


def _is_newer(page: Path, catalog: Path) -> bool:
    from skyloom.catalog import POINTER

    published = (catalog / POINTER).stat().st_mtime_ns
    return page.is_file() and page.stat().st_mtime_ns >= published


def _exit_if_partial(result: FetchResult) -> None:
    if any(reason in ("credentials", "quota") for _, reason, _ in result.stopped):
        raise typer.Exit(EXIT_CREDENTIALS)
    if result.failed or result.left:
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
        if isinstance(error, ModuleNotFoundError) and error.name in STAGES:
            print(f"skyloom: {NO_STAGES}", file=sys.stderr)
            sys.exit(EXIT_USAGE)
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
