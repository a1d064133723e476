"""A region's name -> its Geofabrik extract in the lake's `downloads` folder.

QuackOSM's finder of extracts (osmfinder) says which extract a name means. It fetches
its list with retries of many minutes, prints, and cannot go on with half a file; so it
is asked in a process of its own, this module as `python -m load.download`, and the
file is transferred here.
"""

import contextlib
import errno
import hashlib
import http.client
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.progress import say, track
from skyloom.settings import GEOFABRIK

CHECKOUT = Path(__file__).resolve().parent.parent
PREFIX = "geofabrik_"
RESOLVE_S = 60.0
STALL_S = 20.0
SLOWEST = 1024
"""Bytes a second below which a transfer counts as stalled."""
FRUITLESS, ATTEMPTS = 3, 20
CHUNK = 2**20
NO_FINE_STATUS = (408, 429, 500, 502, 503, 504)
AWAY = "check the connection, or get the file in another way and load it by its path"
FORGET = "python -c 'import osmfinder; osmfinder.clear_osm_index_cache()'"
OLD_LIST = f"if QuackOSM's list of extracts is old, clear it with `{FORGET}`"


@dataclass(frozen=True)
class Download:
    """A whole extract; `region` is QuackOSM's full name, which `--region` takes too."""

    region: str
    path: Path


class _BrokenOffError(Exception):
    """The server did not answer, or stopped; a later try may go on."""


def download(
    lake: Lake, name: str, *, server: str = GEOFABRIK, stall_s: float = STALL_S
) -> Download:
    """Download a region's latest extract, unless the lake has that very file.

    What broke off goes on where it ended, in the next run too. Without a connection a
    file downloaded before serves. The caller holds the lake's lock.

    Args:
        lake: Where it goes, as `downloads/<region>.osm.pbf`.
        name: As QuackOSM or Geofabrik call it: `monaco`, `us/georgia`, `europe_monaco`.
        server: Geofabrik or a mirror of it, by https; http only on this machine.
        stall_s: Seconds without an answer, or with next to nothing coming.

    Raises:
        UsageError: no extract, or more than one, is called so; or a server by http.
        SkyloomError: no connection, the server's refusal, a wrong checksum, a full
            disk.
    """
    _check_server(server)
    region, path = _resolve(name, lake.root)
    target = lake.root / "downloads" / f"{region}.osm.pbf"
    url = server.rstrip("/") + path
    try:
        checksum = _published(f"{url}.md5", stall_s)
    except _BrokenOffError as problem:
        if not target.is_file():
            raise SkyloomError(str(problem), where=url, remedy=AWAY) from None
        day = date.fromtimestamp(target.stat().st_mtime)
        say(f"{url}: {problem}; the file downloaded on {day} serves")
        return Download(region, target)
    try:
        if not (target.is_file() and _md5(target) == checksum):
            _transfer(url, target, checksum, stall_s)
    except OSError as error:
        raise SkyloomError(
            f"could not be written ({error.strerror})",
            where=str(target),
            remedy="make room there, then run again: it goes on where it ended",
        ) from None
    return Download(region, target)


def _check_server(server: str) -> None:
    if not _is_safe(server, local=True):
        raise UsageError(
            "not an https address of a server",
            where=server,
            remedy=f"as in {GEOFABRIK}",
        )


def _is_safe(url: str, *, local: bool) -> bool:
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


def _resolve(name: str, folder: Path) -> tuple[str, str]:
    """QuackOSM's full name of the extract and its path on the server."""
    where = f"--region {name}"
    answer = _quackosm_answers(name, folder)
    match answer:
        case {"region": str(region), "path": str(path)}:
            return re.sub(r"[^a-z0-9_-]+", "-", region.removeprefix(PREFIX)), path
        case {"near": list(near), "several": several}:
            names = " or ".join(full.removeprefix(PREFIX) for full in near)
            raise UsageError(
                f"{'several extracts have' if several else 'no extract has'} that name",
                where=where,
                remedy=f"did you mean {names}?" if near else f"see {GEOFABRIK}",
            )
        case {"unreachable": reason}:
            raise SkyloomError(
                f"QuackOSM's list of extracts cannot be fetched ({reason})",
                where=where,
                remedy=AWAY,
            )
    raise SkyloomError(
        f"QuackOSM cannot read its list of extracts ({answer['failed'][:200]})",
        where=where,
        remedy=f"clear it with `{FORGET}`",
    )


