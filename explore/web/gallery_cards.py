"""The cards of one page: what is read of 48 images once their ids are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import duckdb

from explore.figures import rows
from explore.gallery import Chip, Outlined, Picked, Word, linked_chip

# For each role of a scene; the report's chips are fewer and show more.
MOST_OUTLINES = 12
COLOURS = 8
STYLES = 5


@dataclass(frozen=True)
class Shown(Picked):
    """An image with what the chosen selection makes of it; null without a selection."""

    country: str | None
    similarity: float | None
    kept: bool | None
    why_not: str | None


@dataclass(frozen=True)
class Card:
    """One card; `image` is the chip's, `score` how like the example it is."""

    chip: Chip
    image: Shown
    score: float | None


def cards_of(
    con: duckdb.DuckDBPyConnection,
    ids: Sequence[str],
    *,
    style: str | None,
    selection: str | None,
    scores: Sequence[float] = (),
) -> tuple[Card, ...]:
    """The cards of these images, in this order."""
    # Of ids that another run had, none is left out in silence: they were just read.
    shown = rows(
        con,
        "web_gallery_images",
        Shown,
        ids=list(ids),
        style=style,
        selection=selection,
    )
    scenes = sorted({image.scene_id for image in shown})
    words: dict[str, list[Word]] = defaultdict(list)
    for word in rows(con, "web_gallery_words", Word, scenes=scenes):
        words[word.scene_id].append(word)
    objects: dict[str, list[Outlined]] = defaultdict(list)
    for thing in rows(con, "web_gallery_objects", Outlined, most=MOST_OUTLINES):
        objects[thing.scene_id].append(thing)
    score = dict(zip(ids, scores, strict=False))
    return tuple(
        Card(
            linked_chip(image, words[image.scene_id], objects[image.scene_id]),
            image,
            score.get(image.image_id),
        )
        for image in shown
    )


@dataclass(frozen=True)
class Mark:
    """How the words of a rule look: a colour of eight and an underline of five."""

    rule_id: str
    colour: int
    underline: int


def mark_of(rule_id: str) -> Mark:
    """The same mark for a rule on every page."""
    number = int.from_bytes(sha256(rule_id.encode()).digest()[:4], "big")
    number %= COLOURS * STYLES
    return Mark(rule_id, number % COLOURS, number // COLOURS)


def marks_of(cards: Iterable[Card]) -> tuple[Mark, ...]:
    """The rules behind the words of a page, the most frequent first."""
    told: dict[str, int] = defaultdict(int)
    for card in cards:
        for word in (*card.chip.title, *card.chip.multi):
            if word.rule_id is not None:
                told[word.rule_id] += 1
    return tuple(mark_of(rule) for rule in sorted(told, key=lambda r: (-told[r], r)))
