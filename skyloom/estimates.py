"""Shares of what people graded, with intervals that hold near 0 and 1.

An estimate weighs each stratum by what it stands for. Its interval is Wilson's (1927)
at the sample size that an unweighted sample of the same precision would have (Kish's):
of a share near 1 a plain normal interval would reach beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

# The published data set's own check, of 1,000 pairs.
PUBLISHED_ACCURACY = 0.961
Z = 1.959964


@dataclass(frozen=True)
class Stratum:
    """`n_right` of `n` graded, at least one, stand for `n_all`."""

    n_all: int
    n: int
    n_right: int


@dataclass(frozen=True)
class Share:
    """A share and its 95 % interval."""

    value: float
    low: float
    high: float


def stratified(strata: Sequence[Stratum]) -> Share:
    """The share of right ones in all that the strata stand for, one of them at least.

    Floats add up in the order given: hand strata over in a fixed one.
    """
    total = sum(one.n_all for one in strata)
    weights = [one.n_all / total for one in strata]
    both = list(zip(weights, strata, strict=True))
    value = sum(weight * one.n_right / one.n for weight, one in both)
    alike = 1 / sum(weight**2 / one.n for weight, one in both)
    low, high = wilson(value, alike)
    return Share(value, low, high)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share among `n`."""
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) * Z / (1 + Z**2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)
