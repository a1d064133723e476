"""The commands that need no stage: they work wherever the wheel is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from skyloom import progress
from skyloom.options import (
    DEFAULT_LAKE,
    AnswerOption,
    CheckpointOption,
    DeviceOption,
    ExportFormatsOption,
    ImagesBoxOption,
    ImagesWhereOption,
    JsonOption,
    KnownModelOption,
    LakeOption,
    LikeOption,
    NearDuplicatesOption,
    NearestOption,
    NewArgument,
    OldArgument,
    OutOption,
    PicklesOption,
    PretrainedOption,
    PrivateOption,
    QueryFormat,
    QueryFormatOption,
    QuietOption,
    ReadLakeOption,
    SelectionOption,
    SinceOption,
    SqlArgument,
    StyleOption,
    SummaryOption,
    TableArgument,
    ThreadsOption,
    WhereOption,
)

if TYPE_CHECKING:
    from skyloom.clip_models import ClipRequest

READ_LAKE = str(DEFAULT_LAKE)
NEAREST = 10

app = typer.Typer()
catalog_app = typer.Typer(
    no_args_is_help=True, help="Look after the published catalog."
)
app.add_typer(catalog_app, name="catalog")


@app.command()
def export(
    out: OutOption,
    lake: LakeOption = DEFAULT_LAKE,
    form: ExportFormatsOption = "skyscript",
    style: StyleOption = "skyscript",
    where: WhereOption = "",
    selection: SelectionOption = "",
    private: PrivateOption = False,
    pickles: PicklesOption = False,
    since: SinceOption = None,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a release: images and captions in one or more forms, terms and limits."""
    from skyloom.lake import Lake
    from skyloom.release.export import export_release
    from skyloom.release.order import Order, parse_formats

    progress.be_quiet(quiet)
    order = Order(parse_formats(form), style, where, selection, private, pickles)
    print(export_release(Lake.open(lake), out, order, since=since, threads=threads))


@app.command()
def query(
    sql: SqlArgument = None,
    lake: ReadLakeOption = READ_LAKE,
    where: ImagesWhereOption = None,
    bbox: ImagesBoxOption = None,
    style: StyleOption = "skyscript",
    like: LikeOption = None,
    near_duplicates: NearDuplicatesOption = None,
    limit: NearestOption = None,
    model: KnownModelOption = None,
    pretrained: PretrainedOption = None,
    checkpoint: CheckpointOption = None,
    device: DeviceOption = "auto",
    out: AnswerOption = None,
    as_json: JsonOption = False,
    form: QueryFormatOption = None,
) -> None:
    """Ask the catalog: in SQL, for images by a condition, a box, a text or likeness."""
    from skyloom.answer_files import form_of
    from skyloom.errors import UsageError

    images = True if where is not None or bbox is not None else None
    asked = [one for one in (sql, images, like, near_duplicates) if one is not None]
    if len(asked) != 1:
        raise UsageError(
            f"{len(asked)} questions at once" if asked else "there is no question",
            remedy="give one of SQL, --where or --bbox, --like, --near-duplicates",
        )
    form = form_of(QueryFormat.JSON if as_json else form, out)
    if like is not None or near_duplicates is not None:
        from skyloom.clip_models import ClipRequest

        request = ClipRequest(model or "", pretrained, checkpoint, device=device)
        _query_likeness(lake, like, near_duplicates, request, limit, out, form)
        return
    from skyloom.answer_files import BINARY, write_answer
    from skyloom.answers import print_rows
    from skyloom.listing import images_sql
    from skyloom.opened import open_catalog

    catalog = open_catalog(lake)
    if sql is None:
        sql = images_sql(
            catalog,
            where=where,
            bbox=bbox,
            style=style,
            limit=limit,
            with_geometry=form in BINARY,
        )
    if out:
        write_answer(catalog, sql, out, form)
    else:
        print_rows(catalog.query(sql), form)


