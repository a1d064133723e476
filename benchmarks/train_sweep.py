"""Which learning rate learns: the published ones beside sane ones, from one start.

A model is trained on the drawn town for a while; each rate then goes on from its
weights, as continual pre-training does. `python -m benchmarks.train_sweep LAKE` takes
a lake of `skyloom demo --towns 5`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from train.config import CONFIGS, read_config
from train.run_log import read_log
from train.train_command import Asked, train

RATES = ("1e-9", "3e-9", "1e-5", "1e-4", "1e-3")


def main() -> None:
    """Train with each rate and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lake", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--start-epochs", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    given = parser.parse_args()
    out = given.out or Path(tempfile.mkdtemp())
    start = _trained(given.lake, out / "start", given.start_epochs, [])
    weights = out / "start" / "weights" / "open_clip_model.safetensors"
    print("| learning rate | validation loss | zero-shot recall | retrieval R@1 |")
    print("|---|---|---|---|")
    print(_row("(start)", start))
    for rate in RATES:
        words = ["--pretrained", str(weights), "--lr", rate]
        print(_row(rate, _trained(given.lake, out / rate, given.epochs, words)))


def _trained(lake: Path, out: Path, epochs: int, words: list[str]) -> dict[str, float]:
    model = read_config(str(CONFIGS / "debug.toml")).model
    flags = ["--model", model, "--epochs", str(epochs), "--warmup", "10", *words]
    train(Asked("debug", flags, lake, out))
    return next(line for line in reversed(read_log(out)) if line["kind"] == "val")


def _row(rate: str, seen: dict[str, float]) -> str:
    figures = (seen[key] for key in ("val_loss", "zero_shot_recall", "retrieval_r1"))
    return " | ".join([f"| {rate}", *(f"{value:.4f}" for value in figures)]) + " |"


if __name__ == "__main__":
    main()
