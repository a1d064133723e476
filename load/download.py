"""A region's name -> its Geofabrik extract in the lake's `downloads` folder."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from load.regions import resolve
from load.transfer import (
    AWAY,
    STALL_S,
    BrokenOffError,
    is_safe,
    md5_of,
    published_md5,
    transfer,
)
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.progress import say
from skyloom.settings import GEOFABRIK


@dataclass(frozen=True)
class Download:
    """A whole extract; `region` is QuackOSM's full name, which `--region` takes too."""

    region: str
    path: Path


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
    region, path = resolve(name, lake.root)
    target = lake.root / "downloads" / f"{region}.osm.pbf"
    url = server.rstrip("/") + path
    try:
        checksum = published_md5(f"{url}.md5", stall_s)
    except BrokenOffError as problem:
        if not target.is_file():
            raise SkyloomError(str(problem), where=url, remedy=AWAY) from None
        day = date.fromtimestamp(target.stat().st_mtime)
        say(f"{url}: {problem}; the file downloaded on {day} serves")
        return Download(region, target)
    try:
        if not (target.is_file() and md5_of(target) == checksum):
            transfer(url, target, checksum, stall_s)
    except OSError as error:
        raise SkyloomError(
            f"could not be written ({error.strerror})",
            where=str(target),
            remedy="make room there, then run again: it goes on where it ended",
        ) from None
    return Download(region, target)


def _check_server(server: str) -> None:
    if not is_safe(server, local=True):
        raise UsageError(
            "not an https address of a server",
            where=server,
            remedy=f"as in {GEOFABRIK}",
        )
