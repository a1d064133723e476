"""The report draws the training that a checkpoint came from, and nothing else."""

import json
from collections.abc import Sequence
from pathlib import Path

from eval.curve import HEIGHT, MOST_POINTS, WIDTH, curve_of


def training(folder: Path, lines: Sequence[object]) -> Path:
    (folder / "weights").mkdir()
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (folder / "log.jsonl").write_text(text + '{"kind": "train", "st')
    return folder / "weights" / "model.safetensors"


def val(step: int, recall: float) -> dict[str, object]:
    shares = {"zero_shot_recall": recall, "zero_shot_chance": 0.05}
    return {"kind": "val", "step": step, "val_loss": 4.0 - recall, **shares}


def test_a_training_is_drawn_from_its_log(tmp_path):
    losses = [{"kind": "train", "step": 10 * n, "loss": 5 - n} for n in (1, 2)]
    checkpoint = training(tmp_path, [*losses, val(10, 0.1), val(20, 0.25)])
    loss, recall = curve_of(checkpoint)
    assert loss.title == "loss"
    assert [name for name, _ in loss.lines] == ["loss", "val_loss"]
    # From the highest to the lowest, over the whole width.
    assert (
        loss.lines[0][1] == f"{WIDTH / 2:.1f},{_height(4, 3, 4)} {WIDTH}.0,{HEIGHT}.0"
    )
    assert (loss.low, loss.high, loss.steps, loss.chance) == (3, 4, 20, None)
    assert recall.lines == (
        ("zero_shot_recall", f"{WIDTH / 2:.1f},{_height(0.1, 0, 0.25)} {WIDTH}.0,0.0"),
    )
    assert recall.chance == _height(0.05, 0, 0.25)
    assert recall.last == 0.25


def _height(value: float, low: float, high: float) -> float:
    return round(HEIGHT * (1 - (value - low) / (high - low)), 1)


def test_a_long_log_is_drawn_in_few_points_of_its_means(tmp_path):
    lines = [{"kind": "train", "step": n, "loss": n % 2} for n in range(1, 2001)]
    (loss,) = curve_of(training(tmp_path, lines))
    points = loss.lines[0][1].split()
    assert MOST_POINTS / 2 < len(points) <= MOST_POINTS
    assert 0.3 < loss.low <= loss.high < 0.7


def test_what_is_no_number_is_not_drawn(tmp_path):
    values: list[object] = [None, "<b>", [], float("nan"), 10**400]
    odd = [{"kind": "train", "step": 1, "loss": value} for value in values]
    assert curve_of(training(tmp_path, [*odd, 7, "x"])) == []


def test_a_checkpoint_from_elsewhere_has_no_curve(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"kind": "train", "step": 1, "loss": 1}')
    (tmp_path / "models").mkdir()
    assert curve_of(tmp_path / "models" / "epoch_1.pt") == []
    assert curve_of(tmp_path / "weights" / "epoch_1.pt")
    assert curve_of(None) == []
