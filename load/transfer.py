"""A file of known address onto the disk: resumed where it broke off, checked, whole."""

import contextlib
import errno
import hashlib
import http.client
import ipaddress
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from skyloom.errors import SkyloomError, UsageError
from skyloom.progress import track

STALL_S = 20.0
SLOWEST = 1024
"""Bytes a second below which a transfer counts as stalled."""
FRUITLESS, ATTEMPTS = 3, 20
CHUNK = 2**20
NO_FINE_STATUS = (408, 429, 500, 502, 503, 504)
AWAY = "check the connection, or get the file in another way and load it by its path"
FORGET = "python -c 'import osmfinder; osmfinder.clear_osm_index_cache()'"
OLD_LIST = f"if QuackOSM's list of extracts is old, clear it with `{FORGET}`"


class BrokenOffError(Exception):
    """The server did not answer, or stopped; a later try may go on."""


def transfer(
    url: str,
    target: Path,
    md5: str | None,
    stall_s: float,
    n_bytes: int | None = None,
) -> None:
    """Transfer a file; one that broke off goes on where it ended.

    Raises:
        UsageError: the URL is not by https, nor by http on this machine.
        SkyloomError: no connection, the server's refusal, another MD5 or size.
        OSError: the disk is full, or cannot be written.
    """
    if not is_safe(url, local=True):
        raise UsageError("not an https address", where=url)
    # Named by its checksum: never the first half of one day and the second of another.
    part = target.with_name(f"{target.name}.{md5 or 'unknown'}.part")
    target.parent.mkdir(exist_ok=True)
    for old in target.parent.glob(f"{target.name}.*.part"):
        if old != part:
            old.unlink()
    fruitless = 0
    for attempt in range(1, ATTEMPTS + 1):
        held = _size(part)
        try:
            _append(url, part, stall_s)
            break
        except BrokenOffError as problem:
            fruitless = 0 if _size(part) - held >= CHUNK else fruitless + 1
            if fruitless == FRUITLESS or attempt == ATTEMPTS:
                raise SkyloomError(
                    f"broke off after {_size(part)} bytes ({problem})",
                    where=url,
                    remedy="run again: it goes on from there",
                ) from None
            time.sleep(fruitless)
    if n_bytes is not None and _size(part) != n_bytes:
        came = _size(part)
        part.unlink()
        raise SkyloomError(f"has {came} bytes and not {n_bytes}", where=url)
    if md5 is not None and md5_of(part) != md5:
        part.unlink()
        raise SkyloomError(
            "what came has not the checksum that is given for it, and was removed",
            where=url,
            remedy="run again; the server may have been replacing the file",
        )
    part.replace(target)


def published_md5(url: str, stall_s: float) -> str:
    """The checksum that a server has in a file of its own.

    Raises:
        BrokenOffError: no answer.
        SkyloomError: the server's refusal, or there is none in it.
    """
    with _request(url, stall_s) as response:
        text = next(_body(response, stall_s), b"")[:200]
    found = re.match(rb"([0-9a-f]{32})\b", text)
    if not found:
        raise SkyloomError("there is no MD5 checksum in it", where=url, remedy=AWAY)
    return found[1].decode()


def md5_of(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def is_safe(url: str, *, local: bool) -> bool:
    """Whether a URL is by https, or, where `local`, by http on this machine."""
    try:
        parts = urlsplit(url)
        by_https = parts.scheme == "https" and bool(parts.hostname)
        return by_https or (local and parts.scheme == "http" and _is_local(url))
    except ValueError:
        return False


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _append(url: str, part: Path, stall_s: float) -> None:
    with _request(url, stall_s, _size(part)) as response:
        if response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # All of it is here.
        # A server may know nothing of ranges, and then sends all of it.
        resumed = f"bytes {_size(part)}-" in response.headers.get("Content-Range", "")
        held = _size(part) if resumed else 0
        if response.length is None:
            raise SkyloomError("the server does not say how long it is", where=url)
        total = held + response.length
        if shutil.disk_usage(part.parent).free < response.length:
            raise OSError(errno.ENOSPC, f"{response.length} bytes are not free")
        with (
            track(f"{part.name.split('.')[0]} (bytes)", total) as step,
            part.open("ab" if resumed else "wb") as file,
        ):
            step(held)
            for data in _body(response, stall_s):
                file.write(data)
                step(len(data))
    if _size(part) < total:
        raise BrokenOffError("the connection was cut")


def _request(url: str, stall_s: float, held: int = 0) -> Any:
    headers = {"User-Agent": "skyloom", "Accept-Encoding": "identity"}
    if held:
        headers["Range"] = f"bytes={held}-"
    proxies = urllib.request.ProxyHandler({} if _is_local(url) else None)
    opener = urllib.request.build_opener(proxies, _Redirects())
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (checked)
    with _broken_off():
        try:
            return opener.open(request, timeout=stall_s)
        except urllib.error.HTTPError as error:
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and held:
                return error
            answer = f"the server answers {error.code} ({error.reason})"
            if error.code in NO_FINE_STATUS:
                raise BrokenOffError(answer) from None
            remedy = OLD_LIST if error.code == http.client.NOT_FOUND else AWAY
            raise SkyloomError(answer, where=url, remedy=remedy) from None


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not is_safe(newurl, local=_is_local(req.full_url)):
            raise SkyloomError(f"sent on to {newurl}, not by https", where=req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _body(response: Any, stall_s: float) -> Iterator[bytes]:
    since, came = time.monotonic(), 0
    while True:
        with _broken_off():
            data = response.read1(CHUNK)
        if not data:
            return
        yield data
        came += len(data)
        if time.monotonic() - since > stall_s:
            if came < SLOWEST * stall_s:
                raise BrokenOffError(f"fewer than {SLOWEST} bytes a second")
            since, came = time.monotonic(), 0


@contextlib.contextmanager
def _broken_off() -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise BrokenOffError(f"no answer: {said}") from None
