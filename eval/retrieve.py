"""Retrieval between images and texts, with every pair that shares one as a hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.figures import TIE, Figure, Floats, Places, figures, hits, share
from skyloom.clip_vectors import Vectors

# Scores at one time: 64 MB of them, whatever the size of the set.
CELLS = 8_000_000
CUTS = (1, 5, 10, 100)
IN_MEAN = 3
KINDS = ("", "strict_")


@dataclass(frozen=True)
class Ranked:
    """For each query the place of its best hit, 1 first, and what came before all.

    `ranks` are NaN where nothing was asked, and in `strict` infinite where a query or
    all of its hits could not be read. Of equal scores the protocol takes the first;
    the stricter place puts the hit behind what scores as high. `first` is the place
    in the gallery of the nearest entry.
    """

    ranks: Floats
    strict: Floats
    first: Places


def rank(queries: Vectors, gallery: Vectors, truth: Sequence[Sequence[int]]) -> Ranked:
    """Rank a gallery of unit vectors for each query; `truth` are the places of hits."""
    size = max(1, CELLS // max(1, len(gallery)))
    wide = gallery.astype(np.float64).T
    ranks = np.full(len(queries), np.nan)
    strict = np.full(len(queries), np.inf)
    first = np.full(len(queries), -1, np.int64)
    for start in range(0, len(queries), size):
        scores = queries[start : start + size].astype(np.float64) @ wide
        first[start : start + size] = scores.argmax(1) if len(gallery) else -1
        for row, query in zip(scores, range(start, start + len(scores)), strict=True):
            if len(truth[query]):
                places = np.asarray(truth[query], np.int64)
                ranks[query], strict[query] = _places(row, places)
    return Ranked(ranks, strict, first)


def _places(scores: Floats, hit: Places) -> tuple[int, int]:
    best = scores[hit].max()
    ahead = hit[scores[hit] == best].min()
    before = int((scores > best).sum()) + int((scores[:ahead] == best).sum())
    # Other hits that reach the best one's score are no rivals of it.
    rivals = int((scores >= best - TIE).sum() - (scores[hit] >= best - TIE).sum())
    return 1 + before, 1 + rivals


def recall_figures(
    ranked: Ranked, truth: Sequence[Sequence[int]], n_gallery: int, way: str
) -> list[Figure]:
    """R@1, 5, 10 and 100 and the mean of the first three, over the queries.

    `way` is i2t or t2i, the beginning of each name.
    """
    columns = [hits(kind, k) for kind in (ranked.ranks, ranked.strict) for k in CUTS]
    names, chances = [], {}
    for kind in KINDS:
        names += [f"{kind}{way}_r{k}" for k in CUTS] + [f"{kind}{way}_mean_recall"]
    by_chance = [chance(truth, n_gallery, k) for k in CUTS]
    by_chance.append(sum(by_chance[:IN_MEAN]) / IN_MEAN)
    chances = dict(zip(names, [*by_chance, *by_chance], strict=True))

    def measure(places: Places) -> list[float]:
        each = [share(column, places) for column in columns]
        parts = (each[: len(CUTS)], each[len(CUTS) :])
        return [v for part in parts for v in (*part, sum(part[:IN_MEAN]) / IN_MEAN)]

    return figures(names, len(ranked.ranks), measure, chances)


def chance(truth: Sequence[Sequence[int]], n_gallery: int, k: int) -> float:
    """The share of queries with a hit among k that are drawn at random."""
    sizes, counts = np.unique([len(one) for one in truth], return_counts=True)
    missed = 0.0
    for size, count in zip(sizes, counts, strict=True):
        steps = np.arange(min(k, n_gallery))
        left = np.maximum(0, n_gallery - size - steps) / (n_gallery - steps)
        missed += float(count) * float(np.prod(left))
    return 1 - missed / max(1, len(truth))
