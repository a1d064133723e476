"""A caption before and after, word by word, with what differs marked."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

import duckdb

from explore.builds import CaptionChange
from explore.figures import rows

TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
# Matching takes the square of the length; no caption that a model reads is so long.
MOST_TOKENS = 2_000


@dataclass(frozen=True)
class Piece:
    """A run of text that both have, or one of them alone."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Marked:
    """One of the two captions of a scene; None where a build has none."""

    caption: str
    before: tuple[Piece, ...] | None
    after: tuple[Piece, ...] | None


@dataclass(frozen=True)
class ShownChange:
    """A caption that differs, for a page; `image_id` is one of the current run."""

    scene_id: str
    style: str
    change: str
    image_id: str | None
    captions: tuple[Marked, ...]
    rules_added: list[str]
    rules_lost: list[str]
    rules_changed: list[str]


@dataclass(frozen=True)
class SceneImage:
    """The first image of a scene."""

    scene_id: str
    image_id: str


def shown_changes(
    con: duckdb.DuckDBPyConnection, changes: tuple[CaptionChange, ...]
) -> tuple[ShownChange, ...]:
    """Changes with their words marked and an image to look at, where there is one."""
    scenes = [change.scene_id for change in changes]
    found = rows(con, "web_runs_images", SceneImage, scenes=scenes) if scenes else ()
    images = {one.scene_id: one.image_id for one in found}
    return tuple(
        ShownChange(
            one.scene_id,
            one.style,
            one.change,
            images.get(one.scene_id),
            _captions(one),
            one.rules_added,
            one.rules_lost,
            one.rules_changed,
        )
        for one in changes
    )


def _captions(change: CaptionChange) -> tuple[Marked, ...]:
    """Both captions, or the longer alone where the shorter is the same in both."""
    pairs = (
        ("title", change.title_before, change.title_after),
        (
            "title_multi_objects",
            change.title_multi_objects_before,
            change.title_multi_objects_after,
        ),
    )
    return tuple(
        Marked(name, *marked(before, after))
        for name, before, after in pairs
        if before != after
    )


def marked(
    before: str | None, after: str | None
) -> tuple[tuple[Piece, ...] | None, tuple[Piece, ...] | None]:
    """Both texts in pieces; of one that stands alone nothing is marked."""
    if before is None or after is None:
        return _whole(before), _whole(after)
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    if max(len(old), len(new)) > MOST_TOKENS:
        return (Piece(before, True),), (Piece(after, True),)
    left: list[Piece] = []
    right: list[Piece] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        differs = kind != "equal"
        left += [Piece("".join(old[i:j]), differs)] if j > i else []
        right += [Piece("".join(new[k:m]), differs)] if m > k else []
    return tuple(left), tuple(right)


def _whole(text: str | None) -> tuple[Piece, ...] | None:
    return None if text is None else (Piece(text, False),)
