"""Two logistic regressions over a tag's features: does it show, and up to which GSD.

After Wang and others, SkyScript (2024), whose classes of resolution these are. In the
first, a key with fifteen labels would speak fifteen times as loud as one with a single
label: a label weighs one over the square root of the labels of its key.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from captioning.tag_embeddings import need_sklearn
from captioning.tag_labels import GSD_CLASSES, Label, place
from skyloom.errors import UsageError

FOLDS = 5
ITERATIONS = 3000


@dataclass(frozen=True)
class Choice:
    """How a regression is fitted: `strength` is scikit-learn's C."""

    strength: float
    balanced: bool


SHOWS_CHOICES = tuple(Choice(c, b) for b in (False, True) for c in (0.1, 0.3, 1, 3))
GSD_CHOICES = tuple(Choice(c, b) for b in (False, True) for c in (1, 3, 10, 30))


@dataclass(frozen=True)
class Linear:
    """A fitted regression: weights (classes, features), biases (classes,), classes."""

    weights: Any
    biases: Any
    classes: Any

    def scores(self, features: Any) -> Any:
        """One row for each tag, one column for each class, before any squashing."""
        return np.asarray(features @ self.weights.T, dtype=np.float64) + self.biases


@dataclass(frozen=True)
class TagModel:
    """Both stages."""

    shows: Linear
    coarsest: Linear

    def probabilities(self, features: Any) -> Any:
        """How likely each tag shows, 0 to 1."""
        scores = self.shows.scores(features)[:, 0]
        return 1.0 / (1.0 + np.exp(-scores))

    def gsd_classes(self, features: Any) -> Any:
        """The likeliest class of each tag, whether it shows or not."""
        return self.coarsest.classes[self.coarsest.scores(features).argmax(axis=1)]


def check_labels(labels: Sequence[Label]) -> None:
    """Refuse labels that two regressions cannot be fitted to.

    Raises:
        UsageError: too few keys for the folds, or too few classes.
    """
    said = {label.groundable for label in labels}
    gsds = {label.gsd_class for label in labels} - {None}
    keys = {label.key for label in labels if not label.held_out}
    if said != {True, False} or len(gsds) < 3 or len(keys) < 2 * FOLDS:
        raise UsageError(
            "the labels do not suffice to train on",
            remedy=f"label tags of {2 * FOLDS} keys or more, as yes and as no, and "
            "three classes of max_gsd_m",
        )


def fit(
    labels: Sequence[Label], features: Any, shows: Choice, coarsest: Choice
) -> TagModel:
    """Fit both stages; the second to the labels that have a class of resolution."""
    judged = [n for n, label in enumerate(labels) if label.gsd_class is not None]
    return TagModel(
        fit_shows(labels, features, shows),
        fit_coarsest([labels[n] for n in judged], features[judged], coarsest),
    )


def fit_shows(labels: Sequence[Label], features: Any, choice: Choice) -> Linear:
    """Fit stage one."""
    of_key = Counter(label.key for label in labels)
    loudness = [of_key[label.key] ** -0.5 for label in labels]
    shows = [label.groundable for label in labels]
    return _fit(features, shows, choice, loudness)


def fit_coarsest(labels: Sequence[Label], features: Any, choice: Choice) -> Linear:
    """Fit stage two, to labels that all have a class of resolution."""
    return _fit(features, [label.gsd_class for label in labels], choice, None)


def folds(labels: Sequence[Label], seed: str) -> list[tuple[Any, Any]]:
    """Rows to train on and to test on, FOLDS times; no key is in both."""
    need_sklearn()
    from sklearn.model_selection import GroupKFold

    keys = sorted({label.key for label in labels}, key=lambda key: place(key, seed))
    number = {key: n for n, key in enumerate(keys)}
    groups = [number[label.key] for label in labels]
    split = GroupKFold(n_splits=FOLDS).split(np.zeros(len(labels)), groups=groups)
    return list(split)


def _fit(
    features: Any, targets: Sequence[Any], choice: Choice, loudness: list[float] | None
) -> Linear:
    need_sklearn()
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(
        C=choice.strength,
        class_weight="balanced" if choice.balanced else None,
        max_iter=ITERATIONS,
    )
    # More threads add up in another order, and the bytes would differ.
    with importlib.import_module("threadpoolctl").threadpool_limits(limits=1):
        regression.fit(features, np.array(targets), sample_weight=loudness)
    return Linear(
        regression.coef_.astype(np.float32),
        regression.intercept_.astype(np.float32),
        regression.classes_.astype(np.int64),
    )


def gsd_of(classes: Any) -> list[float]:
    """Metres per pixel of classes."""
    return [GSD_CLASSES[int(one)] for one in classes]
