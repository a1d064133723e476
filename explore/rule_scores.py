"""Rows of the scorecard of rules, and what is counted over them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One rule at one source in one country.

    `ranks` are the row's places, from 1, in the order of each column of SORTS.
    `reject_reason` keeps most of the rule's objects, in all countries, from a scene of
    their own, `n_rejected` of them. `max_gsd_m` is the rule's limit and `gsd_m` what
    the source has, in metres per pixel.
    """

    rule_id: str
    matches: str | None
    in_seed: bool
    source: str
    country: str | None
    n_objects: int
    n_scenes: int
    n_images: int
    mean_similarity: float | None
    n_audited: int
    audit_accuracy: float | None
    n_held_out: int
    held_out_accuracy: float | None
    standing: str
    reject_reason: str | None
    n_rejected: int | None
    max_gsd_m: float | None
    gsd_m: float | None
    note: str | None
    ranks: dict[str, int]

    def why_no_scene(self) -> str:
        """What keeps the rule out of all captions."""
        if self.standing == "too_coarse":
            return f"imagery of {self.gsd_m:g} m, seen up to {self.max_gsd_m:g} m"
        if self.reject_reason:
            return f"{self.reject_reason} ({self.n_rejected:,})"
        return "its objects have scenes, and their captions leave it out"


@dataclass(frozen=True)
class Limits:
    """Fewer images or answers are thin; below `wrong_below` a rule is often wrong."""

    few_images: int
    few_answers: int
    few_wrong: int
    wrong_below: float


@dataclass(frozen=True)
class Standing:
    """How many rows, and rules, have come so far."""

    standing: str
    place: int
    n_rows: int
    n_rules: int


@dataclass(frozen=True)
class Counts:
    """Of the rules of the seed, `n_idle` have no row."""

    n_rows: int
    n_rules: int
    n_idle: int
