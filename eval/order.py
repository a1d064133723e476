"""What a user asks of `skyloom eval`, and which model that is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from eval import known
from eval.evaluate import Machine
from eval.known import Checkpoint
from skyloom.clip_models import ClipRequest
from skyloom.errors import UsageError


@dataclass(frozen=True)
class Order:
    """What a user asks for; None is a flag that was not given.

    Without `benchmarks` and `skyscript` the benchmarks are those of the lake.
    """

    checkpoint: Path | None = None
    model: str | None = None
    pretrained: str | None = None
    quick_gelu: bool = False
    device: str = "auto"
    precision: str = "auto"
    benchmarks: Path | None = None
    skyscript: Path | None = None
    lake: Path | None = None
    splits: tuple[str, ...] = ("val", "test")
    style: str = "skyscript"
    only: tuple[str, ...] = ()
    out: Path | None = None
    cache: Path | None = None
    machine: Machine = field(default_factory=Machine)


def with_lake(order: Order, default: Path) -> Order:
    """The order, on the default lake where no benchmark is named."""
    if order.benchmarks or order.skyscript or order.lake:
        return order
    return replace(order, lake=default)


def request_of(order: Order) -> tuple[ClipRequest, Checkpoint | None]:
    """Which model to load, and the published weights that it is.

    Raises:
        UsageError: no model is named, and the file's name stands for none.
    """
    if order.checkpoint and order.pretrained:
        raise UsageError("a checkpoint and --pretrained at once", remedy="give one")
    if not order.checkpoint and not order.pretrained:
        raise UsageError(
            "no model is named",
            remedy="name a checkpoint's file, or --model M --pretrained TAG",
        )
    found = known.checkpoint_of(order.checkpoint, order.model, order.pretrained)
    model = order.model or (found.model if found else None) or _beside(order.checkpoint)
    if model is None:
        raise UsageError(
            "what model these weights are of is not known",
            where=str(order.checkpoint or order.pretrained),
            remedy="name it with --model, as in ViT-B-32, or a .json of open_clip",
        )
    request = ClipRequest(
        model=model,
        pretrained=order.pretrained,
        checkpoint=order.checkpoint,
        quick_gelu=order.quick_gelu or bool(found and found.quick_gelu),
        device=order.device,
        precision=order.precision,
    )
    # Another activation is another model: its figures are nobody's.
    if found and request.quick_gelu != found.quick_gelu:
        found = None
    return request, found


def _beside(checkpoint: Path | None) -> str | None:
    """A model's JSON in the checkpoint's own folder, as a release has it."""
    file = checkpoint.with_name("open_clip_config.json") if checkpoint else None
    return str(file) if file and file.is_file() else None
