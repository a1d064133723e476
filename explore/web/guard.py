"""Who may ask: checked before any page sees a request.

A page of another site can make a browser send requests to loopback, and can bind its
own name to 127.0.0.1. So the Host must be ours, and whatever changes or costs
something must come from our own pages.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "skyloom_token"
METHODS = ("GET", "HEAD", "POST")
MOST_BODY = 20_000_000
MOST_URL = 8_000
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        # Blobs: the map's own workers and tiles. Attributes: widths and ratios.
        "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; "
        "worker-src 'self' blob:; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Access:
    """The hosts that requests may name (`127.0.0.1:8000`), and the token if any."""

    hosts: tuple[str, ...]
    token: str | None = None


class Guard:
    """ASGI middleware that refuses what does not come from this explorer's pages."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or pass the request on with headers of safety added."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self.app(scope, _bounded(receive), _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if headers.get("host", "").lower() not in self.access.hosts:
            return PlainTextResponse("This host is not served here.", 421)
        if scope["method"] not in METHODS:
            return PlainTextResponse("This method is not served here.", 405)
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_URL:
            return PlainTextResponse("The address is too long.", 414)
        if _embedded_elsewhere(headers):
            return PlainTextResponse("Another site may only link here.", 403)
        if scope["method"] == "POST" and not self._own(headers):
            return PlainTextResponse("This did not come from the explorer.", 403)
        if _length(headers) > MOST_BODY:
            return PlainTextResponse("That is too much at one time.", 413)
        return self._stranger(scope, headers) if self.access.token else None

    def _own(self, headers: Headers) -> bool:
        origins = {f"http://{host}" for host in self.access.hosts}
        return headers.get("origin", "").lower() in origins

    def _stranger(self, scope: Scope, headers: Headers) -> Response | None:
        """Who brings the token in the address once keeps it as a cookie."""
        token = (self.access.token or "").encode()
        if hmac.compare_digest(_cookie(headers).encode(), token):
            return None
        asked = parse_qsl(scope["query_string"].decode("latin-1"))
        brought = dict(asked).get("token", "")
        if not hmac.compare_digest(brought.encode(), token):
            return PlainTextResponse(
                "Open the address that `skyloom explore` printed.", 401
            )
        rest = urlencode([pair for pair in asked if pair[0] != "token"])
        # A path of two slashes would be another host's.
        path = "/" + scope["path"].lstrip("/\\")
        answer = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
        answer.set_cookie(COOKIE, token.decode(), httponly=True, samesite="strict")
        return answer


def _embedded_elsewhere(headers: Headers) -> bool:
    """Whether another site's page asks in its reader's name, other than by a link."""
    if headers.get("sec-fetch-site", "none") in {"none", "same-origin"}:
        return False
    return headers.get("sec-fetch-dest") != "document"


def _cookie(headers: Headers) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else MOST_BODY + 1


def _bounded(receive: Receive) -> Receive:
    """A body without a stated length is cut off at the same bound."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BODY:
            return {"type": "http.disconnect"}
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sent
