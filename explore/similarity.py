"""How like images and captions are, over all scored pairs, and what a cut would lose.

A cut keeps what is not below it. A caption or a tag is lost where its best pair is, so
the best of each, in order, answer every cut.
"""

from dataclasses import dataclass, field

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from explore.figures import rows, sql
from explore.remembered import Held

Ordered = npt.NDArray[np.float64]
Near = dict[str, float]
MOST_BINS = 80
MOST_TAGS = 24
PLOT_HEIGHT = 100.0


@dataclass(frozen=True)
class Choice:
    """Which scored pairs: of a selection by its own scorer, or by a model."""

    selection: str | None
    model: str | None
    caption: str | None


@dataclass(frozen=True)
class Said:
    """A tag that captions say: its best pair, and how often they say it."""

    key: str
    value: str
    best: float
    n: int


@dataclass(frozen=True)
class Part:
    """The similarities of one source and split, in order."""

    source: str
    split: str
    similarities: Ordered = field(compare=False)


@dataclass(frozen=True)
class Distribution:
    """All that a cut is asked of; arrays are in ascending order.

    `image_ids` are those of `similarities`, equals by name.
    """

    similarities: Ordered = field(compare=False)
    image_ids: pl.Series = field(compare=False)
    parts: tuple[Part, ...]
    titles: Ordered = field(compare=False)
    captions: Ordered = field(compare=False)
    tags: tuple[Said, ...]


@dataclass(frozen=True)
class Loss:
    """Of `n`, how many lie below the cut."""

    what: str
    n: int
    n_lost: int


@dataclass(frozen=True)
class PartLoss:
    """Pairs of one source and split."""

    source: str
    split: str
    n: int
    n_lost: int


@dataclass(frozen=True)
class Losses:
    """What one cut would lose; `lost_tags` are the most frequent of those lost."""

    cut: float
    totals: tuple[Loss, ...]
    parts: tuple[PartLoss, ...]
    lost_tags: tuple[Said, ...]


@dataclass(frozen=True)
class SimilarityBin:
    """One column of the histogram, `x` and `width` in percent of the axis."""

    low: float
    high: float
    n: int
    x: float
    width: float
    height: float


@dataclass(frozen=True)
class SimilarityHistogram:
    """Columns between two bounds; `step` is the width of one."""

    low: float
    high: float
    step: float
    most: int
    bins: tuple[SimilarityBin, ...]


def read_distribution(con: duckdb.DuckDBPyConnection, held: Held) -> Distribution:
    """Read what `scored_pairs` of the connection hold, or what is held of it.

    Its pieces are held one by one: a request that was stopped has not read in vain.
    """
    read = _Reader(con)
    similarities, image_ids = held.get("pairs", read.pairs)
    return Distribution(
        similarities,
        image_ids,
        held.get("parts", read.parts),
        held.get("titles", lambda: read.bests("web_quality_titles")),
        held.get("captions", lambda: read.bests("web_quality_captions")),
        held.get("tags", read.said),
    )


class _Reader:
    """Reads the pieces of one distribution; the pairs are joined when first needed."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self._joined = False

    def join(self) -> None:
        if not self._joined:
            self.con.execute(
                f"create temp table cut_pairs as {sql('web_quality_pairs')}"
            )
            self._joined = True

    def pairs(self) -> tuple[Ordered, pl.Series]:
        found = self.con.execute(
            "select image_id, similarity from scored_pairs "
            "order by similarity, image_id"
        ).pl()
        return found["similarity"].to_numpy(), found["image_id"]

    def parts(self) -> tuple[Part, ...]:
        self.join()
        found = self.con.execute(
            "select source, split, list(similarity) as similarities "
            "from cut_pairs group by source, split order by source, split"
        ).fetchnumpy()
        return tuple(
            Part(str(source), str(split), np.sort(np.asarray(some, dtype=np.float64)))
            for source, split, some in zip(*found.values(), strict=True)
        )

    def bests(self, query: str) -> Ordered:
        self.join()
        best = self.con.execute(sql(query)).fetchnumpy()["best"]
        return np.sort(np.asarray(best, dtype=np.float64))

    def said(self) -> tuple[Said, ...]:
        self.join()
        return rows(self.con, "web_quality_said", Said)


def losses(found: Distribution, cut: float) -> Losses:
    """What lies below a cut, without another look at the catalog."""
    parts = tuple(
        PartLoss(
            part.source,
            part.split,
            len(part.similarities),
            below(part.similarities, cut),
        )
        for part in found.parts
    )
    lost = [tag for tag in found.tags if tag.best < cut]
    return Losses(
        cut,
        (
            Loss(
                "pairs",
                sum(part.n for part in parts),
                sum(part.n_lost for part in parts),
            ),
            Loss("distinct tags", len(found.tags), len(lost)),
            Loss("distinct titles", len(found.titles), below(found.titles, cut)),
            Loss(
                "distinct captions with surroundings",
                len(found.captions),
                below(found.captions, cut),
            ),
        ),
        parts,
        tuple(lost[:MOST_TAGS]),
    )


def beside(found: Distribution, cut: float, most: int) -> tuple[Near, Near]:
    """Images of the pairs nearest to a cut, below it and not below it."""
    place = below(found.similarities, cut)
    sides = (
        range(place - 1, max(place - most, 0) - 1, -1),
        range(place, min(place + most, len(found.similarities))),
    )
    lower, upper = (
        {str(found.image_ids[i]): float(found.similarities[i]) for i in side}
        for side in sides
    )
    return lower, upper


def below(ordered: Ordered, cut: float) -> int:
    """How many of an ascending array are less than the cut."""
    return int(np.searchsorted(ordered, cut, side="left"))


def similarity_histogram(ordered: Ordered) -> SimilarityHistogram:
    """Columns of one, two or five times a power of ten, at most `MOST_BINS`."""
    # By whole millionths, in which similarities are rounded.
    millionths = np.rint(ordered * 1_000_000).astype(np.int64)
    low, high = int(millionths[0]), int(millionths[-1])
    step = next(
        digit * 10**exponent
        for exponent in range(7)
        for digit in (1, 2, 5)
        if high // (digit * 10**exponent) - low // (digit * 10**exponent) < MOST_BINS
    )
    first, n = low // step, high // step - low // step + 1
    counts = np.bincount(millionths // step - first, minlength=n)
    most = int(counts.max())
    return SimilarityHistogram(
        first * step / 1_000_000,
        (first + n) * step / 1_000_000,
        step / 1_000_000,
        most,
        tuple(
            SimilarityBin(
                (first + i) * step / 1_000_000,
                (first + i + 1) * step / 1_000_000,
                int(count),
                round(100 * i / n, 4),
                round(100 / n, 4),
                round(PLOT_HEIGHT * int(count) / most, 3),
            )
            for i, count in enumerate(counts)
        ),
    )
