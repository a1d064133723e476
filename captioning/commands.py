"""The commands of captioning; those that work with CLIP stand here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from captioning import caption_commands, tag_commands
from skyloom import clip_options as clip
from skyloom import options as opt
from skyloom import progress
from skyloom.errors import EXIT_PARTIAL
from skyloom.flag_values import parse_bands, parse_numbers

if TYPE_CHECKING:
    from captioning.embed import Embeddings
    from captioning.score import Scores

app = typer.Typer()
app.add_typer(caption_commands.app)
app.add_typer(tag_commands.app, name="tags")

SCORER = "ViT-L-14"
CAPTION_COLUMNS = "title,title_multi_objects,polished"

CaptionsOption = Annotated[
    str, typer.Option(help="caption columns, of every style that is built")
]
ImagesArgument = Annotated[
    list[Path], typer.Argument(metavar="IMAGE...", help="images, or rasters to tile")
]
ClassLabelsOption = Annotated[
    Path, typer.Option("--labels", help="the labels, one a line, or a CSV")
]
TemplatesOption = Annotated[
    Path | None, typer.Option(help="sentences with {} for the label, one a line")
]
TopOption = Annotated[int, typer.Option(min=1, help="how many labels of each")]
TileOption = Annotated[
    int | None, typer.Option(min=8, help="cut rasters into tiles of so many pixels")
]
AnswersOption = Annotated[
    Path | None, typer.Option("--out", help="a .parquet, .csv or .json file")
]


@app.command()
def embed(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    model: clip.OpenClipOption = SCORER,
    pretrained: clip.PretrainedOption = None,
    checkpoint: clip.CheckpointOption = None,
    quick_gelu: clip.QuickGeluOption = False,
    captions: CaptionsOption = CAPTION_COLUMNS,
    device: clip.DeviceOption = "auto",
    precision: clip.PrecisionOption = "auto",
    batch_size: clip.BatchSizeOption = 256,
    workers: clip.DecodersOption = None,
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
    model: clip.OpenClipOption = SCORER,
    pretrained: clip.PretrainedOption = None,
    checkpoint: clip.CheckpointOption = None,
    quick_gelu: clip.QuickGeluOption = False,
    captions: CaptionsOption = CAPTION_COLUMNS,
    device: clip.DeviceOption = "auto",
    precision: clip.PrecisionOption = "auto",
    batch_size: clip.BatchSizeOption = 256,
    workers: clip.DecodersOption = None,
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
    images: ImagesArgument,
    labels: ClassLabelsOption,
    model: clip.OpenClipOption = SCORER,
    pretrained: clip.PretrainedOption = None,
    checkpoint: clip.CheckpointOption = None,
    quick_gelu: clip.QuickGeluOption = False,
    templates: TemplatesOption = None,
    top: TopOption = 3,
    tile_px: TileOption = None,
    bands: opt.BandsOption = None,
    scale: opt.ScaleOption = None,
    out: AnswersOption = None,
    device: clip.DeviceOption = "auto",
    precision: clip.PrecisionOption = "auto",
    batch_size: clip.BatchSizeOption = 64,
    workers: clip.DecodersOption = None,
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
        parse_bands(bands) if bands else None,
        parse_numbers(scale, "--scale", 2) if scale else None,
        out,
    )
    request = ClipRequest(model, pretrained, checkpoint, quick_gelu, device, precision)
    pace = Pace(batch_size, workers)
    if not command.classify(request, question, pace, as_json=as_json):
        raise typer.Exit(EXIT_PARTIAL)


def _print_done(done: Embeddings | Scores, *, as_json: bool) -> None:
    from skyloom.answers import print_json

    if as_json:
        print_json(done.summary())
    else:
        print(done)
    if done.is_partial:
        raise typer.Exit(EXIT_PARTIAL)
