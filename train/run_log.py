"""What a training says of itself: JSON lines always, TensorBoard where installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from skyloom import progress

LINES = "log.jsonl"
BOARD = "tensorboard"


class RunLog:
    """One line for each logged step and each validation, in order of steps.

    Lines after `step` are of a training that was killed since, and go.
    """

    def __init__(self, out: Path, *, step: int) -> None:
        self._path = out / LINES
        kept = [line for line in read_log(out) if line["step"] <= step]
        part = out / f".{LINES}.part"
        part.write_text("".join(json.dumps(line) + "\n" for line in kept))
        part.replace(self._path)
        self._file = self._path.open("a")
        self._board = _board(out / BOARD, step)

    def __call__(self, kind: str, step: int, values: dict[str, Any]) -> None:
        """Write what was seen after so many steps."""
        self._file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        self._file.flush()
        for name, value in values.items():
            if self._board and isinstance(value, int | float):
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def close(self) -> None:
        """Write what is not yet on the disk."""
        self._file.close()
        if self._board:
            self._board.close()


def read_log(out: Path) -> list[dict[str, Any]]:
    """The lines of a training's log; a torn last one of a killed training is left."""
    found = []
    path = out / LINES
    for line in path.read_text().splitlines() if path.is_file() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def _board(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        progress.say("no TensorBoard files: the package tensorboard is not installed")
        return None
    return SummaryWriter(folder, purge_step=step + 1)
