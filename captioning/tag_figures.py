"""What is measured of the tag classifier: rates, tables, calibration, errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from captioning.tag_labels import GSD_CLASSES, Label

BINS = 10
HARDEST = 15


@dataclass(frozen=True)
class Figures:
    """What came of one model on one set; `gsd_*` are of the tags that do show."""

    what: str
    n: int
    f1: float
    precision: float
    recall: float
    accuracy: float
    n_gsd: int
    gsd_accuracy: float
    gsd_within_one: float


@dataclass(frozen=True)
class Bin:
    """Tags that got about the same probability, and the share of them that show."""

    n: int
    mean: float
    share: float


@dataclass(frozen=True)
class Mistake:
    """A held-out tag of which the model is sure and wrong."""

    key: str
    value: str
    groundable: bool
    probability: float


def within(found: Any, true: Any, *, classes: int) -> float:
    """The share of predictions that are at most so many classes of GSD off."""
    if not len(true):
        return 0.0
    return float((np.abs(np.asarray(found) - np.asarray(true)) <= classes).mean())


def figures(what: str, labels: Sequence[Label], likely: Any, gsds: Any) -> Figures:
    """The rates of one model; `gsds` may be None where they are not of interest."""
    true = np.array([label.groundable for label in labels])
    said = np.asarray(likely) >= 0.5
    hits = int((true & said).sum())
    precision = hits / max(1, int(said.sum()))
    recall = hits / max(1, int(true.sum()))
    judged = [n for n, label in enumerate(labels) if label.gsd_class is not None]
    classes = [labels[n].gsd_class for n in judged]
    found: Any = [] if gsds is None else np.asarray(gsds)[judged]
    return Figures(
        what,
        n=len(labels),
        f1=2 * hits / max(1, int(true.sum()) + int(said.sum())),
        precision=precision,
        recall=recall,
        accuracy=float((true == said).mean()),
        n_gsd=len(judged),
        gsd_accuracy=0.0 if gsds is None else within(found, classes, classes=0),
        gsd_within_one=0.0 if gsds is None else within(found, classes, classes=1),
    )


def crossed(true: Any, said: Any, n: int) -> tuple[tuple[int, ...], ...]:
    """Counts; a row is what a person says, a column what the model says."""
    table = np.zeros((n, n), dtype=np.int64)
    for row, column in zip(true, said, strict=True):
        table[int(row), int(column)] += 1
    return tuple(tuple(int(cell) for cell in row) for row in table)


def gsd_crossed(labels: list[Label], gsds: Any) -> tuple[tuple[int, ...], ...]:
    """Counts of classes of resolution, of the labels that have one."""
    judged = [n for n, label in enumerate(labels) if label.gsd_class is not None]
    true = [labels[n].gsd_class for n in judged]
    return crossed(true, gsds[judged], len(GSD_CLASSES))


def calibration(labels: list[Label], likely: Any) -> tuple[Bin, ...]:
    """BINS of equal width over the probability; empty ones are left out."""
    true = np.array([label.groundable for label in labels])
    bins = np.minimum((np.asarray(likely) * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(
            int((bins == n).sum()),
            float(likely[bins == n].mean()),
            float(true[bins == n].mean()),
        )
        for n in range(BINS)
        if (bins == n).any()
    )


def hardest(labels: list[Label], likely: Any) -> tuple[Mistake, ...]:
    """The HARDEST errors, the surest first."""
    wrong = [
        Mistake(label.key, label.value, label.groundable, float(one))
        for label, one in zip(labels, likely, strict=True)
        if label.groundable != (one >= 0.5)
    ]
    wrong.sort(key=lambda x: (-abs(x.probability - 0.5), x.key, x.value))
    return tuple(wrong[:HARDEST])
