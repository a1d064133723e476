"""The named selections: what each keeps, what its cut loses, and how pairs score."""

from dataclasses import dataclass

import duckdb

from explore.charts import Bin, histogram
from explore.figures import ValueCount, rows


@dataclass(frozen=True)
class Selection:
    """One named selection; what is lost is of the pairs that came to it.

    `model` is the scorer as `scores` name it, None where none or several fit;
    `n_saved` are kept by a floor that the cut would drop, and `least_similarity` is the
    least that the share keeps.
    """

    selection: str
    scorer: str | None
    model: str | None
    caption: str | None
    keep_share: float | None
    n_images: int
    n_kept: int
    n_scored: int
    n_saved: int
    least_similarity: float | None
    n_pairs: int
    n_tags: int
    n_tags_lost: int
    n_titles: int
    n_titles_lost: int
    n_captions: int
    n_captions_lost: int


@dataclass(frozen=True)
class Scored:
    """Scored pairs of one selection in one hundredth of similarity."""

    selection: str
    value: int
    n: int
    n_kept: int


@dataclass(frozen=True)
class Similarities:
    """Columns of all scored pairs, and beside them columns of the kept ones."""

    selection: str
    columns: tuple[tuple[Bin, float], ...]


@dataclass(frozen=True)
class Selections:
    """All selections, and how the pairs of those with a scorer score."""

    rows: tuple[Selection, ...]
    similarities: tuple[Similarities, ...]


def selections(con: duckdb.DuckDBPyConnection) -> Selections:
    """Read the selections in order of their names."""
    scored = rows(con, "similarities", Scored)
    names = sorted({one.selection for one in scored})
    return Selections(
        rows(con, "selection_counts", Selection),
        tuple(
            _similarities(name, [one for one in scored if one.selection == name])
            for name in names
        ),
    )


def _similarities(name: str, scored: list[Scored]) -> Similarities:
    all_of = histogram(tuple(ValueCount(one.value, one.n) for one in scored), per=100)
    # The same bins, for each value has a row among the kept too.
    kept_of = histogram(
        tuple(ValueCount(one.value, one.n_kept) for one in scored), per=100
    )
    return Similarities(
        name,
        tuple(
            (one, round(one.height * kept.n / one.n, 2) if one.n else 0.0)
            for one, kept in zip(all_of, kept_of, strict=True)
        ),
    )
