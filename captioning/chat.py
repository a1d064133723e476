"""A chat endpoint that speaks OpenAI's protocol: vLLM, Ollama, llama.cpp, hosted ones.

One question is tried again while that may help, at a pace that all threads share.
"""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as Urllib3Error

from captioning.pace import Pace
from skyloom.errors import CredentialsError, SkyloomError, UsageError

TRIES = 5
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
MAX_BYTES = 1 << 20
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_QUOTA = "insufficient_quota"


@dataclass(frozen=True)
class Reply:
    """What a model said, and the tokens that it cost; None where it is not told."""

    text: str
    tokens_in: int | None
    tokens_out: int | None


@dataclass(frozen=True)
class Endpoint:
    """Where a model is asked, and how patiently."""

    base_url: str
    key: str = field(default="", repr=False)
    timeout_s: float = 120
    per_minute: float | None = None
    connections: int = 4
    first_wait_s: float = FIRST_WAIT_S

    def __post_init__(self) -> None:
        """Refuse what no request could be sent with."""
        try:
            url = urlsplit(self.base_url)
            is_one = url.scheme in ("http", "https") and url.hostname and not url.query
        except ValueError:
            is_one = False
        if not is_one:
            raise UsageError(
                "--base-url is no endpoint", remedy="like http://localhost:8000/v1"
            )
        if url.username is not None or url.password is not None:
            raise UsageError(
                "--base-url holds a password",
                remedy="put the key into a variable, see --key-variable",
            )
        # Not shown: an error about the header would spell it.
        if not (self.key.isascii() and self.key.isprintable()) or " " in self.key:
            raise UsageError("the key holds what no key can hold")


class NoReplyError(Exception):
    """One question got no answer, however often it was asked; others may."""


class _AgainError(Exception):
    def __init__(self, said: str, after_s: float | None = None) -> None:
        self.after_s = after_s
        super().__init__(said)


class Chat:
    """Asks; safe to call from several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Nothing is sent yet."""
        self._endpoint = endpoint
        self._url = f"{endpoint.base_url.rstrip('/')}/chat/completions"
        self._pace = Pace(endpoint.per_minute)
        self._session = requests.Session()
        # Without this, a password from ~/.netrc would take the key's place.
        self._session.auth = self._sign
        for scheme in ("http://", "https://"):
            adapter = HTTPAdapter(pool_maxsize=endpoint.connections)
            self._session.mount(scheme, adapter)

    def ask(self, body: Mapping[str, Any]) -> Reply:
        """The answer to one request.

        Raises:
            NoReplyError: none came, after TRIES.
            StoppedError: the work is to end.
            CredentialsError: the endpoint refuses the key, or its quota is used up.
            SkyloomError: it refuses such requests altogether.
        """
        wait = self._endpoint.first_wait_s
        said = ""
        for attempt in range(TRIES):
            self._pace.wait()
            try:
                return self._once(body)
            except _AgainError as error:
                said = str(error)
                if attempt + 1 < TRIES:
                    after = wait if error.after_s is None else error.after_s
                    # Who asks us to wait means all of our threads.
                    self._pace.hold(
                        min(after, LONGEST_WAIT_S), everyone=error.after_s is not None
                    )
                wait = min(wait * 2, LONGEST_WAIT_S)
        raise NoReplyError(said)

    def stop(self) -> None:
        """Ask nothing more; what is under way comes to its end."""
        self._pace.stop()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._endpoint.key:
            request.headers["Authorization"] = f"Bearer {self._endpoint.key}"
        return request

    def _once(self, body: Mapping[str, Any]) -> Reply:
        end = time.monotonic() + self._endpoint.timeout_s
        try:
            with self._session.post(
                self._url,
                json=body,
                timeout=self._endpoint.timeout_s,
                stream=True,
                allow_redirects=False,
            ) as answer:
                text = self._whole(answer, end)
        except (requests.RequestException, Urllib3Error) as error:
            raise _AgainError(f"no connection ({type(error).__name__})") from None
        if answer.status_code != 200:
            self._refused(answer, text)
        try:
            return read_reply(json.loads(text))
        except (ValueError, RecursionError):
            raise _AgainError("the endpoint's answer is not JSON") from None

    def _whole(self, answer: requests.Response, end: float) -> str:
        parts, size = [], 0
        # read1 returns what has come: a trickle must not sit through the deadline.
        while part := answer.raw.read1(1 << 16, decode_content=True):
            parts.append(part)
            size += len(part)
            if time.monotonic() > end:
                raise _AgainError(f"no whole answer in {self._endpoint.timeout_s:g} s")
            if size > MAX_BYTES:
                raise _AgainError("an answer of more than a megabyte")
        text = b"".join(parts).decode("utf-8", "replace")
        key = self._endpoint.key
        # A shorter one is no secret, and may be part of any word.
        return text.replace(key, "[key]") if len(key) >= 8 else text

    def _refused(self, answer: requests.Response, text: str) -> None:
        status, host = answer.status_code, urlsplit(self._url).netloc
        said = f"{status}: {_message(text)}"
        if status in (401, 403):
            raise CredentialsError(
                f"the endpoint refuses the key ({said})",
                where=host,
                remedy="put a valid key into the variable that --key-variable names",
            )
        if status == 402 or (status == 429 and _QUOTA in text):
            raise CredentialsError(
                f"the quota is used up ({said})",
                where=host,
                remedy="run again when there is more; nothing is asked twice",
            )
        if status in _AGAIN:
            raise _AgainError(said, _seconds(answer.headers.get("Retry-After")))
        raise SkyloomError(
            f"the endpoint refuses the request ({said})",
            where=host,
            remedy="check --base-url, --model and --parameters",
        )


def read_reply(value: Any) -> Reply:
    """The reply in the JSON of a chat completion.

    Raises:
        ValueError: it is none.
    """
    try:
        text = value["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise ValueError("no chat completion") from None
    usage = value.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Reply(
        text if isinstance(text, str) else "",
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
    )


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 40 else None


def _message(text: str) -> str:
    try:
        value = json.loads(text)
        error = value["error"]
        said = error["message"] if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError, RecursionError):
        said = text
    line = " ".join(str(said).split())[:200]
    return "".join(c for c in line if c.isprintable()) or "no reason given"


def _seconds(header: str | None) -> float | None:
    """Retry-After, which is a number of seconds or a date."""
    if header is None:
        return None
    try:
        return max(0.0, float(header)) if float(header) < 1e9 else None
    except ValueError:
        pass
    try:
        when = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, when.timestamp() - time.time())
