"""The commands that need no stage: they work wherever the wheel is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skyloom import options as opt
from skyloom import progress, query_command

app = typer.Typer()
catalog_app = typer.Typer(
    no_args_is_help=True, help="Look after the published catalog."
)
app.add_typer(query_command.app)
app.add_typer(catalog_app, name="catalog")

ExportFormatsOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="skyscript, webdataset, huggingface, croissant, stac; commas between",
    ),
]
OutOption = Annotated[
    Path, typer.Option("--out", help="a new folder, or an earlier export")
]
WhereOption = Annotated[str, typer.Option(help="SQL over images, captions and scenes")]
PrivateOption = Annotated[
    bool, typer.Option("--private", help="for your own use: no licence needed")
]
PicklesOption = Annotated[
    bool, typer.Option("--pickles", help="also the original's (unsafe to load)")
]
SinceOption = Annotated[
    Path | None,
    typer.Option("--since", help="the release that CHANGES.md compares with"),
]
TableArgument = Annotated[
    str, typer.Argument(metavar="TABLE", help="a published table")
]


@app.command()
def export(
    out: OutOption,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    form: ExportFormatsOption = "skyscript",
    style: opt.StyleOption = "skyscript",
    where: WhereOption = "",
    selection: opt.SelectionOption = "",
    private: PrivateOption = False,
    pickles: PicklesOption = False,
    since: SinceOption = None,
    threads: opt.ThreadsOption = None,
    quiet: opt.QuietOption = False,
) -> None:
    """Write a release: images and captions in one or more forms, terms and limits."""
    from skyloom.lake import Lake
    from skyloom.release.export import export_release
    from skyloom.release.order import Order, parse_formats

    progress.be_quiet(quiet)
    order = Order(parse_formats(form), style, where, selection, private, pickles)
    print(export_release(Lake.open(lake), out, order, since=since, threads=threads))


@app.command()
def tables(
    lake: opt.ReadLakeOption = opt.READ_LAKE, as_json: opt.JsonOption = False
) -> None:
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
    lake: opt.ReadLakeOption = opt.READ_LAKE,
    as_json: opt.SummaryOption = False,
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
def config(
    lake: opt.LakeOption = opt.DEFAULT_LAKE, as_json: opt.JsonOption = False
) -> None:
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
def list_command(
    lake: opt.ReadLakeOption = opt.READ_LAKE, as_json: opt.JsonOption = False
) -> None:
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
    old: opt.OldArgument = None,
    new: opt.NewArgument = None,
    lake: opt.ReadLakeOption = opt.READ_LAKE,
    as_json: opt.SummaryOption = False,
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
def relink(lake: opt.LakeOption = opt.DEFAULT_LAKE) -> None:
    """Write catalog.duckdb anew, after a lake has moved."""
    from skyloom.catalog import relink as write_views
    from skyloom.work import at_work

    with at_work(lake) as (opened, _):
        print(write_views(opened))
