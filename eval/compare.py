"""What was measured beside what is published: one line for each figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval import known
from eval.figures import Figure, Result

MAIN = {
    known.CLASSES: ("top1",),
    known.BINARY: ("f1",),
    known.RETRIEVAL: ("i2t_mean_recall", "t2i_mean_recall"),
}
STRICT = {
    "top1": "strict_top1",
    "i2t_mean_recall": "strict_i2t_mean_recall",
    "t2i_mean_recall": "strict_t2i_mean_recall",
}


@dataclass(frozen=True)
class Line:
    """A main figure, in percent: expected, measured, difference, and the strict one.

    `expected` is None where nobody has published it for these weights.
    """

    benchmark: str
    title: str
    figure: str
    measured: float
    expected: float | None
    strict: float | None
    low: float
    high: float
    chance: float | None
    in_domain: bool
    in_mean: bool
    n_images: int
    n_unread: int

    @property
    def difference(self) -> float | None:
        """Measured less expected, in points."""
        return None if self.expected is None else self.measured - self.expected


@dataclass(frozen=True)
class Mean:
    """The mean of top-1 over the scene benchmarks at hand, in percent."""

    measured: float
    strict: float
    expected: float | None
    names: tuple[str, ...]
    n_all: int

    @property
    def is_whole(self) -> bool:
        """Whether each of the scene benchmarks is in it."""
        return len(self.names) == self.n_all


def lines(results: Sequence[Result], published_as: str | None) -> list[Line]:
    """The main figures of each benchmark."""
    return [
        _line(result, result.figure(name), published_as)
        for result in results
        for name in MAIN[result.task.benchmark.kind]
    ]


def mean(results: Sequence[Result], published_as: str | None) -> Mean | None:
    """The mean over what is neither in-domain nor somebody's own, if there is any."""
    counted = [one for one in results if one.task.benchmark.in_mean]
    if not counted:
        return None
    names = tuple(one.task.benchmark.name for one in counted)
    return Mean(
        measured=100 * sum(one.figure("top1").value for one in counted) / len(counted),
        strict=100
        * sum(one.figure("strict_top1").value for one in counted)
        / len(counted),
        expected=known.expected_mean(published_as, names),
        names=names,
        n_all=sum(one.in_mean for one in known.benchmarks()),
    )


def _line(result: Result, figure: Figure, published_as: str | None) -> Line:
    about = result.task.benchmark
    found = known.expected(published_as, about.name, figure.name)
    strict = STRICT.get(figure.name)
    return Line(
        benchmark=about.name,
        title=about.title,
        figure=figure.name,
        measured=100 * figure.value,
        expected=found.percent if found else None,
        strict=100 * result.figure(strict).value if strict else None,
        low=100 * figure.low,
        high=100 * figure.high,
        chance=None if figure.chance is None else 100 * figure.chance,
        in_domain=found.in_domain if found else about.in_domain,
        in_mean=about.in_mean,
        n_images=len(result.task.images),
        n_unread=len(result.faults),
    )
