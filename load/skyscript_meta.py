"""What one published metadata record says, checked field by field."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from skyloom.errors import printable

MOST_DEGREES = 2.0
"""Of a box's side: 18 km of 30 m pixels at 80 degrees north is one degree."""
MOST_SURROUNDINGS, MOST_TAGS, MOST_LETTERS = 10_000, 500, 1_000
CENTURY = 2000


class BadMetaError(Exception):
    """A record that cannot be used: `reason` is one word, `detail` the figures."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Meta:
    """One image's metadata; `box` is W, S, E, N in degrees, times are ISO texts."""

    box: tuple[float, float, float, float]
    acquired: str | None
    precision: str | None
    center_tags: dict[str, str]
    surrounding_tags: list[dict[str, str]]
    license: str | None = None
    attribution: str | None = None
    drawn: bool = False


def parse_meta(record: object, year: str) -> Meta:
    """A record as published, or as Skyloom's export writes it.

    `year` is that of the file's name, which counts where the record has no time.

    Raises:
        BadMetaError: a field is missing or is not what it should be.
    """
    if not isinstance(record, Mapping):
        raise BadMetaError("meta_damaged", "it is no dictionary")
    acquired, precision = _time(record.get("time"), year)
    center = _tags(record.get("center_tags"))
    if not center:
        raise BadMetaError("no_tags", "center_tags is empty")
    around = record.get("surrounding_tags") or []
    if not isinstance(around, list | tuple) or len(around) > MOST_SURROUNDINGS:
        raise BadMetaError("tags", "surrounding_tags is no list of dictionaries")
    listed = [_tags(tags) for tags in around]
    return Meta(
        box=_box(record.get("bbox") or record.get("box")),
        acquired=acquired,
        precision=precision,
        center_tags=center,
        surrounding_tags=[tags for tags in listed if tags],
        license=_text_or_none(record.get("license")),
        attribution=_text_or_none(record.get("attribution")),
        drawn=record.get("drawn") is True,
    )


def _box(value: object) -> tuple[float, float, float, float]:
    if value is None:
        raise BadMetaError("no_box", "neither bbox nor box")
    if not isinstance(value, Sequence) or len(value) != 4:
        raise BadMetaError("box", "not four numbers")
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in value):
        raise BadMetaError("box", "not four numbers")
    west, south, east, north = (float(one) for one in value)
    said = f"{west:.7f},{south:.7f},{east:.7f},{north:.7f}"
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadMetaError("box", f"{said} is not W,S,E,N in degrees")
    if east - west > MOST_DEGREES or north - south > MOST_DEGREES:
        raise BadMetaError("box", f"{said} is over {MOST_DEGREES:.0f} degrees wide")
    return west, south, east, north


def _time(value: object, year: str) -> tuple[str | None, str | None]:
    """Five numbers, a year, or nothing; midnight stands for a whole day."""
    try:
        match value:
            case None if year == "xx":
                return None, None
            case None:
                return datetime(CENTURY + int(year), 1, 1).isoformat(), "year"
            case int(one) | [int(one)]:
                return datetime(one, 1, 1).isoformat(), "year"
            case [int(year_), int(month), int(day), int(hour), int(minute)]:
                taken = datetime(year_, month, day, hour, minute)
                return taken.isoformat(), "minute" if hour or minute else "day"
    except (ValueError, OverflowError):
        pass
    raise BadMetaError("time", f"{value!r:.60} is neither five numbers nor a year")


def _tags(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > MOST_TAGS:
        raise BadMetaError("tags", "not a dictionary of tags")
    tags = {}
    for key, text in value.items():
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            raise BadMetaError("tags", f"the value of {key!r:.60} is no text")
        tags[_text(key)] = _text(str(text))
    return tags


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > MOST_LETTERS:
        raise BadMetaError("tags", f"{value!r:.60} is no text of a tag")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadMetaError("tags", f"{value!r:.60} is no text of a tag")
    return value


def _text_or_none(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    return printable(value[:MOST_LETTERS])
