"""The folder of a release: written beside its place, resumed, and swapped in whole.

.{name}.part/   the files that are finished; each appears whole or not at all
.{name}.work/   what they are made from, the order that they belong to, and a lock
.{name}.old/    the release before, while the two change places
"""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake

MARKER = "export.json"


@dataclass(frozen=True)
class Draft:
    """A release that is being written, and the finished one that it replaces."""

    out: Path
    folder: Path
    work: Path

    @property
    def earlier(self) -> Path | None:
        """The release that stands in the place of this one."""
        return self.out if (self.out / MARKER).is_file() else None


def once(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file that is not there yet; it appears whole or not at all."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    write(part)
    part.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a small text file, likewise."""
    once(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


def checked_place(lake: Lake, out: Path) -> Path:
    """Where a release may go, as an absolute path.

    Raises:
        UsageError: it is in the lake, or holds something else.
    """
    out = out.expanduser().resolve()
    if out == lake.root or lake.root in out.parents or out in lake.root.parents:
        raise UsageError(
            "an export does not belong in the lake, nor the lake in it",
            where=str(out),
            remedy="name a folder outside of it with --out",
        )
    if out.exists() and (
        not out.is_dir() or (any(out.iterdir()) and not (out / MARKER).is_file())
    ):
        raise UsageError(
            "the folder holds something that is not an export",
            where=str(out),
            remedy="name a new or empty folder with --out",
        )
    return out


def marks(folder: Path) -> dict[str, Any]:
    """What a release says of itself; nothing where it is damaged."""
    try:
        found = json.loads((folder / MARKER).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def drafted(out: Path, digest: str) -> Iterator[Draft]:
    """A draft that becomes `out` when the block succeeds.

    What an interrupted export of the same order finished is kept and not written again;
    that of another order goes.

    Raises:
        SkyloomError: another process is at it, or the disk is full.
    """
    part, work, old = (
        out.with_name(f".{out.name}.{kind}") for kind in ("part", "work", "old")
    )
    try:
        work.mkdir(parents=True, exist_ok=True)
        with (work / "lock").open("w") as lock:
            _lock(lock.fileno(), out)
            if old.exists() and not out.exists():
                old.replace(out)
            if not _belongs(work / "order", digest):
                shutil.rmtree(part, ignore_errors=True)
                (work / "order").write_text(digest)
            part.mkdir(exist_ok=True)
            try:
                yield Draft(out, part, work)
                _swap(part, out, old)
            finally:
                # Nothing is worth coming back to.
                if not part.exists() or not any(part.iterdir()):
                    shutil.rmtree(part, ignore_errors=True)
                    shutil.rmtree(work, ignore_errors=True)
    except (OSError, duckdb.IOException) as error:
        raise SkyloomError(
            f"could not be written ({str(error).splitlines()[0]})",
            where=str(out),
            remedy="free some space or check the permissions, then run again: what is "
            f"finished waits in {part.name}",
        ) from None


def tidy(out: Path) -> None:
    """Take away what a release that was killed at its very end left beside it."""
    if not out.with_name(f".{out.name}.part").exists():
        for kind in ("work", "old"):
            shutil.rmtree(out.with_name(f".{out.name}.{kind}"), ignore_errors=True)


def _swap(part: Path, out: Path, old: Path) -> None:
    for leftover in part.rglob(".*.part"):
        leftover.unlink()
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.replace(old)
    part.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def _belongs(order: Path, digest: str) -> bool:
    try:
        return order.read_text() == digest
    except OSError:
        return False


def _lock(descriptor: int, out: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SkyloomError(
            "another export is writing this folder",
            where=str(out),
            remedy="wait for it to end, then run again",
        ) from None