def _quackosm_answers(name: str, folder: Path) -> dict[str, Any]:
    paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "load.download"],
            input=name,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            timeout=RESOLVE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"unreachable": f"no answer in {RESOLVE_S:.0f} seconds"}
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return {"failed": said[-1] if said else f"exit code {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _ask_quackosm(name: str) -> dict[str, Any]:
    import osmfinder
    import requests
    from osmfinder.exceptions import OsmExtractSearchError, OsmExtractZeroMatchesError

    # Its own spelling of us/georgia, Isle of Man and europe_monaco.
    joined = name.strip().replace("/", "_")
    near: dict[str, None] = {}
    for query in (joined, joined.replace(" ", "-"), f"{PREFIX}{joined}"):
        try:
            found = osmfinder.find_extract_by_query(
                query, source="Geofabrik", select_first_match=False
            )
        except OsmExtractZeroMatchesError as error:
            near |= dict.fromkeys(map(str, error.matching_full_names))
        except OsmExtractSearchError as error:
            return {"several": True, "near": list(map(str, error.matching_full_names))}
        except requests.RequestException as error:
            url = str(error.request.url) if error.request else ""
            return {"unreachable": f"{type(error).__name__} at {url}"}
        else:
            (extract,) = found.extracts
            return {"region": extract.file_name, "path": urlsplit(extract.url).path}
    return {"several": False, "near": list(near)}


def _published(url: str, stall_s: float) -> str:
    with _request(url, stall_s) as response:
        text = next(_body(response, stall_s), b"")[:200]
    found = re.match(rb"([0-9a-f]{32})\b", text)
    if not found:
        raise SkyloomError("there is no MD5 checksum in it", where=url, remedy=AWAY)
    return found[1].decode()


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def fetch_file(
    url: str, target: Path, md5: str | None, n_bytes: int | None, stall_s: float
) -> None:
    """Transfer a file of known address; one that broke off goes on where it ended.

    Raises:
        SkyloomError: no connection, the server's refusal, another MD5 or size.
        OSError: the disk is full, or cannot be written.
    """
    if not _is_safe(url, local=True):
        raise UsageError("not an https address", where=url)
    _transfer(url, target, md5, stall_s, n_bytes)


def _transfer(
    url: str,
    target: Path,
    checksum: str | None,
    stall_s: float,
    n_bytes: int | None = None,
) -> None:
    # Named by its checksum: never the first half of one day and the second of another.
    part = target.with_name(f"{target.name}.{checksum or 'unknown'}.part")
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
        except _BrokenOffError as problem:
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
    if checksum is not None and _md5(part) != checksum:
        part.unlink()
        raise SkyloomError(
            "what came has not the checksum that is given for it, and was removed",
            where=url,
            remedy="run again; the server may have been replacing the file",
        )
    part.replace(target)


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
        raise _BrokenOffError("the connection was cut")


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
                raise _BrokenOffError(answer) from None
            remedy = OLD_LIST if error.code == http.client.NOT_FOUND else AWAY
            raise SkyloomError(answer, where=url, remedy=remedy) from None


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not _is_safe(newurl, local=_is_local(req.full_url)):
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
                raise _BrokenOffError(f"fewer than {SLOWEST} bytes a second")
            since, came = time.monotonic(), 0


@contextlib.contextmanager
def _broken_off() -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise _BrokenOffError(f"no answer: {said}") from None


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _found = _ask_quackosm(sys.stdin.read())
    print(json.dumps(_found))
