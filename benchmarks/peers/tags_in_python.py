"""What may be said of each object, in plain Python: the seeds' rules and grammar.

It reads the same seeds as the models and follows them: rules with wildcards, the one
that wins for each key, the words and their order. What the rules that are models decide
is given to it; the classifier's table is empty.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any

NONE = "(none)"
CLASSIFIER = "classifier"
PLAIN = re.compile(r"[a-z0-9][a-z0-9_:. -]{0,39}")
OPPOSITE = {"no", "none", "unknown", "undefined"}
BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+", re.ASCII)
BLANK_MARKS = str.maketrans("_:", "  ")
Row = Mapping[str, str]


@dataclass(frozen=True)
class Rule:
    """One row of the rules, or a rule that is a model."""

    rule_id: str
    max_gsd_m: float
    phrase: str
    priority: int
    exactness: int
    kinds: frozenset[str] = frozenset()
    min_area_m2: float | None = None
    not_key: str = ""
    not_value: str = ""
    by_classifier: bool = False

    def applies(self, kind: str, area_m2: float, tags: Mapping[str, str]) -> bool:
        """Whether what it asks of the object holds."""
        if self.kinds and kind not in self.kinds:
            return False
        # An area that is not known is NaN, which is no less and no more.
        if self.min_area_m2 is not None and not area_m2 >= self.min_area_m2:
            return False
        return not self.not_key or not any(
            glob(self.not_key)(key) and glob(self.not_value or "*")(value)
            for key, value in tags.items()
        )


HardRules = Mapping[str, list[Rule]]


@dataclass(frozen=True)
class Tag:
    """A tag with the rule that decides on it; a `max_gsd_m` of 0 leaves it unsaid."""

    key: str
    value: str
    phrase: str
    rule_id: str
    max_gsd_m: float


def rows(seeds: Path, name: str) -> list[dict[str, str]]:
    """A seed's rows."""
    with (seeds / f"{name}.csv").open(newline="") as seed:
        return list(csv.DictReader(seed))


@cache
def glob(pattern: str) -> Any:
    """What tells whether a text meets a pattern."""
    return re.compile(translate(pattern)).match


def meets(text: str, pattern: str) -> bool:
    """Whether they are equal, or meet by a wildcard."""
    return text == pattern or ("*" in pattern and glob(pattern)(text) is not None)


class Grammar:
    """The seeds, ready to say what may be said of an object."""

    def __init__(self, seeds: Path) -> None:
        self.exact: dict[str, list[Row]] = {}
        self.wild: list[Row] = []
        for row in rows(seeds, "tag_rules"):
            self.exact.setdefault(row["key"], []).append(row)
            if "*" in row["key"]:
                self.wild.append(row)
        self.connectors = rows(seeds, "connectors")
        self.attributes = [row["key"] for row in rows(seeds, "attribute_keys")]
        self.order = {
            (row["key"], row["value"]): int(row["n_worldwide"])
            for row in rows(seeds, "tag_order")
        }
        # Tags repeat: each distinct one is looked up once.
        self.rules = cache(self.rules_of)
        self.words = cache(self.words_of)
        self.is_attribute = cache(self.is_attribute_key)

    def say(
        self, kind: str, area_m2: float, tags: Mapping[str, str], hard: HardRules
    ) -> list[Tag]:
        """What is decided on an object's tags, in the order in which they are said."""
        found = []
        for key, value in tags.items():
            applicable = [
                r for r in self.rules(key, value) if r.applies(kind, area_m2, tags)
            ]
            applicable += hard.get(key, ())
            rule = min(
                applicable,
                key=lambda r: (-r.priority, -r.exactness, r.rule_id),
                default=None,
            )
            # What is left to the classifier stays undecided.
            if rule and not rule.by_classifier:
                words, n_worldwide = self.words(key, value)
                tag = Tag(
                    key, value, rule.phrase or words, rule.rule_id, rule.max_gsd_m
                )
                found.append((-n_worldwide, key, tag))
        return [tag for *_, tag in sorted(found, key=lambda one: one[:2])]

    def visible(self, tags: list[Tag], gsd_m: float) -> list[Tag]:
        """Those seen at a resolution; none where all only tell how something is."""
        seen = [tag for tag in tags if tag.max_gsd_m > 0 and tag.max_gsd_m >= gsd_m]
        return [] if all(self.is_attribute(tag.key) for tag in seen) else seen

    def is_attribute_key(self, key: str) -> bool:
        """Whether tags of this key tell how something is."""
        return any(glob(pattern)(key) for pattern in self.attributes)

    def rules_of(self, key: str, value: str) -> list[Rule]:
        """The rules that meet a tag."""
        wild = [row for row in self.wild if row["key"] != key and glob(row["key"])(key)]
        met = [
            rule_of(r)
            for r in self.exact.get(key, []) + wild
            if meets(value, r["value"])
        ]
        plain = PLAIN.fullmatch(value) is not None and value not in OPPOSITE
        return [
            rule
            for rule in met
            if rule.max_gsd_m == 0 or rule.phrase or rule.exactness % 2 == 1 or plain
        ]

    def words_of(self, key: str, value: str) -> tuple[str, int]:
        """How the grammar says a tag, and how often the tag is used worldwide."""
        matching = sorted(
            (
                row
                for row in self.connectors
                if meets(key, row["key"]) and meets(value, row["value"])
            ),
            key=specificity,
        )
        said = {
            "key_text": key.translate(BLANK_MARKS),
            "connector": NONE,
            "value_text": value.translate(BLANK_MARKS),
        }
        for row in matching:
            said |= {cell: row[cell] for cell in said if row[cell]}
        text = " ".join(part for part in said.values() if part != NONE)
        n_worldwide = self.order.get((key, value), self.order.get((key, "*"), 0))
        return BLANKS.sub(" ", text).strip(" "), n_worldwide


def rule_of(row: Row) -> Rule:
    """A row of the seed with its numbers read."""
    by_classifier = row["max_gsd_m"] == CLASSIFIER
    return Rule(
        row["rule_id"],
        0.0 if by_classifier else float(row["max_gsd_m"]),
        row["phrase"],
        int(row["priority"] or 0),
        2 * ("*" not in row["key"]) + ("*" not in row["value"]),
        frozenset(row["geometry"].split("|")) if row["geometry"] else frozenset(),
        float(row["min_area_m2"]) if row["min_area_m2"] else None,
        row["not_key"],
        row["not_value"],
        by_classifier,
    )


def specificity(row: Row) -> tuple[int, str, str]:
    """The place of a connector among those that meet a tag; the last one wins."""
    key, value = row["key"], row["value"]
    if "*" in value:
        return (2 if "*" not in key else int(key != "*"), key, value)
    return (3 if "*" in key else 4, key, value)
