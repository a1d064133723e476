"""Any open_clip model, with weights from a tag or a file, ready to embed or to train.

torch and open_clip are imported inside: no other command waits for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skyloom import progress
from skyloom.clip_build import (
    build_model,
    fill,
    image_transform,
    preprocessing_of,
    tokenizer_of,
)
from skyloom.clip_config import (
    preprocessing,
    read_architecture,
    with_gelu,
)
from skyloom.clip_pretrained import TO_A_FILE, pretrained_file
from skyloom.clip_weights import read_weights, weights_digest
from skyloom.errors import SkyloomError, UsageError
from skyloom.torch_shim import import_torchvision

DEFAULT_MODEL = "ViT-L-14"
PRECISIONS = ("auto", "fp32", "bf16", "fp16")
LABEL_LETTERS = 12
INSTALL = "run `make setup-clip`, or `pip install -e '.[clip]'`"


@dataclass(frozen=True)
class ClipRequest:
    """Which model, with which weights, and where it is to run."""

    model: str = DEFAULT_MODEL
    pretrained: str | None = None
    checkpoint: Path | None = None
    quick_gelu: bool = False
    device: str = "auto"
    precision: str = "auto"


@dataclass(frozen=True)
class ClipModel:
    """A model in evaluation mode, its tokenizer, and what it is.

    `preprocess` makes an RGB PIL image the tensor that the model takes. `digest` is
    of the weights, the architecture and the preprocessing; `dim` a vector's length.
    """

    name: str
    model: Any
    tokenizer: Any
    preprocess: Any
    digest: str
    precision: str
    device: str
    dim: int
    context_length: int
    model_cfg: Mapping[str, Any] = field(repr=False)
    preprocess_cfg: Mapping[str, Any] = field(repr=False)
    pretrained: str | None = None
    checkpoint: str | None = None

    @property
    def label(self) -> str:
        """The name that tables know the model by: its vectors are of one kind."""
        # Lower precision gives other vectors.
        lossy = "" if self.precision == "fp32" else f"-{self.precision}"
        return f"{self.name}@{self.digest[:LABEL_LETTERS]}{lossy}"


def load_clip(request: ClipRequest) -> ClipModel:
    """Load a model with its weights.

    Raises:
        UsageError: the flags fit nothing, or the file is no checkpoint of the model.
        SkyloomError: open_clip is not installed, or the weights cannot be had.
    """
    need_open_clip()
    import torch

    check_request(request)
    device = _device(request.device)
    architecture = read_architecture(request.model)
    tag: dict[str, Any] = {}
    file = request.checkpoint
    if file is None:
        tag, file = pretrained_file(architecture, str(request.pretrained))
    weights = read_weights(file)
    cfg = with_gelu(architecture, request.quick_gelu, tag, weights.model_cfg)
    wants, changed = preprocessing(architecture, tag, weights.preprocess_cfg, str(file))
    if changed:
        progress.say(
            f"{file}: the checkpoint's own preprocessing: {', '.join(changed)}"
        )
    model = build_model(architecture, cfg, wants)
    fill(model, weights, architecture.name, file)
    wants = preprocessing_of(model, wants)
    cfg = json.loads(json.dumps(cfg))
    about = {"model": cfg, "preprocessing": wants}
    digest = weights_digest(model.state_dict(), about)
    return ClipModel(
        name=architecture.name,
        model=model.to(torch.device(device)).eval(),
        tokenizer=tokenizer_of(architecture),
        preprocess=image_transform(wants),
        digest=digest,
        precision=_precision(request.precision, device),
        device=device,
        dim=int(cfg["embed_dim"]),
        context_length=int(model.context_length),
        model_cfg=cfg,
        preprocess_cfg=wants,
        pretrained=request.pretrained,
        checkpoint=request.checkpoint.name if request.checkpoint else None,
    )


def need_open_clip() -> None:
    """Import open_clip, past a torchvision that was built for another torch.

    Raises:
        SkyloomError: it is not installed.
    """
    try:
        import_torchvision()
        import open_clip  # noqa: F401
    except ImportError as error:
        raise SkyloomError(
            f"CLIP models need {error.name or 'open_clip'}, which is not installed",
            remedy=INSTALL,
        ) from None


def check_request(request: ClipRequest) -> None:
    """Refuse flags that name no weights, or two.

    Raises:
        UsageError: they do.
    """
    if request.pretrained and request.checkpoint:
        raise UsageError("--pretrained and --checkpoint at once", remedy="give one")
    if not request.pretrained and not request.checkpoint:
        raise UsageError(
            f"no weights are named for {request.model}",
            remedy=f"give --pretrained TAG, as in openai, or {TO_A_FILE}",
        )
    if request.precision not in PRECISIONS:
        raise UsageError(
            f"there is no precision {request.precision!r}",
            remedy=f"choose of {', '.join(PRECISIONS)}",
        )


def _device(name: str) -> str:
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=name)
    except Exception as error:
        # torch says it with an AssertionError, a RuntimeError or its own.
        said = str(error).partition("\n")[0]
        raise UsageError(
            f"the device {name!r} cannot be used ({said})", remedy="like cpu or cuda:0"
        ) from None
    return name


def _precision(name: str, device: str) -> str:
    import torch

    if name != "auto":
        return name
    if not device.startswith("cuda"):
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
