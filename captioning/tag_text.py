"""A tag as words: what an embedding reads of a key and a value."""

from __future__ import annotations

import re

# A tag's value may be a page of prose; what a tag says is said at its beginning.
MAX_CHARS = 120
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DIGITS = re.compile(r"\d+")
_GAPS = re.compile(r"[\W_]+")


def words(text: str) -> str:
    """Lower-case words with single blanks: `roof:shape` is `roof shape`.

    Any mark between letters is a gap, and so is a change to upper case inside a
    word (`LocationCode`). Numbers stay as they are.
    """
    return _GAPS.sub(" ", _HUMP.sub(" ", text[:MAX_CHARS])).strip().lower()


def tag_shape(value: str) -> str:
    """The outline of a value: numbers as 0, words as they are, marks kept.

    It tells `30 mph` from `thirty` and `Mo-Fr 08:00-18:00` from either.
    """
    return _DIGITS.sub("0", value[:MAX_CHARS]).lower()
