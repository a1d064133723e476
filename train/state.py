"""States that a training resumes from, and the weights that it is for.

Each is written beside its place and renamed: a killed training leaves whole ones.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyloom.clip_weights import read_weights
from skyloom.errors import SkyloomError, UsageError

STATES = "states"
WEIGHTS = "open_clip_model.safetensors"
CONFIG = "open_clip_config.json"
FORMAT = 1


@dataclass(frozen=True)
class Identity:
    """What has to be the same for a training to go on: JSON, and the pairs' digest."""

    config: str
    data: str

    def check(self, state: Mapping[str, Any], where: Path) -> None:
        """Refuse the state of another training.

        Raises:
            UsageError: it is; the first setting that differs is named.
        """
        if state["data"] != self.data:
            raise UsageError(
                "was trained on other pairs",
                where=str(where),
                remedy="choose another --out",
            )
        ours, theirs = json.loads(self.config), json.loads(state["config"])
        for key in sorted({*ours, *theirs}):
            if ours.get(key) != theirs.get(key):
                raise UsageError(
                    f"was trained with {key} {theirs.get(key)!r}, "
                    f"not {ours.get(key)!r}",
                    where=str(where),
                    remedy="give the same, or choose another --out",
                )


def save_state(out: Path, state: Mapping[str, Any], keep: int) -> Path:
    """Write a state by its step; older ones beyond `keep` go."""
    import torch

    folder = out / STATES
    folder.mkdir(exist_ok=True)
    target = folder / f"step_{state['step']:09d}.pt"
    part = folder / f".{target.name}.part"
    with _writing(target), part.open("wb") as file:
        torch.save({"format": FORMAT, **state}, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    for old in sorted(folder.glob("step_*.pt"))[:-keep]:
        old.unlink()
    return target


def newest_state(out: Path) -> Path | None:
    """The last state in a training's folder."""
    return max((out / STATES).glob("step_*.pt"), default=None)


def read_state(path: Path) -> dict[str, Any]:
    """Read a state, tensors and plain values alone.

    Raises:
        UsageError: there is none, it is damaged, holds code or weights that are no
            numbers, or is no state of a training.
    """
    import torch

    # Its checks of files that anyone may have made, and its sentences.
    read_weights(path)
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    needed = {"step", "state_dict", "optimiser", "scaler", "rng", "config", "data"}
    if state.get("format") != FORMAT or needed - set(state):
        raise UsageError(
            "holds weights, but no state to resume from",
            where=str(path),
            remedy="begin from its weights with --pretrained",
        )
    return state


def save_weights(
    folder: Path,
    tensors: Mapping[str, Any],
    model_cfg: Mapping[str, Any],
    preprocess_cfg: Mapping[str, Any],
) -> Path:
    """Write weights, and open_clip's JSON of the model beside them."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / WEIGHTS, folder / f".{WEIGHTS}.part"
    about = {"model_cfg": dict(model_cfg), "preprocess_cfg": dict(preprocess_cfg)}
    own = {name: one.detach().cpu().contiguous() for name, one in tensors.items()}
    with _writing(target):
        # Two of open_clip's names may be of one tensor, which the format refuses.
        seen: set[int] = set()
        for name, one in own.items():
            own[name] = one.clone() if one.data_ptr() in seen else one
            seen.add(one.data_ptr())
        # Its metadata come in any order: what the model is stands beside it instead.
        save_file(own, part, metadata={"format": "pt"})
        (folder / CONFIG).write_text(json.dumps(about, indent=1) + "\n")
        part.replace(target)
    return target


class _writing:  # noqa: N801 (reads as a verb)
    """An OSError of the block, such as a full disk, as one sentence."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        # torch says a full disk with a RuntimeError of its zip writer.
        if isinstance(error, OSError | RuntimeError):
            said = str(error).partition("\n")[0][:120]
            raise SkyloomError(
                f"could not be written ({said})",
                where=str(self._target),
                remedy="make room, then run again",
            ) from None