@app.command()
def tables(lake: ReadLakeOption = READ_LAKE, as_json: JsonOption = False) -> None:
    """List the published tables with their rows, and what one row is."""
    from skyloom.answers import print_json, print_table
    from skyloom.described import count, grains
    from skyloom.opened import open_catalog

    catalog = open_catalog(lake)
    said = grains(catalog)
    names = ("table_name", "n_rows", "grain")
    rows = [
        (table, count(catalog, table), said.get(table))
        for table in sorted(catalog.files)
    ]
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(names, rows)


@app.command()
def describe(
    table: TableArgument,
    lake: ReadLakeOption = READ_LAKE,
    as_json: SummaryOption = False,
) -> None:
    """Say what a published table is: one row, its key, its columns and their units."""
    from skyloom.answers import print_json
    from skyloom.described import describe as look
    from skyloom.opened import open_catalog
    from skyloom.printed_catalog import print_description

    described = look(open_catalog(lake), table)
    if as_json:
        print_json(described.summary())
    else:
        print_description(described)


@app.command()
def config(lake: LakeOption = DEFAULT_LAKE, as_json: JsonOption = False) -> None:
    """Print every setting, its value and where the value comes from."""
    import json

    from skyloom.lake import MARKER, Lake
    from skyloom.settings import origins, read_settings

    opened = Lake.open(lake) if (lake / MARKER).exists() else None
    rows = origins(read_settings(opened), opened)
    if as_json:
        print(json.dumps(rows, default=str))
        return
    for row in rows:
        print(f"{row['setting']} = {row['value']}  ({row['origin']}; {row['meaning']})")


@catalog_app.command("list")
def list_command(lake: ReadLakeOption = READ_LAKE, as_json: JsonOption = False) -> None:
    """List the published runs, the last first."""
    from skyloom.answers import print_json
    from skyloom.catalog_runs import list_runs
    from skyloom.opened import open_place
    from skyloom.printed_catalog import print_runs

    runs = list_runs(open_place(lake))
    if as_json:
        print_json([vars(run) for run in runs])
    else:
        print_runs(runs)


@catalog_app.command("diff")
def diff_command(
    old: OldArgument = None,
    new: NewArgument = None,
    lake: ReadLakeOption = READ_LAKE,
    as_json: SummaryOption = False,
) -> None:
    """Say what two runs differ in: tables, rows by their key, columns."""
    from skyloom.answers import print_json
    from skyloom.catalog_diff import compare
    from skyloom.catalog_runs import find_runs
    from skyloom.opened import open_place
    from skyloom.printed_catalog import print_difference

    place = open_place(lake)
    difference = compare(place, *find_runs(place, old, new))
    if as_json:
        print_json(difference.summary())
    else:
        print_difference(difference)


@catalog_app.command()
def relink(lake: LakeOption = DEFAULT_LAKE) -> None:
    """Write catalog.duckdb anew, after a lake has moved."""
    from skyloom.catalog import relink as write_views
    from skyloom.work import at_work

    with at_work(lake) as (opened, _):
        print(write_views(opened))


def _query_likeness(
    lake: str,
    like: str | None,
    near_duplicates: float | None,
    request: ClipRequest,
    limit: int | None,
    out: Path | None,
    form: QueryFormat,
) -> None:
    from skyloom import search
    from skyloom.answer_files import BINARY, write_rows
    from skyloom.answers import print_rows
    from skyloom.errors import UsageError
    from skyloom.lake import Lake

    if form in BINARY:
        raise UsageError(f"likeness is not written as {form}", remedy="use csv or json")
    opened = Lake.open(Path(lake))
    model = request.model
    whose = model if model and not model.endswith(".json") else None
    most = limit or NEAREST
    if near_duplicates is not None:
        rows = search.near_duplicates(opened, near_duplicates, model=whose, limit=most)
    else:
        rows = search.nearest(opened, like or "", request, model=whose, limit=most)
    if out:
        write_rows(rows, out.expanduser().absolute(), form)
    else:
        print_rows(rows, form)
