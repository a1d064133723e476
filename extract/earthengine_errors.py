"""What the Earth Engine client raised -> the reason that decides what follows."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from extract.chips import FetchError
from extract.secrets import without_secrets

DETAIL_CHARS = 300
MAX_RETRY_AFTER_S = 3600.0
TOO_MANY, FORBIDDEN = 429, 403
BY_STATUS = {
    401: "credentials",
    FORBIDDEN: "credentials",
    404: "not_found",
    408: "timeout",
    413: "too_heavy",
    TOO_MANY: "throttled",
}
# The service's own words; most come with status 400, which says nothing by itself.
THROTTLED = re.compile(r"too many (concurrent )?\w+|rate ?limit|quota exceeded", re.I)
USED_UP = re.compile(
    r"per day|daily ?limit|per month|monthly|EECU|compute quota|restricted mode", re.I
)
TOO_HEAVY = re.compile(
    r"memory limit|computation timed out|total request size|too many pixels"
    r"|pixel grid dimensions",
    re.I,
)
NO_COVERAGE = re.compile(r"no bands|did not match any bands|may not be null", re.I)
NOT_FOUND = re.compile(r"not found|does not exist", re.I)
NO_PROJECT = re.compile(r"no project found|please authorize", re.I)


@cache
def expected() -> tuple[type[Exception], ...]:
    """What a call of the client may raise; anything else is a bug."""
    from ee import EEException
    from google.auth.exceptions import GoogleAuthError
    from googleapiclient.errors import Error  # type: ignore[import-untyped]
    from httplib2 import HttpLib2Error  # type: ignore[import-untyped]

    # OSError holds ConnectionError, TimeoutError and all of requests.
    return EEException, Error, GoogleAuthError, HttpLib2Error, OSError


def classify(error: Exception) -> FetchError:
    """The failure that an error of `expected` stands for.

    The HTTP status decides first. An EEException is only a text: the client leaves
    the status on the exception in whose handling it was raised.
    """
    answer = _answer(error)
    status = int(answer.status) if answer is not None else None
    said = _said(error)
    reason = _without_answer(error, said) if status is None else _reason(status, said)
    return FetchError(
        reason,
        said if status is None else f"HTTP {status}: {said}",
        http_status=status,
        retry_after_s=_retry_after(answer.get("retry-after")) if answer else None,
    )


def _answer(error: Exception) -> Any:
    for one in (error, error.__context__):
        answer = getattr(one, "resp", None)
        if answer is not None:
            return answer
    return None


def _said(error: Exception) -> str:
    # A RefreshError carries the token endpoint's whole answer as second argument.
    first = error.args[0] if error.args else ""
    words = str(error) if hasattr(error, "resp") else str(first)
    text = " ".join(without_secrets(words).split())
    return text[:DETAIL_CHARS] or type(error).__name__


def _reason(status: int, said: str) -> str:
    if status in (TOO_MANY, FORBIDDEN) and (status == TOO_MANY or _is_limit(said)):
        return "quota" if USED_UP.search(said) else "throttled"
    if status in BY_STATUS:
        return BY_STATUS[status]
    in_words = next(_in_words(said), None)
    if status >= 500:
        return in_words if in_words == "too_heavy" else "http"
    return in_words or "bad_request"


def _is_limit(said: str) -> bool:
    return bool(THROTTLED.search(said) or USED_UP.search(said))


def _in_words(said: str) -> Iterator[str]:
    if TOO_HEAVY.search(said):
        yield "too_heavy"
    if NO_COVERAGE.search(said):
        yield "no_coverage"
    if NOT_FOUND.search(said):
        yield "not_found"
    if _is_limit(said):
        yield "quota" if USED_UP.search(said) else "throttled"
    if NO_PROJECT.search(said):
        yield "credentials"


def _without_answer(error: Exception, said: str) -> str:
    from google.auth.exceptions import GoogleAuthError, TransportError
    from googleapiclient.errors import UnknownApiNameOrVersion

    if isinstance(error, UnknownApiNameOrVersion):
        return "not_found"
    if isinstance(error, GoogleAuthError):
        passing = isinstance(error, TransportError) or error.retryable
        return "http" if passing else "credentials"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, OSError):
        return "http"
    return next(_in_words(said), "error")


def _retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or a date."""
    if not text:
        return None
    try:
        wait_s = float(text)
    except ValueError:
        try:
            wait_s = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)
