"""The commands that need no stage: they work wherever the wheel is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from skyloom import progress
from skyloom.options import (
    DEFAULT_LAKE,
    CheckpointOption,
    DeviceOption,
    ExportFormatsOption,
    JsonOption,
    KnownModelOption,
    LakeOption,
    LikeOption,
    NearDuplicatesOption,
    NearestOption,
    OutOption,
    PicklesOption,
    PretrainedOption,
    PrivateOption,
    QueryFormat,
    QueryFormatOption,
    QuietOption,
    SelectionOption,
    SinceOption,
    SqlArgument,
    StyleOption,
    ThreadsOption,
    WhereOption,
)

if TYPE_CHECKING:
    from pathlib import Path

    from skyloom.catalog import Catalog

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
    lake: LakeOption = DEFAULT_LAKE,
    like: LikeOption = None,
    near_duplicates: NearDuplicatesOption = None,
    limit: NearestOption = 10,
    model: KnownModelOption = None,
    pretrained: PretrainedOption = None,
    checkpoint: CheckpointOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    form: QueryFormatOption = QueryFormat.TABLE,
) -> None:
    """Ask the catalog in SQL, or for images by a text, an image or likeness."""
    from skyloom.answers import print_rows
    from skyloom.errors import UsageError

    asked = [one for one in (sql, like, near_duplicates) if one is not None]
    if len(asked) != 1:
        raise UsageError(
            f"{len(asked)} questions at once" if asked else "there is no question",
            remedy="give one of SQL, --like, --near-duplicates",
        )
    form = QueryFormat.JSON if as_json else form
    if sql is not None:
        print_rows(_catalog(lake).query(sql), form)
        return
    from skyloom import search
    from skyloom.clip_models import ClipRequest
    from skyloom.lake import Lake

    opened = Lake.open(lake)
    is_file = bool(model and model.endswith(".json"))
    whose = None if is_file else model
    if near_duplicates is not None:
        rows = search.near_duplicates(opened, near_duplicates, model=whose, limit=limit)
    else:
        request = ClipRequest(model or "", pretrained, checkpoint, device=device)
        rows = search.nearest(opened, like or "", request, model=whose, limit=limit)
    print_rows(rows, form)


@app.command()
def tables(lake: LakeOption = DEFAULT_LAKE, as_json: JsonOption = False) -> None:
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


@catalog_app.command()
def relink(lake: LakeOption = DEFAULT_LAKE) -> None:
    """Write catalog.duckdb anew, after a lake has moved."""
    from skyloom.catalog import relink as write_views
    from skyloom.work import at_work

    with at_work(lake) as (opened, _):
        print(write_views(opened))


def _catalog(folder: Path) -> Catalog:
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake

    return Catalog.open(Lake.open(folder))
