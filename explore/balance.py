"""How evenly a data set speaks of things: images per tag of the focus, and the tail."""

from dataclasses import dataclass
from math import exp, fsum, log, log2

import duckdb

from explore.figures import rows, sql

STEPS = (1, 2, 5)
SPLITS = ("train", "val", "test", "gap")


@dataclass(frozen=True)
class FocusTag:
    """Images whose focus is said to have a tag, by the split of their scene."""

    key: str
    value: str
    n: int
    train: int
    val: int
    test: int
    gap: int


@dataclass(frozen=True)
class TailStep:
    """How many tags at most `most` images have; `x` and `y` in percent of the plot."""

    most: int
    n_tags: int
    x: float
    y: float


@dataclass(frozen=True)
class Balance:
    """Classes are tags of the focus; `n_effective` is the exponential of the entropy.

    So many classes of equal size would be as diverse.
    """

    top: tuple[FocusTag, ...]
    n_tags: int
    n_images: int
    n_effective: float
    n_half: int
    unseen_val: int
    unseen_test: int
    tail: tuple[TailStep, ...]


def class_balance(con: duckdb.DuckDBPyConnection, *, most: int = 30) -> Balance:
    """Count the tags of the connection's `first_style`, the most frequent first."""
    con.execute(f"create temp table focus_tags as {sql('web_quality_tags')}")
    tags = rows(con, "web_quality_tags_read", FocusTag)
    sizes = [tag.n for tag in tags]
    return Balance(
        tags[:most],
        len(tags),
        sum(sizes),
        effective(sizes),
        holding_half(sizes),
        sum(1 for tag in tags if tag.train and not tag.val),
        sum(1 for tag in tags if tag.train and not tag.test),
        tail(sizes),
    )


def effective(sizes: list[int]) -> float:
    """The exponential of the entropy of classes of these sizes; 0 of none."""
    total = sum(sizes)
    shares = [n / total for n in sizes if n]
    return exp(-fsum(share * log(share) for share in shares)) if shares else 0.0


def holding_half(sizes: list[int]) -> int:
    """How many of the largest classes hold half of all."""
    held, number = 0, 0
    for n in sorted(sizes, reverse=True):
        if 2 * held >= sum(sizes):
            break
        held, number = held + n, number + 1
    return number


def tail(sizes: list[int]) -> tuple[TailStep, ...]:
    """How many classes have at most 1, 2, 5, 10, ... members, up to the largest."""
    if not sizes:
        return ()
    bounds = [digit * 10**exponent for exponent in range(10) for digit in STEPS]
    last = next(i for i, bound in enumerate(bounds) if bound >= max(sizes))
    widest = max(log2(bounds[last]), 1.0)
    counted = [(b, sum(n <= b for n in sizes)) for b in bounds[: last + 1]]
    return tuple(
        TailStep(
            bound,
            n,
            round(100 * log2(bound) / widest, 3),
            round(100 - 100 * n / len(sizes), 3),
        )
        for bound, n in counted
    )
