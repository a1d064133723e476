"""Zero-shot classification: which class's words an image is nearest to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.figures import TIE, Figure, Floats, Places, figures, hits, share
from skyloom.clip_vectors import Vectors

ROWS = 8192
NAMES = (
    *("top1", "top5", "strict_top1", "strict_top5"),
    *("mean_per_class_recall",),
)


@dataclass(frozen=True)
class Answers:
    """For each image the class it is given, and the place of the true one, 1 first.

    Of classes with equal scores the protocol takes the first of the list; the stricter
    place puts the true one behind them.
    """

    predicted: Places
    ranks: Places
    strict_ranks: Places


def classify(images: Vectors, labels: Sequence[int], class_vectors: Vectors) -> Answers:
    """Score unit vectors of images against those of classes.

    The protocol's logits are 100 times these cosines, which are in the same order.
    """
    weights = class_vectors.astype(np.float64).T
    truth = np.asarray(labels, np.int64)
    parts = [
        _block(images[start : start + ROWS], truth[start : start + ROWS], weights)
        for start in range(0, len(truth), ROWS)
    ]
    return Answers(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _block(
    images: Vectors, truth: Places, weights: NDArray[np.float64]
) -> tuple[Places, Places, Places]:
    scores = images.astype(np.float64) @ weights
    own = scores[np.arange(len(truth)), truth][:, None]
    earlier = np.arange(weights.shape[1])[None, :] < truth[:, None]
    before = (scores > own) | ((scores == own) & earlier)
    # The true class itself is one of those that reach its score.
    reached = scores >= own - TIE
    return scores.argmax(1), 1 + before.sum(1), reached.sum(1)


def class_figures(
    answers: Answers, labels: Sequence[int], n_classes: int, unread: Sequence[int]
) -> list[Figure]:
    """The protocol's figures, and beside them the stricter ones.

    `unread` are places of images that could not be read: they are left out by the
    protocol, and wrong in the stricter figures.
    """
    ranks = answers.ranks.astype(np.float64)
    strict = answers.strict_ranks.astype(np.float64)
    ranks[list(unread)], strict[list(unread)] = np.nan, np.inf
    columns = [hits(ranks, 1), hits(ranks, 5), hits(strict, 1), hits(strict, 5)]
    truth = np.asarray(labels, np.int64)

    def measure(places: Places) -> list[float]:
        shares = [share(column, places) for column in columns]
        return [*shares, _mean_recall(columns[2][places], truth[places], n_classes)]

    top1, top5 = 1 / n_classes, min(5, n_classes) / n_classes
    chances = dict(zip(NAMES, (top1, top5, top1, top5, top1), strict=True))
    return figures(NAMES, len(truth), measure, chances)


def recalls(right: Floats, truth: Places, n_classes: int) -> Floats:
    """The share of each class's images that are right; NaN for a class without any."""
    of_class = np.bincount(truth, minlength=n_classes)
    found = np.bincount(truth, weights=right, minlength=n_classes)
    each = np.full(n_classes, np.nan)
    np.divide(found, of_class, out=each, where=of_class > 0)
    return each


def confusion(
    answers: Answers, labels: Sequence[int], n_classes: int, unread: Sequence[int]
) -> NDArray[np.int64]:
    """Counts by true class (rows) and by the protocol's answer (columns)."""
    read = np.ones(len(labels), bool)
    read[list(unread)] = False
    truth = np.asarray(labels, np.int64)[read]
    flat = truth * n_classes + answers.predicted[read]
    counts = np.bincount(flat, minlength=n_classes * n_classes)
    return counts.reshape(n_classes, n_classes).astype(np.int64)


def _mean_recall(right: Floats, truth: Places, n_classes: int) -> float:
    each = recalls(right, truth, n_classes)
    return float(np.nanmean(each)) if len(truth) else float("nan")
