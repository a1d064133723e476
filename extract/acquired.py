"""When an image was taken, as a person types it."""

import re
from datetime import datetime

from skyloom.errors import UsageError

FORMS = (
    (re.compile(r"\d{4}"), "%Y", "year"),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y-%m-%d", "day"),
    (re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}"), "%Y-%m-%dT%H:%M", "minute"),
)


def parse_acquired(text: str) -> tuple[datetime, str]:
    """The moment in UTC without a zone, and its precision: year, day or minute.

    Raises:
        UsageError: the text is none of the three forms, or no date of the calendar.
    """
    bare = text.strip().removesuffix("Z") if "T" in text else text.strip()
    for pattern, form, precision in FORMS:
        if pattern.fullmatch(bare):
            try:
                return datetime.strptime(bare, form), precision
            except ValueError:
                break
    raise UsageError(
        f"{text!r} is not a date of acquisition",
        remedy="write YYYY, YYYY-MM-DD or YYYY-MM-DDTHH:MM in UTC",
    )
