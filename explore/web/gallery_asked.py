"""What the gallery is asked for: the whole state of the page, as the address has it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from explore.web.boxes import Box, read_box
from skyloom.errors import UsageError

LONGEST = 255  # as OpenStreetMap has it for keys and values
MOST_WORDS = 8
YES_NO = ("yes", "no")
ON_OFF = ("on", "off")
PAGE, MOST_ON_A_PAGE = 48, 480
END = "~"  # behind every image id


@dataclass(frozen=True)
class Asked:
    """The parameters of the address; None is not asked for.

    `q` are words of captions; `like` and `like_image` rank. `after` and `before` are
    an image id, or in a ranking a rank; `per_page` is how many images a page has.
    """

    q: str | None = None
    like: str | None = None
    like_image: str | None = None
    key: str | None = None
    value: str | None = None
    rule: str | None = None
    source: str | None = None
    country: str | None = None
    split: str | None = None
    style: str | None = None
    selection: str | None = None
    kept: str | None = None
    sim_min: float | None = None
    sim_max: float | None = None
    bbox: Box | None = None
    after: str | None = None
    before: str | None = None
    outlines: str | None = None
    per_page: int | None = None

    @property
    def page(self) -> int:
        """How many images a page has."""
        return self.per_page or PAGE

    @property
    def tag(self) -> str:
        """The tag as one types it: `key=value`, or the key alone."""
        value = "" if self.value is None else f"={self.value}"
        return f"{self.key or ''}{value}"

    @property
    def words(self) -> tuple[str, ...]:
        """The words that a caption has to say, in small letters."""
        return tuple((self.q or "").lower().split())

    def address(self, **changes: object) -> str:
        """The address of this page with some of its parameters changed."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        given = {
            field.name: value
            for field in fields(changed)
            if (value := getattr(changed, field.name)) is not None
        }
        return f"/?{urlencode(given)}" if given else "/"

    def from_start(self, **changes: object) -> str:
        """The same of the first page."""
        return self.address(**({"after": None, "before": None} | changes))


NAMES = tuple(field.name for field in fields(Asked))


def asked_of(pairs: Sequence[tuple[str, str]]) -> Asked:
    """Read an address's parameters; those without a text are not asked for.

    Raises:
        UsageError: a parameter is unknown, comes twice, or says nothing sensible.
    """
    given: dict[str, str] = {}
    for name, text in pairs:
        if name not in (*NAMES, "tag"):
            raise UsageError(
                f"the gallery has no parameter {name[:40]!r}",
                remedy=f"it has {', '.join(NAMES)}",
            )
        if name in given:
            raise UsageError(f"{name} is given twice", remedy="give it once")
        if text.strip():
            given[name] = _text(name, text)
    _split_tag(given)
    numbers = {name: _number(name, given) for name in ("sim_min", "sim_max")}
    more = {"bbox": read_box(given.get("bbox")), "per_page": _per_page(given)}
    asked = Asked(**(given | numbers | more))  # type: ignore[arg-type]
    _check(asked)
    return asked


def known(name: str, value: str | None, names: Mapping[str, object]) -> None:
    """Refuse a value that the catalog does not have.

    Raises:
        UsageError: it has it not.
    """
    if value is not None and value not in names:
        there = ", ".join(sorted(names)) or "none"
        raise UsageError(
            f"the catalog has no {name} {value!r}", remedy=f"there is {there}"
        )


def _text(name: str, text: str) -> str:
    if len(text) > LONGEST:
        raise UsageError(f"{name} is longer than {LONGEST} letters")
    if "\0" in text:
        raise UsageError(f"{name} holds a character that no text has")
    # A tag is as it was typed into the map, blanks included.
    return text if name in ("key", "value") else text.strip()


def _split_tag(given: dict[str, str]) -> None:
    tag = given.pop("tag", None)
    if tag is None:
        return
    if "key" in given or "value" in given:
        raise UsageError("tag is given beside key or value", remedy="give one of them")
    key, _, value = tag.partition("=")
    given["key"] = key.strip()
    if value.strip():
        given["value"] = value.strip()


def _number(name: str, given: Mapping[str, str]) -> float | None:
    if name not in given:
        return None
    number = _finite(given[name])
    if number is None or not -1 <= number <= 1:
        raise UsageError(f"{name} is no number from -1 to 1", remedy="like 0.28")
    return number


def _per_page(given: Mapping[str, str]) -> int | None:
    if "per_page" not in given:
        return None
    text = given["per_page"]
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_ON_A_PAGE):
        raise UsageError(f"per_page is no whole number from 1 to {MOST_ON_A_PAGE}")
    return int(text)


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _check(asked: Asked) -> None:
    for name, values in (("kept", YES_NO), ("outlines", ON_OFF)):
        if getattr(asked, name) not in (None, *values):
            raise UsageError(f"{name} is {' or '.join(values)}")
    if asked.value is not None and not asked.key:
        raise UsageError("value is given without key", remedy="give both")
    if asked.like and asked.like_image:
        raise UsageError("like and like_image are given both", remedy="give one")
    if asked.after and asked.before:
        raise UsageError("after and before are given both", remedy="give one")
    if len(asked.words) > MOST_WORDS:
        raise UsageError(f"q has more than {MOST_WORDS} words")
    if (
        asked.sim_min is not None
        and asked.sim_max is not None
        and asked.sim_min > asked.sim_max
    ):
        raise UsageError("sim_min is above sim_max")
