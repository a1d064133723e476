"""The words that the check of polished captions goes by, read once for a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from captioning.facts import Fact, connect, rows
from skyloom.errors import SkyloomError

if TYPE_CHECKING:
    from skyloom.catalog import Catalog

TABLES = ("object_tags", "caption_words", "tag_rules", "build_settings")
COMMON, NUMBER = "common", "number"
# The start and end marks that CLIP adds.
MARKS = 2
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@dataclass(frozen=True)
class Special:
    """A word of the seed polish_words: its kind, and the number that it says."""

    kind: str
    value: int | None


@dataclass(frozen=True)
class Lexicon:
    """What rules can say, the ways in which a phrase is said, and words by kind.

    `terms` and `ways` hold stems, `special` and `tokens` words in lower case.
    """

    terms: frozenset[str]
    ways: Mapping[str, frozenset[str]]
    special: Mapping[str, Special]
    tokens: Mapping[str, int]
    max_tokens: int

    def is_common(self, word: str) -> bool:
        """Whether a caption may say the word whatever the facts are."""
        found = self.special.get(word) or self.special.get(stem(word))
        return found is not None and found.kind == COMMON

    def stems_of(self, facts: Iterable[Fact]) -> frozenset[str]:
        """The stems of all ways in which the facts can be said."""
        phrases = [phrase for fact in facts for phrase in fact.says]
        own = [self.ways.get(phrase, frozenset()) for phrase in phrases]
        return frozenset().union(*own, *(stems(phrase) for phrase in phrases))

    def n_tokens(self, caption: str) -> int:
        """CLIP's tokens of a caption, rather too many: as int_phrase_tokens counts."""
        text = caption.lower()
        words = re.findall("[a-z]+", text)
        known = sum(self.tokens.get(word, ceil(len(word) / 2)) for word in words)
        marks = len(re.findall(r"[!-@\[-`{-~]", caption))
        others = re.sub(r"[\x00-\x7f]", "", caption)
        return known + marks + len(others.encode()) + MARKS


def stem(word: str) -> str:
    """A word without the ending of an English plural or genitive, in lower case."""
    word = word.lower().removesuffix("'s").removesuffix("'")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stems(text: str) -> frozenset[str]:
    """The stems of the words of a text."""
    return frozenset(stem(word) for word in WORD.findall(text))


def read_lexicon(catalog: Catalog, seeds: Path) -> Lexicon:
    """The lexicon of a published catalog and of the project's seeds.

    Raises:
        SkyloomError: a seed is missing.
    """
    folder = str(seeds)
    for name in ("plain_words", "polish_words", "clip_tokens"):
        if not (seeds / f"{name}.csv").is_file():
            raise SkyloomError(
                "the seed is missing",
                where=str(seeds / f"{name}.csv"),
                remedy="take it from Skyloom's own dbt_project",
            )
    with connect(catalog, *TABLES) as con:
        said = rows(con, "lexicon", seeds=folder)
        words = rows(con, "polish_words")
        tokens = rows(con, "clip_tokens")
        ((max_tokens,),) = rows(con, "max_tokens")
    special = {str(w): Special(str(kind), value) for w, kind, value in words}
    ways: dict[str, set[str]] = {}
    terms: set[str] = set()
    for phrase, way in said:
        found = stems(str(way))
        terms |= found
        if phrase is not None:
            ways.setdefault(str(phrase), set()).update(found)
    common = {stem(word) for word, one in special.items() if one.kind == COMMON}
    return Lexicon(
        frozenset(term for term in terms if term not in common),
        {phrase: frozenset(found) for phrase, found in ways.items()},
        special,
        {str(word): int(n) for word, n in tokens},
        int(max_tokens),
    )
