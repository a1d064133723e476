"""The published tables with a row of ours on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval import known
from eval.compare import Mean
from eval.figures import Result

NONE = "\N{EN DASH}"
# Table 3 has both directions in each cell.
TABLES = {
    "Table 2": (known.TOP1,),
    "Table 3": ("i2t_mean_recall", "t2i_mean_recall"),
}


@dataclass(frozen=True)
class Table:
    """Models by benchmarks, in percent; in brackets what a model was trained on."""

    title: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def tables(results: Sequence[Result], mean: Mean | None) -> list[Table]:
    """Those of the published tables that have a benchmark in common with the results.

    The first row is ours; its mean stands only where it is of the same sets.
    """
    ours = {one.task.benchmark.name: one for one in results}
    made = []
    for title, figures in TABLES.items():
        names = _columns(figures[0])
        if not set(names) & set(ours):
            continue
        cells = [_ours(ours.get(name), figures) for name in names]
        if known.SCENE_MEAN in names and mean and mean.is_whole:
            cells[names.index(known.SCENE_MEAN)] = f"{mean.measured:.2f}"
        rows = [("measured here", tuple(cells))]
        for model in dict.fromkeys(p.model for p in known.published()):
            row = tuple(_theirs(model, name, figures) for name in names)
            if set(row) != {NONE}:
                rows.append((model, row))
        made.append(Table(title, tuple(names), tuple(rows)))
    return made


def _columns(figure: str) -> list[str]:
    have = {one.benchmark for one in known.published() if one.figure == figure}
    names = [one.name for one in known.benchmarks() if one.name in have]
    if known.SCENE_MEAN in have:
        # Beside the sets that it is of, which are the first.
        names.insert(sum(one.in_mean for one in known.benchmarks()), known.SCENE_MEAN)
    return names


def _ours(result: Result | None, figures: Sequence[str]) -> str:
    if result is None:
        return NONE
    return " / ".join(f"{100 * result.figure(one).value:.2f}" for one in figures)


def _theirs(model: str, name: str, figures: Sequence[str]) -> str:
    found = [known.expected(model, name, figure) for figure in figures]
    text = " / ".join(f"{one.percent:.2f}" for one in found if one)
    if found[0] and found[0].in_domain:
        return f"({text})"
    return text or NONE
