"""How a checkpoint was learned: the log that its training wrote, as lines to draw."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A training lays its weights in a folder of this name, beside its log.
WEIGHTS, LOG = "weights", "log.jsonl"
MOST_BYTES = 50_000_000
MOST_POINTS = 300
WIDTH, HEIGHT = 360, 160
# Each picture: its title, what it draws of which kind of line, and chance's name.
PICTURES = (
    ("loss", (("train", "loss"), ("val", "val_loss")), None),
    ("zero-shot recall", (("val", "zero_shot_recall"),), "zero_shot_chance"),
    ("title retrieval", (("val", "retrieval_recall"),), "retrieval_chance"),
)
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Picture:
    """One chart of WIDTH by HEIGHT pixels; `lines` are a name and its polyline.

    `low`, `high` and `steps` are what the edges stand for; `chance` is a height in
    pixels.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    low: float
    high: float
    steps: int
    last: float
    chance: float | None


def curve_of(checkpoint: Path | None) -> list[Picture]:
    """The pictures of the training that wrote a checkpoint; none where its log is not.

    A line that is no JSON ends the log, as that of a killed training does.
    """
    if checkpoint is None or checkpoint.parent.name != WEIGHTS:
        return []
    log = checkpoint.parent.parent / LOG
    if not log.is_file() or log.stat().st_size > MOST_BYTES:
        return []
    rows = _rows(log.read_text(errors="replace"))
    pictures = (_picture(rows, *picture) for picture in PICTURES)
    return [picture for picture in pictures if picture]


def _rows(text: str) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            break
        if isinstance(row, dict):
            found.append(row)
    return found


def _points(rows: list[dict[str, Any]], kind: str, name: str) -> Points:
    of_kind = [row for row in rows if row.get("kind") == kind]
    pairs = [(_number(row.get("step")), _number(row.get(name))) for row in of_kind]
    points = [(x, y) for x, y in pairs if x is not None and y is not None]
    # The means of runs of neighbours: a loss leaps from batch to batch.
    run = math.ceil(len(points) / MOST_POINTS) if points else 1
    groups = [points[at : at + run] for at in range(0, len(points), run)]
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _picture(
    rows: list[dict[str, Any]],
    title: str,
    wanted: tuple[tuple[str, str], ...],
    chance: str | None,
) -> Picture | None:
    drawn = [(name, _points(rows, kind, name)) for kind, name in wanted]
    drawn = [(name, points) for name, points in drawn if points]
    if not drawn:
        return None
    levels = [y for _, y in _points(rows, "val", chance)] if chance else []
    heights = [y for _, points in drawn for _, y in points] + levels[-1:]
    steps = max(x for _, points in drawn for x, _ in points)
    low, high = (0.0 if chance else min(heights)), max(heights)
    span = (high - low) or 1.0

    def height(value: float) -> float:
        return round(HEIGHT * (1 - (value - low) / span), 1)

    return Picture(
        title=title,
        lines=tuple(
            (
                name,
                " ".join(f"{WIDTH * x / steps:.1f},{height(y)}" for x, y in points),
            )
            for name, points in drawn
        ),
        low=low,
        high=high,
        steps=int(steps),
        last=drawn[-1][1][-1][1],
        chance=height(levels[-1]) if levels else None,
    )
