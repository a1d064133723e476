"""What polishing came to: the summary of a run, and rates over all that is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from captioning.polished_table import POLISHED_CAPTION, Entry, read_table

if TYPE_CHECKING:
    from skyloom.lake import Lake


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost, in whatever money."""

    tokens_in: float | None = None
    tokens_out: float | None = None

    def cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """What tokens cost; None without a price."""
        if self.tokens_in is None and self.tokens_out is None:
            return None
        total = tokens_in * (self.tokens_in or 0) + tokens_out * (self.tokens_out or 0)
        return round(total / 1e6, 6)


@dataclass
class Polished:
    """What a run came to; counts are of sets of facts, except where named."""

    n_known: int = 0
    n_polished: int = 0
    n_template: int = 0
    n_unanswered: int = 0
    n_left: int = 0
    n_answers: int = 0
    n_tokens_in: int = 0
    n_tokens_out: int = 0
    cost: float | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def count(self, entry: Entry) -> None:
        """Count one answer."""
        self.n_answers += 1
        self.n_tokens_in += entry.n_tokens_in or 0
        self.n_tokens_out += entry.n_tokens_out or 0
        self.reasons.update(entry.reasons)
        if entry.is_last:
            self.n_polished += entry.caption is not None
            self.n_template += entry.caption is None

    @property
    def is_partial(self) -> bool:
        """Whether something that was asked for has no answer."""
        return bool(self.n_unanswered or self.stopped)

    def __str__(self) -> str:
        cost = "" if self.cost is None else f", cost {self.cost:,.4f}"
        lines = [
            f"{self.n_polished:,} captions polished, {self.n_template:,} left to the "
            f"rules, {self.n_known:,} known before, {self.n_unanswered:,} without an "
            f"answer, {self.n_left:,} not asked for",
            f"{self.n_answers:,} answers, {self.n_tokens_in:,} tokens in, "
            f"{self.n_tokens_out:,} out{cost}",
        ]
        lines += [
            f"refused for {reason}: {n:,} of {self.n_answers:,} answers"
            for reason, n in sorted(
                self.reasons.items(), key=lambda one: (-one[1], one[0])
            )
        ]
        return "\n".join([*lines, *([self.stopped] if self.stopped else [])])


def report(lake: Lake) -> list[dict[str, object]]:
    """Of each model and prompt its captions, and the share that each reason refused.

    A set of facts counts for a reason if any of its answers was refused for it; the
    reason `any` counts each such set once.
    """
    rows: list[dict[str, object]] = []
    table = read_table(lake).sort("model", "prompt", "facts_digest")
    groups = table.group_by(["model", "prompt"], maintain_order=True)
    for (model, prompt), part in groups:
        about = {
            "model": model,
            "prompt": prompt,
            "n_facts": part.height,
            "n_polished": part.filter(caption_source=POLISHED_CAPTION).height,
            "n_tokens_in": part["n_tokens_in"].sum(),
            "n_tokens_out": part["n_tokens_out"].sum(),
        }
        found = Counter(part["reasons"].explode().drop_nulls().to_list())
        refused = part.filter(pl.col("reasons").list.len() > 0).height
        ranked = sorted(found.items(), key=lambda one: (-one[1], one[0]))
        for reason, n in [("any", refused), *ranked]:
            share = round(n / part.height, 4)
            rows.append({**about, "reason": reason, "n_refused": n, "share": share})
    return rows
