"""The command `skyloom eval`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skyloom import clip_options as clip
from skyloom import options as opt
from skyloom import progress
from skyloom.flag_values import parse_codes

app = typer.Typer()

CheckpointArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[CHECKPOINT]",
        readable=False,
        help="weights: .pt, .safetensors, or a zip of one, as they are published",
    ),
]
EvalModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", help="open_clip's name or a .json (default: by the file's name)"
    ),
]
BenchmarksOption = Annotated[
    Path | None,
    typer.Option(readable=False, help="a folder of benchmarks, or one benchmark"),
]
SkyscriptOption = Annotated[
    Path | None,
    typer.Option(readable=False, help="the published data set, for its test set"),
]
OnlyOption = Annotated[
    list[str] | None, typer.Option(help="keep to this benchmark; may be repeated")
]
SplitsOption = Annotated[
    str, typer.Option("--splits", help="the lake's held-out splits to evaluate on")
]
EvalLakeOption = Annotated[
    Path | None,
    typer.Option("--lake", envvar="SKYLOOM_LAKE", help="the lake's own benchmarks"),
]
EvalOutOption = Annotated[
    Path | None, typer.Option("--out", help="folder of the reports")
]
CacheOption = Annotated[
    Path | None,
    typer.Option(help="where vectors are kept (default: the lake, or ~/.cache)"),
]


@app.command("eval")
def evaluate(
    checkpoint: CheckpointArgument = None,
    model: EvalModelOption = None,
    pretrained: clip.PretrainedOption = None,
    quick_gelu: clip.QuickGeluOption = False,
    benchmarks: BenchmarksOption = None,
    skyscript: SkyscriptOption = None,
    lake: EvalLakeOption = None,
    splits: SplitsOption = "val,test",
    style: opt.StyleOption = "skyscript",
    only: OnlyOption = None,
    out: EvalOutOption = None,
    cache: CacheOption = None,
    device: clip.DeviceOption = "auto",
    precision: clip.PrecisionOption = "auto",
    batch_size: clip.BatchSizeOption = 128,
    workers: clip.DecodersOption = None,
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
        splits=tuple(parse_codes(splits)),
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
