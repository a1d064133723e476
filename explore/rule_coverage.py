"""What the rules reach in one catalog, and which of them reach nothing."""

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from explore.figures import Tables, rows, sql
from explore.page import environment
from skyloom import __version__

STEPS = ("coverage_idle_tags", "coverage_undecided")


@dataclass(frozen=True)
class Counts:
    """How far the rules reach.

    Of `n_objects`, `n_grounded` have a tag that some image can show; of `n_tags` tags
    of objects, `n_decided` are decided. `n_rejects` are pairs of an object and a source
    without a scene, `n_unseen` of them for want of a visible tag.
    """

    n_objects: int
    n_grounded: int
    n_scenes: int
    n_scenes_grounded: int
    n_rejects: int
    n_unseen: int
    n_tags: int
    n_decided: int
    n_rules: int


@dataclass(frozen=True)
class Undecided:
    """A tag, or a key with its most frequent values, that nothing decides."""

    label: str
    n_undecided: int
    n_objects: int
    example: str | None


@dataclass(frozen=True)
class Idle:
    """A rule that decides nothing: reason is no_tag, no_object or shadowed.

    `n_tags` tags of objects match it, and `n_shadowed` of them meet all it asks, but
    `n_winners` others decide them, `winners` most. `conditions` are what the rest fail.
    """

    rule_id: str
    matches: str
    reason: str
    n_tags: int
    n_shadowed: int
    n_winners: int
    winners: str
    conditions: str


@dataclass(frozen=True)
class SharedPhrase:
    """Words that several rules give to different keys."""

    phrase: str
    n_objects: int
    n_rules: int
    givers: str


@dataclass(frozen=True)
class RuleCoverage:
    """The rules of one catalog, looked at together."""

    counts: Counts
    tags: tuple[Undecided, ...]
    keys: tuple[Undecided, ...]
    idle: tuple[Idle, ...]
    phrases: tuple[SharedPhrase, ...]

    def idle_for(self, reason: str) -> tuple[Idle, ...]:
        """The rules that decide nothing for one reason."""
        return tuple(rule for rule in self.idle if rule.reason == reason)

    def summary(self) -> dict[str, Any]:
        """What machines read: plain values, ready for JSON."""
        return {
            "counts": asdict(self.counts),
            "undecided_tags": [asdict(one) for one in self.tags],
            "undecided_keys": [asdict(one) for one in self.keys],
            "idle_rules": [asdict(one) for one in self.idle],
            "shared_phrases": [asdict(one) for one in self.phrases],
        }

    def page(self) -> str:
        """The coverage as one HTML page that opens anywhere."""
        template = environment().get_template("rules.html.j2")
        return template.render(version=__version__, coverage=self)


def rule_coverage(catalog: Tables, *, most: int = 20) -> RuleCoverage:
    """Look at all rules; `most` is how many undecided tags and keys are listed."""
    with catalog.connect() as con:
        return rule_coverage_on(con, most=most)


def rule_coverage_on(con: duckdb.DuckDBPyConnection, *, most: int = 20) -> RuleCoverage:
    """Look on a connection of the caller's, which keeps temporary tables."""
    for step in STEPS:
        con.execute(f"create temp table {step} as {sql(step)}")
    (counts,) = rows(con, "coverage_counts", Counts)
    return RuleCoverage(
        counts,
        rows(con, "coverage_tags", Undecided, most=most),
        rows(con, "coverage_keys", Undecided, most=most),
        rows(con, "coverage_idle", Idle),
        rows(con, "coverage_phrases", SharedPhrase),
    )
