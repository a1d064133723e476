"""The body of `skyloom train`."""

from __future__ import annotations

import fcntl
import hashlib
import json
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from skyloom import __version__, progress
from skyloom.errors import LakeBusyError, UsageError
from skyloom.lake import MARKER, command_line
from train.augment import training_augment
from train.batches import PairDataset
from train.caption_mix import CaptionMix
from train.config import TrainConfig, changed, read_config
from train.flags import parse_flags
from train.loop import FINAL, Loop, Trained
from train.order import Order
from train.pairs import Pairs, read_pairs
from train.preflight import check, check_room
from train.processes import Place, joined, torchrun_line, world_size
from train.state import WEIGHTS, Identity, newest_state, read_state
from train.student import make_student
from train.validation import Validation

RUN = "run.json"
RUN_LETTERS = 10


@dataclass(frozen=True)
class Asked:
    """What the command line says: a configuration, flags over it, and places."""

    config: str
    flags: Sequence[str]
    lake: Path
    out: Path | None = None
    resume: Path | None = None

    def read(self) -> TrainConfig:
        """The configuration with the flags over it, and the batch of all processes.

        Raises:
            UsageError: one of them does not fit.
        """
        values, idle = parse_flags(self.flags)
        for name in idle:
            progress.say(f"{name} is accepted and changes nothing")
        config = changed(read_config(self.config), values, "training")
        if config.batch_size:
            whole = config.batch_size * world_size() * config.accum_freq
            config = replace(config, global_batch=whole, batch_size=0)
        return config

    def line(self, processes: int) -> str:
        """The same training in several processes, as a line for a shell."""
        self.read()
        words = ["--config", self.config, "--lake", str(self.lake)]
        words += ["--out", str(self.out)] if self.out else []
        words += ["--resume", str(self.resume)] if self.resume else []
        return torchrun_line([*words, *self.flags], processes)


def train(asked: Asked) -> Trained:
    """Train, or go on where an earlier run of the same command was killed.

    Raises:
        SkyloomError: the checks before the first step fail, or the training does.
    """
    config = asked.read()
    pairs, val = read_pairs(config, asked.lake)
    with joined(config.device) as place:
        return _train(asked, config, pairs, val, place)


def _train(
    asked: Asked,
    config: TrainConfig,
    pairs: Pairs,
    val: Pairs | None,
    place: Place,
) -> Trained:
    import torch

    if config.threads:
        torch.set_num_threads(config.threads)
    if place.device.startswith("cuda"):
        torch.backends.cuda.matmul.allow_tf32 = True
    order = Order(
        len(pairs),
        config.global_batch,
        config.seed,
        config.epochs,
        place.world,
        place.rank,
        config.accum_freq,
    )
    captions = CaptionMix(pairs, config.captions, config.seed)
    if place.first:
        check(config, order, pairs, val, captions)
    place.wait()
    identity = Identity(config.shaping(), pairs.digest())
    out = _folder(asked, identity)
    with _locked(out, place):
        file = asked.resume or newest_state(out)
        state = read_state(file) if file else None
        if state and file:
            identity.check(state, file)
            progress.say(f"going on after step {state['step']:,} of {order.steps:,}")
            done = state["step"] == order.steps and (out / FINAL / WEIGHTS).is_file()
            if done:
                return Trained(out / FINAL / WEIGHTS, order.steps, state["seen"])
        clip = make_student(config, place.device)
        if place.first:
            check_room(out, clip.model, config.keep_states)
            _record(out, config, identity, place)
        views = training_augment(
            clip.preprocess_cfg,
            config.augment,
            quarter_turns=config.random_rotation,
            seed=config.seed,
        )
        loop = Loop(
            config,
            clip,
            PairDataset(pairs, captions, views),
            order,
            place,
            out,
            identity,
            Validation(val, config) if val else None,
        )
        return loop.run(state)


def _folder(asked: Asked, identity: Identity) -> Path:
    """Where the training is; by default named by its configuration and pairs."""
    if asked.out:
        return asked.out.expanduser().absolute()
    lake = asked.lake.expanduser().absolute()
    if not (lake / MARKER).is_file():
        raise UsageError(
            "there is no lake to keep the training in", remedy="give --out"
        )
    said = f"{identity.config} {identity.data}".encode()
    digest = hashlib.sha256(said).hexdigest()[:RUN_LETTERS]
    return lake / "runs" / f"train-{Path(asked.config).stem}-{digest}"


@contextmanager
def _locked(out: Path, place: Place) -> Iterator[None]:
    """Keep the folder for one training; the first process holds it for all."""
    if not place.first:
        place.wait()
        yield
        return
    out.mkdir(parents=True, exist_ok=True)
    with (out / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LakeBusyError(
                "another process trains here", where=str(out), remedy="wait for its end"
            ) from None
        place.wait()
        yield


def _record(out: Path, config: TrainConfig, identity: Identity, place: Place) -> None:
    import open_clip
    import torch

    said = {
        "command": command_line(),
        "config": asdict(config),
        "pairs": identity.data,
        "processes": place.world,
        "device": place.device,
        "skyloom": __version__,
        "torch": torch.__version__,
        "open_clip": open_clip.__version__,
        "python": platform.python_version(),
    }
    (out / RUN).write_text(json.dumps(said, indent=1) + "\n")
