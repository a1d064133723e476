"""How right the tag classifier is, on keys that it has never seen, and beside what.

Three ways to cut the labels, from hard to easy: keys held out by a hash, from which no
fit is chosen; folds that share no key; folds at random, where a tag's key mostly has
other labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import Any

import numpy as np

from captioning.tag_classifier import (
    FOLDS,
    GSD_CHOICES,
    SHOWS_CHOICES,
    Choice,
    TagModel,
    check_labels,
    fit,
    fit_coarsest,
    fit_shows,
    folds,
)
from captioning.tag_embeddings import Backend
from captioning.tag_figures import (
    Bin,
    Figures,
    Mistake,
    calibration,
    crossed,
    figures,
    gsd_crossed,
    hardest,
    within,
)
from captioning.tag_labels import Label


@dataclass(frozen=True)
class Choices:
    """How both stages are fitted."""

    shows: Choice
    coarsest: Choice


@dataclass(frozen=True)
class Evaluation:
    """The figures of one backend."""

    backend: str
    n_labels: int
    n_yes: int
    n_keys: int
    n_keys_held_out: int
    choices: Choices
    held_out: tuple[Figures, ...]
    folds: tuple[Figures, ...]
    confusion: tuple[tuple[int, ...], ...]
    gsd_confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[Bin, ...]
    hardest: tuple[Mistake, ...]


def choose(labels: Sequence[Label], features: Any, seed: str) -> Choices:
    """The choices that do best over folds of the keys that are not held out."""
    check_labels(labels)
    rows = [n for n, label in enumerate(labels) if not label.held_out]
    known, of_known = [labels[n] for n in rows], features[rows]
    judged = [n for n, label in enumerate(known) if label.gsd_class is not None]

    def f1(choice: Choice) -> float:
        likely = _out_of_fold(known, of_known, choice, folds(known, seed))
        return figures("", known, likely, None).f1

    def gsd(choice: Choice) -> float:
        yes, of_yes = [known[n] for n in judged], of_known[judged]
        found = _gsd_out_of_fold(yes, of_yes, choice, folds(yes, seed))
        return within(found, [label.gsd_class for label in yes], classes=0)

    return Choices(max(SHOWS_CHOICES, key=f1), max(GSD_CHOICES, key=gsd))


def evaluate(
    labels: Sequence[Label],
    backend: Backend,
    *,
    seed: str = "skyloom",
    choices: Choices | None = None,
) -> Evaluation:
    """Measure a backend on labels; `choices` are found by folds if not given."""
    check_labels(labels)
    features = backend.features([label.tag for label in labels])
    keys_alone = backend.features([(label.key, "") for label in labels])
    chosen = choices or choose(labels, features, seed)
    of_keys = choices or choose(labels, keys_alone, seed)
    known = [n for n, label in enumerate(labels) if not label.held_out]
    unseen = [n for n, label in enumerate(labels) if label.held_out]
    train, test = [labels[n] for n in known], [labels[n] for n in unseen]

    model = fit(train, features[known], chosen.shows, chosen.coarsest)
    keys_model = fit(train, keys_alone[known], of_keys.shows, of_keys.coarsest)
    likely = model.probabilities(features[unseen])
    gsds = model.gsd_classes(features[unseen])
    own_folds = _out_of_fold(train, features[known], chosen.shows, folds(train, seed))
    return Evaluation(
        backend=backend.name,
        n_labels=len(labels),
        n_yes=sum(label.groundable for label in labels),
        n_keys=len({label.key for label in labels}),
        n_keys_held_out=len({label.key for label in test}),
        choices=chosen,
        held_out=(
            figures("this model", test, likely, gsds),
            _of_model("the key's words alone", test, keys_model, keys_alone[unseen]),
            _majority("the most frequent class", train, test),
        ),
        folds=(
            _in_folds("folds that share no key", train, features[known], chosen, seed),
            _in_folds("folds at random", labels, features, chosen, None),
        ),
        confusion=crossed([x.groundable for x in test], likely >= 0.5, 2),
        gsd_confusion=gsd_crossed(test, gsds),
        calibration=calibration(train, own_folds),
        hardest=hardest(test, likely),
    )


def _of_model(what: str, labels: list[Label], model: TagModel, rows: Any) -> Figures:
    return figures(what, labels, model.probabilities(rows), model.gsd_classes(rows))


def _majority(what: str, train: list[Label], test: list[Label]) -> Figures:
    yes = sum(label.groundable for label in train) * 2 > len(train)
    known = [label.gsd_class for label in train if label.gsd_class is not None]
    often = max(sorted(set(known)), key=known.count)
    return figures(
        what, test, np.full(len(test), float(yes)), np.full(len(test), often)
    )


def _in_folds(
    what: str, labels: Sequence[Label], features: Any, chosen: Choices, seed: str | None
) -> Figures:
    """Out-of-fold figures; without a seed, a hash of each tag deals the folds."""
    judged = [n for n, label in enumerate(labels) if label.gsd_class is not None]
    yes = [labels[n] for n in judged]
    likely = _out_of_fold(labels, features, chosen.shows, _cut(labels, seed))
    gsds = np.zeros(len(labels), dtype=np.int64)
    gsds[judged] = _gsd_out_of_fold(
        yes, features[judged], chosen.coarsest, _cut(yes, seed)
    )
    return figures(what, labels, likely, gsds)


def _cut(labels: Sequence[Label], seed: str | None) -> list[tuple[Any, Any]]:
    if seed is not None:
        return folds(labels, seed)
    dealt = np.array(
        [int(md5("=".join(x.tag).encode()).hexdigest(), 16) % FOLDS for x in labels]
    )
    rows = [(np.flatnonzero(dealt != n), np.flatnonzero(dealt == n)) for n in range(5)]
    return [(train, test) for train, test in rows if len(test)]


def _out_of_fold(
    labels: Sequence[Label], features: Any, choice: Choice, cut: list[tuple[Any, Any]]
) -> Any:
    likely = np.zeros(len(labels))
    for train, test in cut:
        shows = fit_shows([labels[n] for n in train], features[train], choice)
        likely[test] = 1 / (1 + np.exp(-shows.scores(features[test])[:, 0]))
    return likely


def _gsd_out_of_fold(
    labels: Sequence[Label], features: Any, choice: Choice, cut: list[tuple[Any, Any]]
) -> Any:
    found = np.zeros(len(labels), dtype=np.int64)
    for train, test in cut:
        line = fit_coarsest([labels[n] for n in train], features[train], choice)
        found[test] = TagModel(line, line).gsd_classes(features[test])
    return found
