"""The check of a polished caption: it may say nothing that its facts do not say.

The lists of words are the seed polish_words; the words of rules come from the catalog.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from captioning.facts import FOCUS, Fact, Facts
from captioning.lexicon import COMMON, NUMBER, WORD, Lexicon, Special, stem, stems

NOT_JSON, FORM = "not_json", "form"
UNKNOWN_FACT, MISSING_FACT = "unknown_fact", "missing_fact"
LEXICON, NAME, DIGIT, TOO_LONG = "lexicon", "name", "digit", "too_long"
# What people type for the same mark.
_MARKS = str.maketrans("\u2018\u2019\u201c\u201d\u2010\u2011\u2013\u2014", "''\"\"----")
_FENCE = re.compile(r"\s*```(?:json)?\s*(\{.*\})\s*```\s*", re.DOTALL)
_FIRST = re.compile(r"(?:^|[.!?:]\s+)[\"'(]*([^\W\d_]+)")


@dataclass(frozen=True)
class Answer:
    """What a model answered: a caption and the ids of the facts that it says."""

    caption: str
    used: frozenset[str]


@dataclass(frozen=True, order=True)
class Fault:
    """Why a caption is refused: one word for the tables, a line for the model."""

    reason: str
    said: str


@dataclass(frozen=True)
class Judged:
    """A caption, or why there is none."""

    caption: str | None
    faults: tuple[Fault, ...]

    @property
    def reasons(self) -> list[str]:
        """The faults by name, each once, in alphabetical order."""
        return sorted({fault.reason for fault in self.faults})


def judge(reply: str, facts: Facts, lexicon: Lexicon) -> Judged:
    """Read a model's reply and check it against the facts that it was sent."""
    answer = _read(reply)
    if isinstance(answer, Fault):
        return Judged(None, (answer,))
    faults = tuple(sorted(set(_faults(answer, facts, lexicon))))
    return Judged(None if faults else answer.caption, faults)


def _read(reply: str) -> Answer | Fault:
    fenced = _FENCE.fullmatch(reply)
    try:
        value = json.loads(fenced[1] if fenced else reply)
    except (ValueError, RecursionError):
        return Fault(NOT_JSON, "The answer is not one JSON object.")
    caption = value.get("caption") if isinstance(value, dict) else None
    used = value.get("used") if isinstance(value, dict) else None
    if not isinstance(caption, str) or not isinstance(used, list):
        return Fault(NOT_JSON, "It is not an object with `caption` and `used`.")
    if not all(isinstance(one, str) for one in used):
        return Fault(NOT_JSON, "`used` is not a list of fact ids.")
    text = unicodedata.normalize("NFKC", caption).translate(_MARKS).strip()
    return Answer(text, frozenset(used))


def _faults(answer: Answer, facts: Facts, lexicon: Lexicon) -> Iterator[Fault]:
    caption = answer.caption
    used = [fact for fact in facts.facts if fact.id in answer.used]
    yield from _ids(answer, facts, used, lexicon)
    if not caption or not caption.isascii() or not caption.isprintable():
        yield Fault(FORM, "The caption is not one line of plain English letters.")
        return
    if found := re.search(r"[<>{}\[\]`*#|\\@]|https?:|\"", caption):
        yield Fault(FORM, f"The caption holds markup or quotation: {found[0]}")
    if (n := lexicon.n_tokens(caption)) > lexicon.max_tokens:
        yield Fault(TOO_LONG, f"It has {n} tokens, over {lexicon.max_tokens}.")
    yield from _digits(caption, used)
    own = lexicon.stems_of(used)
    others = lexicon.stems_of(facts.facts) - own
    for word in sorted({word.lower() for word in WORD.findall(caption)}):
        yield from _word(word, own, others, used, lexicon)
    yield from _names(caption, own, used, lexicon)


def _ids(
    answer: Answer, facts: Facts, used: list[Fact], lexicon: Lexicon
) -> Iterator[Fault]:
    for one in sorted(answer.used - {fact.id for fact in facts.facts}):
        yield Fault(UNKNOWN_FACT, f"There is no fact {one[:20]!r}.")
    said = stems(answer.caption)
    for fact in facts.facts:
        if fact.role == FOCUS and fact not in used:
            yield Fault(MISSING_FACT, f"The focus, {fact.id}, is not among `used`.")
    for fact in used:
        # A phrase of common words alone could not be told from none.
        telling = {one for one in lexicon.stems_of([fact]) if one in lexicon.terms}
        if telling and not telling & said:
            yield Fault(MISSING_FACT, f"The caption does not say {fact.id}.")


def _digits(caption: str, used: list[Fact]) -> Iterator[Fault]:
    given = set(re.findall(r"\d+", " ".join(p for fact in used for p in fact.says)))
    given |= {str(fact.count) for fact in used if fact.count is not None}
    for number in sorted(set(re.findall(r"\d+", caption)) - given):
        yield Fault(DIGIT, f"No fact has the number {number}.")


def _word(
    word: str,
    own: frozenset[str],
    others: frozenset[str],
    used: list[Fact],
    lexicon: Lexicon,
) -> Iterator[Fault]:
    if stem(word) in own or lexicon.is_common(word):
        return
    special = lexicon.special.get(word) or lexicon.special.get(stem(word))
    if special and special.kind != COMMON:
        if special.kind != NUMBER or not _counted(special, used):
            yield Fault(special.kind, f"No fact says {word!r}.")
    elif stem(word) in others:
        yield Fault(MISSING_FACT, f"{word!r} is of a fact that is not among `used`.")
    elif stem(word) in lexicon.terms:
        yield Fault(LEXICON, f"No fact says {word!r}.")


def _counted(special: Special, used: list[Fact]) -> bool:
    counts = [fact.count for fact in used if fact.count is not None]
    digits = {
        int(number)
        for fact in used
        for phrase in fact.says
        for number in re.findall(r"\b\d{1,4}\b", phrase)
    }
    if special.value is None:
        return any(count > 1 for count in counts)
    return special.value in {*counts, *digits}


def _names(
    caption: str, own: frozenset[str], used: list[Fact], lexicon: Lexicon
) -> Iterator[Fault]:
    spelled = {w for fact in used for p in fact.says for w in WORD.findall(p)}
    first = {match.start(1): match[1] for match in _FIRST.finditer(caption)}
    for match in WORD.finditer(caption):
        word = match[0]
        if word.islower() or word in spelled:
            continue
        # At the start of a sentence any word has a capital: a known one is no name.
        is_known = (
            lexicon.is_common(word.lower())
            or stem(word) in own
            or stem(word) in lexicon.terms
            or word.lower() in lexicon.special
        )
        is_start = match.start() in first and word[1:] == word[1:].lower()
        if not (is_start and is_known):
            yield Fault(NAME, f"{word!r} is a name, and no fact says it.")
