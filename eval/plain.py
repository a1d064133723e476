"""An evaluation as JSON and as Markdown, and how numbers are written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.compare import Line, Mean, lines, mean
from eval.curve import Picture
from eval.figures import Figure, Result
from eval.tables import NONE, Table, tables
from eval.tasks import Missing
from skyloom import __version__


@dataclass(frozen=True)
class Evaluation:
    """A model on its benchmarks: what it is, what it came to, and what was missing."""

    model: Mapping[str, Any]
    published_as: str | None
    results: tuple[Result, ...]
    missing: tuple[Missing, ...]
    curve: Sequence[Picture] = ()

    @property
    def lines(self) -> list[Line]:
        """The main figures beside what is published."""
        return lines(self.results, self.published_as)

    @property
    def mean(self) -> Mean | None:
        """The mean over the scene benchmarks at hand."""
        return mean(self.results, self.published_as)

    @property
    def tables(self) -> list[Table]:
        """The published tables that these benchmarks are of."""
        return tables(self.results, self.mean)


def as_json(done: Evaluation) -> dict[str, Any]:
    """Every figure, for programs; shares are between 0 and 1, other values in percent.

    What is no number is null.
    """
    middle = done.mean
    return {
        "skyloom": __version__,
        "model": dict(done.model),
        "published_as": done.published_as,
        "mean": _plain(
            {
                "measured": middle.measured,
                "strict": middle.strict,
                "expected": middle.expected,
                "benchmarks": list(middle.names),
                "is_whole": middle.is_whole,
            }
        )
        if middle
        else None,
        "lines": [
            _plain(vars(line) | {"difference": line.difference}) for line in done.lines
        ],
        "benchmarks": [_result(one) for one in done.results],
        "missing": [
            {"name": one.benchmark.name, "why": one.why, "get": one.benchmark.archive}
            for one in done.missing
        ],
    }


def as_markdown(done: Evaluation) -> str:
    """The main figures as tables."""
    rows = [
        "| benchmark | figure | expected | measured | difference | 95 % interval "
        "| strict | chance | images |",
        "|---|---|---:|---:|---:|---|---:|---:|---:|",
    ]
    for line in done.lines:
        mark = " (in-domain)" if line.in_domain else ""
        cells = [
            _cell(line.title) + mark,
            line.figure,
            percent(line.expected),
            percent(line.measured),
            signed(line.difference),
            f"{percent(line.low)} to {percent(line.high)}",
            percent(line.strict),
            percent(line.chance),
            f"{line.n_images:,}"
            + (f", {line.n_unread:,} unread" if line.n_unread else ""),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    parts = [f"# {_cell(str(done.model['label']))}", "\n".join(rows)]
    if middle := done.mean:
        whole = "all" if middle.is_whole else f"{len(middle.names)} of"
        parts.append(
            f"Mean top-1 over {whole} {middle.n_all} scene benchmarks: "
            f"{middle.measured:.2f} % (expected {percent(middle.expected)}, "
            f"strict {middle.strict:.2f})."
        )
    for table in done.tables:
        head = f"| {table.title} of the paper | {' | '.join(table.names)} |"
        body = [f"| {model} | {' | '.join(cells)} |" for model, cells in table.rows]
        parts.append("\n".join([head, "|---" * (len(table.names) + 1) + "|", *body]))
    if done.missing:
        missing = [f"- {_cell(one.line())}" for one in done.missing]
        parts.append("\n".join(["Missing:", "", *missing]))
    return "\n\n".join(parts) + "\n"


def _result(result: Result) -> dict[str, Any]:
    about = result.task.benchmark
    return {
        "name": about.name,
        "kind": about.kind,
        "n_images": len(result.task.images),
        "classes": list(result.task.classes),
        "templates": list(about.templates),
        "prefix": about.prefix,
        "figures": {one.name: _figure(one) for one in result.figures},
        "confusion": None if result.confusion is None else result.confusion.tolist(),
        "unread": dict(sorted(result.faults.items())),
        "notes": list(result.notes),
        "citation": about.citation,
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return _plain({k: v for k, v in vars(figure).items() if k != "name"})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in values.items()
    }


def _cell(text: str) -> str:
    """A text without what Markdown or a line end would make of it."""
    plain = " ".join(text.split())
    for sign, instead in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|")):
        plain = plain.replace(sign, instead)
    return plain


def percent(value: float | None) -> str:
    """Two digits, or a dash."""
    return NONE if value is None or math.isnan(value) else f"{value:.2f}"


def share(value: float | None) -> str:
    """A share as percent."""
    return percent(None if value is None else 100 * value)


def signed(value: float | None) -> str:
    """A difference in points."""
    return NONE if value is None or math.isnan(value) else f"{value:+.2f}"
