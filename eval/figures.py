"""A figure with its interval, and what a benchmark came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.tasks import Task

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
# Cosines of float32 vectors are good to about 1e-7: what is closer is a tie.
TIE = 1e-6
REPLICATES = 1000
SEED = 0
LEVEL = 0.95


@dataclass(frozen=True)
class Figure:
    """A share between 0 and 1, with the interval that resampling gives it.

    `chance` is what a model has that knows nothing.
    """

    name: str
    value: float
    low: float
    high: float
    chance: float | None = None


@dataclass(frozen=True)
class Example:
    """An image to show: what is true of it, and what the model said instead."""

    image: Path
    truth: str
    said: str
    note: str = ""


@dataclass(frozen=True)
class Weak:
    """A class that the model is bad at."""

    name: str
    recall: float
    n_images: int
    taken_for: str
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Result:
    """What one benchmark came to.

    `confusion` counts images by true class (rows) and by the protocol's answer.
    """

    task: Task
    figures: tuple[Figure, ...]
    faults: Mapping[str, str] = field(default_factory=dict)
    confusion: NDArray[np.int64] | None = None
    weak: tuple[Weak, ...] = ()
    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()

    def figure(self, name: str) -> Figure:
        """One figure by its name."""
        return next(one for one in self.figures if one.name == name)


def figures(
    names: Sequence[str],
    n: int,
    measure: Callable[[Places], Sequence[float]],
    chances: dict[str, float] | None = None,
) -> list[Figure]:
    """Figures over n samples, with percentile bootstrap intervals.

    `measure` gives the figures of a selection of samples, by their places. The same
    numbers give the same intervals.
    """
    rng = np.random.default_rng(SEED)
    values = measure(np.arange(n))
    drawn = np.array([measure(rng.integers(0, n, n)) for _ in range(REPLICATES)])
    # A replicate may hold nothing that a figure could be of.
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    chances = chances or {}
    found = []
    for name, value, column in zip(names, values, drawn.T, strict=True):
        kept = column[~np.isnan(column)]
        low, high = np.quantile(kept, ends) if len(kept) else (np.nan, np.nan)
        found.append(
            Figure(name, float(value), float(low), float(high), chances.get(name))
        )
    return found


def share(hits: Floats, places: Places) -> float:
    """The mean of zeros and ones at some places, without those that are NaN."""
    chosen = hits[places]
    known = chosen[~np.isnan(chosen)]
    # Sums of ones are exact in any order.
    return float(known.sum() / len(known)) if len(known) else float("nan")


def hits(ranks: Floats, k: int) -> Floats:
    """1 where a rank is at most k, 0 where it is not, NaN where there is none."""
    return np.where(np.isnan(ranks), np.nan, (ranks <= k).astype(np.float64))
