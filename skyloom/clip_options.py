"""Flags that say which CLIP model works, and how."""

from pathlib import Path
from typing import Annotated

import typer

OpenClipOption = Annotated[
    str, typer.Option("--model", help="open_clip's name of a model, or its .json file")
]
PretrainedOption = Annotated[
    str | None, typer.Option(help="open_clip's name of the weights, as in openai")
]
CheckpointOption = Annotated[
    Path | None, typer.Option(help="the weights: .pt, .pth, .safetensors or .zip")
]
QuickGeluOption = Annotated[
    bool, typer.Option("--quick-gelu", help="the activation of OpenAI's models")
]
DeviceOption = Annotated[
    str, typer.Option(help="cpu, cuda, cuda:1 (default: a GPU where there is one)")
]
PrecisionOption = Annotated[
    str, typer.Option(help="fp32, bf16 or fp16 (default: fp32 on a CPU, else bf16)")
]
BatchSizeOption = Annotated[
    int, typer.Option(min=1, max=65536, help="images in one pass on a GPU")
]
DecodersOption = Annotated[
    int | None,
    typer.Option("--workers", min=0, max=256, help="processes that decode images"),
]
