"""The loop: steps, validations, states, from wherever the training stands."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyloom import progress
from skyloom.clip_models import ClipModel
from skyloom.errors import SkyloomError
from train.batches import Batch, PairDataset, batches
from train.config import TrainConfig
from train.optimiser import lr_at, make_optimiser, set_lr
from train.order import Order
from train.processes import Place
from train.run_log import RunLog
from train.state import Identity, save_state, save_weights
from train.step import Stepper
from train.validation import Validation

EPOCHS = "epochs"
FINAL = "weights"


@dataclass(frozen=True)
class Trained:
    """Where the weights are, and how the training ended."""

    weights: Path
    steps: int
    seen: Mapping[str, float]

    def __str__(self) -> str:
        figures = ", ".join(f"{key} {value:.4g}" for key, value in self.seen.items())
        colon = ": " if figures else ""
        return f"{self.weights} after {self.steps:,} steps{colon}{figures}"


@dataclass(frozen=True)
class Loop:
    """What a training consists of, put together."""

    config: TrainConfig
    clip: ClipModel
    dataset: PairDataset
    order: Order
    place: Place
    out: Path
    identity: Identity
    validation: Validation | None = None

    def run(self, state: Mapping[str, Any] | None = None) -> Trained:
        """Train from the beginning, or from a state, to the end.

        Raises:
            SkyloomError: an image is unreadable, the loss is no number, the disk full.
        """
        config, order = self.config, self.order
        on_gpu = self.place.device.startswith("cuda")
        named = self.clip.model.named_parameters()
        optimiser = make_optimiser(named, config, fused=on_gpu)
        if state:
            self.clip.model.load_state_dict(state["state_dict"])
            optimiser.load_state_dict(state["optimiser"])
        step = Stepper(self.clip, optimiser, config, self.place)
        if state:
            step.scaler.load_state_dict(state["scaler"])
            _restore(state["rng"])
        start = int(state["step"]) if state else 0
        log = RunLog(self.out, step=start) if self.place.first else None
        seen: dict[str, float] = dict(state["seen"]) if state else {}
        stream = self._stream(start)
        total = (order.steps - start) * config.global_batch
        with progress.track("training", total, counted="steps") as show:
            note = ""
            for done in range(start + 1, order.steps + 1):
                lr = lr_at(done - 1, order.steps, config)
                set_lr(optimiser, lr)
                parts = [next(stream) for _ in range(order.accum)]
                loss, length = step(parts, done - 1)
                ends = done % order.steps_per_epoch == 0
                if ends or done % config.log_every_n_steps == 0:
                    values = self._values(done, loss, length, lr)
                    note = f"loss {values['loss']:.3f}"
                    if log:
                        log("train", done, values)
                show(config.global_batch, 1, note)
                if ends:
                    seen = self._validate(log, done) or seen
                if ends or (config.save_every and done % config.save_every == 0):
                    self._save(optimiser, step.scaler, done, seen)
        return self._finish(log, seen)

    def _stream(self, start: int) -> Iterator[Batch]:
        config = self.config
        return batches(
            self.dataset,
            self.order.parts(start),
            self.clip.tokenizer,
            workers=config.workers,
            pin_memory=self.place.device.startswith("cuda"),
        )

    def _values(self, done: int, loss: Any, length: Any, lr: float) -> dict[str, Any]:
        if self.place.world > 1:
            import torch

            torch.distributed.all_reduce(loss)
            loss = loss / self.place.world
        if not math.isfinite(value := float(loss)):
            raise SkyloomError(
                f"the loss of step {done:,} is {value}",
                where=str(self.out),
                remedy="begin again with a lower --lr, or a longer --warmup",
            )
        more = {} if length is None else {"grad_norm": float(length)}
        scale = float(self.clip.model.logit_scale.detach().exp())
        epoch = (done - 1) // self.order.steps_per_epoch
        return {"epoch": epoch, "loss": value, "lr": lr, "logit_scale": scale, **more}

    def _validate(self, log: RunLog | None, done: int) -> dict[str, float]:
        """What the first process sees; the others wait for it."""
        epochs, every = done // self.order.steps_per_epoch, self.config.val_frequency
        last = done == self.order.steps
        if not self.validation or not every or not (last or epochs % every == 0):
            return {}
        values: dict[str, float] = {}
        if log:
            values = self.validation(self.clip)
            log("val", done, {"epoch": epochs - 1, **values})
            figures = ", ".join(f"{key} {one:.3f}" for key, one in values.items())
            progress.say(f"epoch {epochs} of {self.config.epochs}: {figures}")
        self.place.wait()
        return values

    def _save(
        self, optimiser: Any, scaler: Any, done: int, seen: Mapping[str, float]
    ) -> None:
        import torch

        if not self.place.first:
            return
        epochs, rest = divmod(done, self.order.steps_per_epoch)
        every = self.config.save_frequency
        if every and not rest and epochs % every == 0:
            self._save_weights(self.out / EPOCHS / f"{epochs:04d}")
        state = {
            "step": done,
            "state_dict": self.clip.model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "scaler": scaler.state_dict(),
            "rng": {"torch": torch.get_rng_state(), "python": random.getstate()},
            "config": self.identity.config,
            "data": self.identity.data,
            "seen": dict(seen),
            "model_cfg": dict(self.clip.model_cfg),
            "preprocess_cfg": dict(self.clip.preprocess_cfg),
        }
        save_state(self.out, state, self.config.keep_states)

    def _save_weights(self, folder: Path) -> Path:
        clip = self.clip
        tensors = clip.model.state_dict()
        return save_weights(folder, tensors, clip.model_cfg, clip.preprocess_cfg)

    def _finish(self, log: RunLog | None, seen: Mapping[str, float]) -> Trained:
        target = self.out / FINAL
        if log:
            log.close()
            target = self._save_weights(target)
        self.place.wait()
        return Trained(target, self.order.steps, seen)


def _restore(rng: Mapping[str, Any]) -> None:
    import torch

    torch.set_rng_state(rng["torch"])
    random.setstate(rng["python"])
