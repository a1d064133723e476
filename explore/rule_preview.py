"""What one rule decides: its numbers, words, co-tags, near misses and a few chips."""

import difflib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from explore.figures import Tables, Tally, literal, prepare, rows, sql
from explore.gallery import Chip, Picked, chips_of
from explore.page import environment
from explore.rule_sentences import About, Counts, told_counts, told_rule
from skyloom import __version__
from skyloom.errors import UsageError

CHIPS = 12
STEPS = ("rule_objects", "rule_scenes", "rule_words", "rule_met", "rule_near")
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class RuleName:
    """A rule of the seed, a hard rule that decided something, or the classifier."""

    rule_id: str


@dataclass(frozen=True)
class CoTag:
    """Another tag of the rule's objects; lift is its share over that of all objects."""

    label: str
    n: int
    share: float
    lift: float


@dataclass(frozen=True)
class Near:
    """Objects with the rule's tag that fail one condition alone.

    Of `n`, `n_close` have at least half the area that the rule asks for. `examples`
    hold object_id, tag, area_m2, decided_by and image_id.
    """

    condition: str
    detail: str
    n: int
    n_close: int
    examples: list[dict[str, Any]]


@dataclass(frozen=True)
class Preview:
    """A rule on one catalog; `chips` are empty unless a page was asked for."""

    about: About
    counts: Counts
    phrases: tuple[Tally, ...]
    cotags: tuple[CoTag, ...]
    near: tuple[Near, ...]
    chips: tuple[Chip, ...]

    def summary(self) -> dict[str, Any]:
        """What machines read: plain values, ready for JSON."""
        return {
            "rule": asdict(self.about),
            "counts": asdict(self.counts),
            "words": [asdict(one) for one in self.phrases],
            "cotags": [asdict(one) for one in self.cotags],
            "near_misses": [asdict(one) | {"why": self.why(one)} for one in self.near],
            "images": [chip.image.image_id for chip in self.chips],
        }

    def why(self, near: Near) -> str:
        """The one condition that the objects fail, in words."""
        return {
            "geometry": f"it is a {near.detail}, the rule asks for "
            + (self.about.geometry or "area").replace("|", " or "),
            "min_area_m2": f"smaller than {self.about.min_area_m2} m2"
            + (f", {near.n_close} by less than half" if near.n_close else ""),
            "not_key": f"it has the key {near.detail}",
            "value": "its value does not read like one",
            "priority": f"{near.detail or 'nothing'} decides it",
            "model": f"not decided by the model, but by {near.detail or 'nothing'}",
        }[near.condition]

    def told(self) -> list[str]:
        """The rule and what it comes to, a sentence each."""
        return [told_rule(self.about), *told_counts(self.counts)]

    def page(self) -> str:
        """The preview as one HTML page that opens anywhere."""
        template = environment().get_template("rule.html.j2")
        return template.render(version=__version__, preview=self)


def preview(
    catalog: Tables,
    root: Path,
    rule: str,
    *,
    box: Box | None = None,
    chips: int = 0,
    seed: str = "skyloom",
) -> Preview:
    """Look at one rule; chips are read below `root`, in an order that `seed` decides.

    Raises:
        UsageError: the catalog knows no such rule.
    """
    with catalog.connect() as con:
        if chips:
            prepare(con)
        return preview_on(con, root, rule, box=box, chips=chips, seed=seed)


def preview_on(
    con: duckdb.DuckDBPyConnection,
    root: Path | None,
    rule: str,
    *,
    box: Box | None = None,
    chips: int = 0,
    seed: str = "skyloom",
) -> Preview:
    """Look at one rule on a connection of the caller's, which keeps temporary tables.

    Chips need what `prepare` makes; without `root` they have no pixels.

    Raises:
        UsageError: the catalog knows no such rule.
    """
    check_rule(con, rule)
    con.execute(sql("in_box"))
    sides = ("west", "south", "east", "north")
    place = dict(zip(sides, box or [None] * 4, strict=True))
    for name, value in {"rule": rule, **place}.items():
        con.execute(f"set variable {name} = {literal(value)}")
    for step in STEPS:
        con.execute(f"create temp table {step} as {sql(step)}")
    (about,) = rows(con, "rule_about", About)
    (counts,) = rows(con, "rule_counts", Counts)
    return Preview(
        about,
        counts,
        rows(con, "rule_phrases", Tally),
        rows(con, "rule_cotags", CoTag),
        rows(con, "rule_near_groups", Near),
        _chips(con, root, chips, seed) if chips else (),
    )


def check_rule(con: duckdb.DuckDBPyConnection, rule: str) -> None:
    """Refuse a name that is no rule's.

    Raises:
        UsageError: with the name that comes nearest.
    """
    known = [name.rule_id for name in rows(con, "rule_names", RuleName)]
    if rule in known:
        return
    near = difflib.get_close_matches(rule, known, n=1, cutoff=0.0)
    raise UsageError(
        f"there is no rule {rule!r} in this catalog",
        remedy=f"did you mean {near[0]!r}?" if near else "run `skyloom build`",
    )


def _chips(
    con: duckdb.DuckDBPyConnection, root: Path | None, chips: int, seed: str
) -> tuple[Chip, ...]:
    picked = rows(con, "rule_chips", Picked, chips=chips, seed=seed)
    return chips_of(con, root, picked, outlines="rule_outlines")
