"""What reads the JSON of a STAC catalogue, and why it could not."""

import io
import json
import time
from typing import TYPE_CHECKING, Any

import requests

from extract.attempts import plain_detail
from extract.bodies import whole_body
from extract.remote import CONNECT_S, is_remote
from extract.signing import missing

if TYPE_CHECKING:
    from pystac_client.stac_api_io import StacApiIO

RETRIES, CONNECTS = 4, 1
PAUSE_S = 0.5
RETRIED = (429, 500, 502, 503, 504)
MOST_BYTES = 1 << 28


def reader(timeout_s: float, *, local: bool) -> "StacApiIO":
    """What reads JSON; from a catalogue over HTTP no link leads to this machine.

    Raises:
        UsageError: pystac-client is not installed.
    """
    try:
        from pystac.stac_io import DefaultStacIO
        from pystac_client.stac_api_io import StacApiIO
    except ImportError:
        raise missing("pystac-client") from None
    from urllib3 import Retry

    class Reader(StacApiIO):
        def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:
            href = source if isinstance(source, str) else source.get_absolute_href()
            if not local and not is_remote(str(href)):
                raise ValueError("a link leads to a file of this machine")
            return super().read_text(source, *args, **kwargs)

        def json_loads(self, txt: str, *_: Any, **__: Any) -> Any:
            # Not orjson, which the client takes where it is: it refuses a list for one
            # item's NaN.
            return json.loads(txt)

        def stac_object_from_dict(self, *args: Any, **kwargs: Any) -> Any:
            # Of a static catalogue's parts the client would make clients of an API.
            return DefaultStacIO.stac_object_from_dict(self, *args, **kwargs)

    retry = Retry(
        RETRIES,
        connect=CONNECTS,
        status_forcelist=RETRIED,
        allowed_methods=None,
        backoff_factor=PAUSE_S,
    )
    # The session takes a pair as well: to connect, and for each read.
    waits: Any = (min(CONNECT_S, timeout_s), timeout_s)
    found = Reader(max_retries=retry, timeout=waits)

    def bounded(answer: requests.Response, **_: Any) -> None:
        body = whole_body(answer.raw, time.monotonic() + timeout_s, MOST_BYTES)
        answer.raw = io.BytesIO(body)

    found.session.hooks["response"].append(bounded)
    return found


def why(error: BaseException) -> str:
    """Why nothing came; an address may hold a secret and is not told."""
    cause = error.__context__
    if status := getattr(error, "status_code", None):
        return f"HTTP {status}"
    if isinstance(cause, requests.Timeout | TimeoutError):
        return "no whole answer in time"
    if isinstance(cause, requests.RequestException):
        return "there is no connection"
    return one_line(error)


def one_line(error: BaseException) -> str:
    """What an error says, without secrets."""
    return plain_detail(str(error)) or type(error).__name__
