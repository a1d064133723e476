"""What the text of a flag means: JSON, codes, numbers, bytes."""

import json
import re
from typing import Any

from skyloom.errors import UsageError


def parse_vars(text: str) -> dict[str, Any]:
    """The dbt vars of `--vars`.

    Raises:
        UsageError: the text is not a JSON object.
    """
    return parse_object(text, "--vars", '{"max_px": 400}')


def parse_object(text: str, flag: str, example: str) -> dict[str, Any]:
    """The JSON object of a flag.

    Raises:
        UsageError: the text is none.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{flag} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise UsageError(f"{flag} is not a JSON object", remedy=f"like {example}")
    return value


def parse_codes(text: str) -> list[str]:
    """The words of a flag, with commas between."""
    return [word.strip() for word in text.split(",") if word.strip()]


def parse_numbers(text: str, flag: str, count: int) -> tuple[float, ...]:
    """The numbers of a flag, with commas between.

    Raises:
        UsageError: there are not `count` of them.
    """
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise UsageError(f"{flag} {text!r} is not {count} numbers with commas between")
    return numbers


def parse_bands(text: str) -> tuple[int, ...]:
    """The numbers of the bands of red, green and blue.

    Raises:
        UsageError: they are not three whole numbers.
    """
    numbers = parse_numbers(text, "--bands", 3)
    if not all(number.is_integer() for number in numbers):
        raise UsageError(f"--bands {text!r} are not whole numbers", remedy="like 4,3,2")
    return tuple(map(int, numbers))


def parse_shard(text: str) -> tuple[int, int]:
    """The number and the count of `2/4`.

    Raises:
        UsageError: it is not one of so many.
    """
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    number, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= count:
        raise UsageError(f"--shard {text!r} is not one of so many", remedy="like 2/4")
    return number, count


def parse_bytes(text: str) -> int:
    """A number of bytes, as in 500MB or 10GB; units are decimal.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", text.strip().upper())
    if not found:
        raise UsageError(f"{text!r} is not a number of bytes", remedy="like 10GB")
    number = int(float(found[1]) * 1000 ** " KMGT".index(found[2] or " "))
    if not number:
        raise UsageError(f"{text!r} is nothing to fetch", remedy="like 10GB")
    return number
