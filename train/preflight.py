"""What is checked before the first step; each failure is one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from skyloom import progress
from skyloom.errors import SkyloomError, UsageError
from train.batches import open_image
from train.caption_mix import CaptionMix, fraction
from train.config import TrainConfig
from train.order import Order
from train.pairs import Pairs

# How many images are opened, and how many pairs are named in a message.
SAMPLE = 64
NAMED = 3
# A state has the weights and AdamW's two moments; the states kept, and one being made.
MOMENTS = 3


def check(
    config: TrainConfig,
    order: Order,
    train: Pairs,
    val: Pairs | None,
    captions: CaptionMix,
) -> None:
    """Check the pairs, the batch and the schedule.

    Raises:
        UsageError: something is wrong with them; nothing has been computed yet.
    """
    if order.part * order.world * order.accum != config.global_batch:
        raise UsageError(
            f"a batch of {config.global_batch} does not divide by {order.world} "
            f"processes and {order.accum} parts",
            remedy="change --global-batch or --accum-freq",
        )
    if len(train) < config.global_batch:
        raise UsageError(
            f"there are {len(train):,} pairs, fewer than a batch of "
            f"{config.global_batch:,}",
            where=train.origin,
            remedy="give a smaller --global-batch",
        )
    if order.steps <= config.warmup:
        raise UsageError(
            f"the warm-up of {config.warmup:,} steps is longer than the training, "
            f"which has {order.steps:,}",
            remedy="give a shorter --warmup or more --epochs",
        )
    if train.shards and train.shards < config.workers * order.world:
        raise UsageError(
            f"{train.shards} tars for {config.workers * order.world} workers: "
            "open_clip's own trainer would hang",
            where=train.origin,
            remedy="give fewer --workers",
        )
    _check_captions(config, train, captions)
    if val:
        _check_disjoint(train, val)
    _check_images(train, config.seed)


def check_room(out: Path, model: Any, states: int) -> None:
    """Refuse a disk that cannot hold the states that are kept, and one more.

    Raises:
        SkyloomError: it cannot.
    """
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    needed = size * (MOMENTS * (states + 1) + 1)
    free = shutil.disk_usage(out).free
    if free < needed:
        raise SkyloomError(
            f"the states need {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free",
            where=str(out),
            remedy="make room, or give another --out or fewer --keep-states",
        )


def _check_captions(config: TrainConfig, pairs: Pairs, captions: CaptionMix) -> None:
    empty = [pairs.keys[i] for i in range(len(pairs)) if not captions(0, i)]
    if empty:
        raise UsageError(
            f"{len(empty):,} of {len(pairs):,} pairs have no caption in "
            f"{', '.join(sorted(config.captions))}, as {', '.join(empty[:NAMED])}",
            where=pairs.origin,
            remedy="give weight to another column, or take the pairs out",
        )


def _check_disjoint(train: Pairs, val: Pairs) -> None:
    both = sorted(set(_places(train)) & set(_places(val)))
    if both:
        raise UsageError(
            f"{len(both):,} images are in both training and validation, as "
            f"{', '.join(key for key, *_ in both[:NAMED])}",
            where=val.origin,
            remedy="take them out of one",
        )


def _places(pairs: Pairs) -> list[tuple[str, int]]:
    return list(zip(pairs.files, pairs.offsets or (0,) * len(pairs), strict=True))


def _check_images(pairs: Pairs, seed: int) -> None:
    chosen = sorted(range(len(pairs)), key=lambda i: fraction(f"look {seed} {i}"))
    for place in chosen[:SAMPLE]:
        open_image(pairs, place).close()
    progress.say(f"{len(pairs):,} pairs of {pairs.origin}")
