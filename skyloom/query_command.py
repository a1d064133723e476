"""The command `skyloom query`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom import clip_options as clip
from skyloom import options as opt
from skyloom.options import QueryFormat

if TYPE_CHECKING:
    from skyloom.clip_models import ClipRequest

NEAREST = 10

app = typer.Typer()

SqlArgument = Annotated[
    str | None, typer.Argument(help="one SELECT over the published tables")
]
LikeOption = Annotated[
    str | None,
    typer.Option(help="a text or an image file: list the images most like it"),
]
NearDuplicatesOption = Annotated[
    float | None,
    typer.Option(min=-1, max=1, help="list pairs of images of at least this cosine"),
]
NearestOption = Annotated[
    int | None,
    typer.Option(
        "--limit", min=1, help="how many images or pairs (default: 10 by likeness)"
    ),
]
ImagesWhereOption = Annotated[
    str | None,
    typer.Option("--where", help="list images: SQL over images, captions and scenes"),
]
ImagesBoxOption = Annotated[
    str | None,
    typer.Option("--bbox", help="list images: those that touch W,S,E,N, in degrees"),
]
AnswerOption = Annotated[
    Path | None,
    typer.Option("--out", help="a .csv, .json, .parquet or .fgb file, whole or not"),
]
KnownModelOption = Annotated[
    str | None,
    typer.Option("--model", help="whose vectors, or its .json (default: the only one)"),
]
QueryFormatOption = Annotated[
    QueryFormat | None,
    typer.Option("--format", help="default: by the suffix of --out, else table"),
]


@app.command()
def query(
    sql: SqlArgument = None,
    lake: opt.ReadLakeOption = opt.READ_LAKE,
    where: ImagesWhereOption = None,
    bbox: ImagesBoxOption = None,
    style: opt.StyleOption = "skyscript",
    like: LikeOption = None,
    near_duplicates: NearDuplicatesOption = None,
    limit: NearestOption = None,
    model: KnownModelOption = None,
    pretrained: clip.PretrainedOption = None,
    checkpoint: clip.CheckpointOption = None,
    device: clip.DeviceOption = "auto",
    out: AnswerOption = None,
    as_json: opt.JsonOption = False,
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
