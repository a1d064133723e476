"""AdamW as open_clip's trainer has it, and its learning rate at a step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from train.config import TrainConfig

NORMS = ("bn", "ln", "bias", "logit_scale")


def decays(name: str, parameter: Any) -> bool:
    """Whether weight decay is for it: not for biases, norms, gains and the scale."""
    return parameter.ndim >= 2 and not any(norm in name for norm in NORMS)


def make_optimiser(
    named: Iterable[tuple[str, Any]], config: TrainConfig, *, fused: bool
) -> Any:
    """AdamW over what may change; locked parameters are in no group."""
    import torch

    free = [(name, one) for name, one in named if one.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for name, p in free if not decays(name, p)], "weight_decay": 0.0},
        {"params": [p for name, p in free if decays(name, p)]},
    ]
    return torch.optim.AdamW(
        groups,
        lr=config.lr,
        betas=(config.beta1, config.beta2),
        eps=config.eps,
        weight_decay=config.wd,
        fused=fused,
    )


def lr_at(step: int, steps: int, config: TrainConfig) -> float:
    """The learning rate of a step (from 0): a linear warm-up, then a cosine to 0."""
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    share = (step - config.warmup) / max(1, steps - config.warmup)
    return 0.5 * (1 + math.cos(math.pi * share)) * config.lr


def set_lr(optimiser: Any, lr: float) -> None:
    """Give all groups a learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = lr
