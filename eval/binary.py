"""Is the one class in the image or not: a threshold on the cosine with its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.figures import Figure, Floats, Places, figures

NAMES = (
    *("best_f1", "best_precision", "best_recall"),
    *("f1", "precision", "recall"),
)
UPSTREAM_THRESHOLDS = 101
EPSILON = 1e-9


@dataclass(frozen=True)
class Threshold:
    """A cosine from which on an image has the class, and what that came to."""

    value: float
    f1: float
    precision: float
    recall: float


def upstream_best(scores: Floats, labels: Places) -> Threshold:
    """The best of 101 thresholds from -1 to 1, chosen on the images it is told of."""
    best = Threshold(0.0, 0.0, 0.0, 0.0)
    for value in np.linspace(-1, 1, UPSTREAM_THRESHOLDS):
        hit, said, true = _counts(scores >= value, labels)
        precision = (hit + EPSILON) / (said + EPSILON)
        recall = (hit + EPSILON) / (true + EPSILON)
        f1 = 2 * precision * recall / (precision + recall + EPSILON)
        if f1 > best.f1:
            best = Threshold(float(value), f1, precision, recall)
    return best


def tuned(scores: Floats, labels: Places) -> float:
    """The threshold with the best F1 on some images: the middle of a gap in scores.

    Of equal ones it is the highest.
    """
    values = np.unique(scores)[::-1]
    found = labels[np.argsort(-scores, kind="stable")]
    ordered = -np.sort(-scores, kind="stable")
    hit = np.cumsum(found)[np.searchsorted(-ordered, -values, side="right") - 1]
    said = np.searchsorted(-ordered, -values, side="right")
    f1 = 2 * hit / np.maximum(1, said + found.sum())
    best = int(f1.argmax())
    below = values[best + 1] if best + 1 < len(values) else values[best]
    return float((values[best] + below) / 2)


def binary_figures(
    scores: Floats, labels: Sequence[int], tuning: Sequence[bool], unread: Sequence[int]
) -> tuple[list[Figure], float | None]:
    """Upstream's figures over all images, and ours over those that set no threshold.

    An image that could not be read is left out upstream; in ours it is said not to
    have the class if it has, and to have it if it has not. The second value is our
    threshold, None where one of the two parts has no image of the class.
    """
    truth = np.asarray(labels, np.int64)
    read = np.ones(len(truth), bool)
    read[list(unread)] = False
    best = upstream_best(scores[read], truth[read])
    sets = np.asarray(tuning, bool)
    if not (truth[sets & read].any() and truth[~sets].any()):
        values = (best.f1, best.precision, best.recall, *[float("nan")] * 3)
        return [
            Figure(name, value, float("nan"), float("nan"))
            for name, value in zip(NAMES, values, strict=True)
        ], None
    threshold = tuned(scores[sets & read], truth[sets & read])
    said = np.where(read, scores >= threshold, truth == 0)[~sets]
    true = truth[~sets]

    def measure(places: Places) -> list[float]:
        hit, yes, have = _counts(said[places], true[places])
        precision = hit / yes if yes else 0.0
        recall = hit / have if have else float("nan")
        return [2 * hit / (yes + have) if have else float("nan"), precision, recall]

    part = float(true.mean())
    chances = {"f1": 2 * part / (1 + part), "precision": part, "recall": 1.0}
    ours = figures(NAMES[3:], len(true), measure, chances)
    theirs = [
        Figure(name, value, float("nan"), float("nan"))
        for name, value in zip(
            NAMES[:3], (best.f1, best.precision, best.recall), strict=True
        )
    ]
    return [*theirs, *ours], threshold


def _counts(said: NDArray[np.bool_], truth: Places) -> tuple[int, int, int]:
    return int((said & (truth == 1)).sum()), int(said.sum()), int((truth == 1).sum())
