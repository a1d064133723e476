"""One step of a training: the gradient of the whole batch's contrast, and the update.

A batch in several parts is open_clip's: features of all parts are computed first, so
that each part is contrasted with all the others. The gradient is taken of the features
once, and each part is computed again to carry it on; open_clip takes the loss once for
each part, which counts the gradient of the scale as often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from skyloom.clip_models import ClipModel
from skyloom.clip_vectors import DTYPES
from train.batches import Batch
from train.caption_mix import fraction
from train.config import TrainConfig
from train.losses import contrast
from train.processes import Place

# As OpenAI's CLIP: logits are at most a hundred times the cosine.
MAX_LOGIT_SCALE = math.log(100)


class Stepper:
    """Makes steps with a model; `scaler` is half precision's, idle in others."""

    def __init__(
        self, clip: ClipModel, optimiser: Any, config: TrainConfig, place: Place
    ) -> None:
        import torch

        self._clip, self._config, self._place = clip, config, place
        self._optimiser = optimiser
        self._loss = contrast(config.same_caption, rank=place.rank, world=place.world)
        on_gpu = place.device.startswith("cuda")
        half = on_gpu and clip.precision == "fp16"
        self.scaler = torch.amp.GradScaler("cuda", enabled=half)
        net: Any = torch.compile(clip.model) if config.torchcompile else clip.model
        self._bare: Any = net
        self._net: Any = net
        if place.world > 1:
            self._net = torch.nn.parallel.DistributedDataParallel(
                net,
                device_ids=[torch.device(place.device)] if on_gpu else None,
                broadcast_buffers=False,
            )
        size = (1, 3, 1, 1)
        self._mean, self._std = (
            torch.tensor(clip.preprocess_cfg[key], device=place.device).view(size)
            for key in ("mean", "std")
        )

    def __call__(self, parts: Sequence[Batch], step: int) -> tuple[Any, Any]:
        """Make the step; the loss of this process's rows and the gradient's length.

        Both stay on the device; the length is null where gradients are not clipped.
        """
        import torch

        self._optimiser.zero_grad(set_to_none=True)
        whole = len(parts) == 1
        loss = self._whole(parts[0], step) if whole else self._in_parts(parts, step)
        length = None
        if self._config.grad_clip_norm:
            self.scaler.unscale_(self._optimiser)
            length = torch.nn.utils.clip_grad_norm_(
                self._clip.model.parameters(), self._config.grad_clip_norm
            )
        self.scaler.step(self._optimiser)
        self.scaler.update()
        with torch.no_grad():
            self._clip.model.logit_scale.clamp_(0, MAX_LOGIT_SCALE)
        return loss.detach(), length

    def _whole(self, part: Batch, step: int) -> Any:
        images, texts, scale = self._features(self._net, part, step, 0)
        loss = self._loss(images, texts, scale, self._ids([part]))
        self.scaler.scale(loss).backward()
        return loss

    def _in_parts(self, parts: Sequence[Batch], step: int) -> Any:
        import torch

        with torch.no_grad():
            known = [
                self._features(self._bare, part, step, number)
                for number, part in enumerate(parts)
            ]
        images, texts = (self._leaf(known, k) for k in (0, 1))
        scale = known[0][2].clone().requires_grad_()
        loss = self._loss(images, texts, scale, self._ids(parts))
        self.scaler.scale(loss).backward()
        sizes = [len(part.ids) for part in parts]
        pulls = zip(images.grad.split(sizes), texts.grad.split(sizes), strict=True)
        for number, (part, pull) in enumerate(zip(parts, pulls, strict=True)):
            last = number == len(parts) - 1
            with self._alone(not last):
                made = self._features(self._net, part, step, number)
                # The scale is one of all parts: its gradient is carried on once.
                wanted = (*pull, scale.grad if last else torch.zeros_like(scale))
                torch.autograd.backward(made, wanted)
        return loss

    def _leaf(self, known: Sequence[tuple[Any, ...]], k: int) -> Any:
        import torch

        return torch.cat([features[k] for features in known]).requires_grad_()

    def _features(
        self, net: Any, part: Batch, step: int, number: int
    ) -> tuple[Any, Any, Any]:
        import torch

        device = self._place.device
        images = part.images.to(device, non_blocking=True)
        pixels = images.float().div_(255).sub_(self._mean).div_(self._std)
        tokens = part.tokens.to(device, non_blocking=True)
        # What drops out is the same when a part is computed again, or resumed.
        said = f"step {self._config.seed} {step} {self._place.rank} {number}"
        torch.manual_seed(int(fraction(said) * (1 << 48)))
        with self._autocast():
            images, texts, scale = net(pixels, tokens)[:3]
        return images.float(), texts.float(), scale.float()

    def _ids(self, parts: Sequence[Batch]) -> Any:
        import torch

        return torch.cat([part.ids for part in parts]).to(self._place.device)

    def _autocast(self) -> AbstractContextManager[Any]:
        import torch

        if self._clip.precision == "fp32":
            return nullcontext()
        kind = getattr(torch, DTYPES[self._clip.precision])
        return torch.autocast(torch.device(self._place.device).type, dtype=kind)

    def _alone(self, alone: bool) -> AbstractContextManager[Any]:
        """Without telling the other processes of the gradient, where there are any."""
        shared = alone and self._place.world > 1
        held: AbstractContextManager[Any] = (
            self._net.no_sync() if shared else nullcontext()
        )
        return held
