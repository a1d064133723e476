"""The command `skyloom train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skyloom import options as opt
from skyloom import progress

app = typer.Typer()

TrainConfigOption = Annotated[
    str,
    typer.Option(
        "--config",
        help="debug, vit_b32, vit_l14, published_vit_b32, published_vit_l14, or a file",
    ),
]
TrainOutOption = Annotated[
    Path | None, typer.Option("--out", help="the training's folder (default: in runs/)")
]
ResumeOption = Annotated[
    Path | None, typer.Option(help="go on from this state (default: the folder's last)")
]
PrintCommandOption = Annotated[
    bool, typer.Option("--print-command", help="print the line for several GPUs")
]
ProcessesOption = Annotated[
    int, typer.Option(min=1, help="processes of that line: one for each GPU")
]
ListFlagsOption = Annotated[
    bool, typer.Option("--flags", help="print the flags of training, and do nothing")
]


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def train(
    flags: typer.Context,
    config: TrainConfigOption = "debug",
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    out: TrainOutOption = None,
    resume: ResumeOption = None,
    print_command: PrintCommandOption = False,
    processes: ProcessesOption = 4,
    list_flags: ListFlagsOption = False,
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
