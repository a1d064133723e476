"""open_clip's augmentation, quarter turns put into it, and seeds for each image.

What it makes are bytes: the device takes floats of them and normalises.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from skyloom.errors import UsageError
from train.caption_mix import fraction


class QuarterTurn:
    """Turns an image by 0, 90, 180 or 270 degrees, each as likely."""

    def __call__(self, image: Any) -> Any:
        """The image, turned."""
        from PIL import Image

        turns = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180)
        turn = (*turns, Image.Transpose.ROTATE_270)[random.randrange(4)]  # noqa: S311
        return image if turn is None else image.transpose(turn)


class Augment:
    """From an image to the bytes of its view in an epoch, shape (3, height, width)."""

    def __init__(self, steps: list[Any], seed: int) -> None:
        self._steps, self._seed = steps, seed

    def __call__(self, image: Any, epoch: int, place: int) -> Any:
        """The view of a pair in an epoch: always the same one."""
        image = image.convert("RGB")
        with _seeded(f"view {self._seed} {epoch} {place}"):
            for step in self._steps:
                image = step(image)
        return _bytes_of(image)


def training_augment(
    preprocess_cfg: Mapping[str, Any],
    augment: Mapping[str, Any],
    *,
    quarter_turns: bool,
    seed: int,
) -> Augment:
    """The augmentation that a configuration says; its last steps are the device's.

    Raises:
        UsageError: open_clip's AugmentationCfg does not know it, or not so.
    """
    from open_clip.transform import AugmentationCfg, PreprocessCfg, image_transform_v2

    known = {one.name for one in fields(AugmentationCfg)}
    for key in augment:
        if key not in known:
            raise UsageError(
                f"open_clip has no augmentation {key!r}",
                remedy=f"it has {', '.join(sorted(known))}",
            )
    said = {k: tuple(v) if isinstance(v, list) else v for k, v in augment.items()}
    cfg = {**preprocess_cfg, "size": tuple(preprocess_cfg["size"])}
    try:
        whole = image_transform_v2(
            PreprocessCfg(**cfg), is_train=True, aug_cfg=AugmentationCfg(**said)
        )
    except Exception as error:
        # Whatever timm makes of numbers that do not fit.
        raise UsageError(f"open_clip cannot augment so ({error})") from None
    # The last two steps are to a tensor of floats, and to normalise it.
    names = [type(step).__name__ for step in whole.transforms[-2:]]
    if names != ["MaybeToTensor", "Normalize"]:
        raise UsageError(
            f"open_clip's augmentation ends in {' and '.join(names)}",
            remedy="leave out re_prob",
        )
    turns = [QuarterTurn()] if quarter_turns else []
    return Augment([*whole.transforms[:-2], *turns], seed)


def _bytes_of(image: Any) -> Any:
    import numpy as np
    import torch

    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


@contextmanager
def _seeded(text: str) -> Iterator[None]:
    """The generators that transforms draw from, seeded, and put back as they were."""
    import torch

    seed = int(fraction(text) * (1 << 48))
    before, state = random.getstate(), torch.default_generator.get_state()
    random.seed(seed)
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
        torch.default_generator.set_state(state)
