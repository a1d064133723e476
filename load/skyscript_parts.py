"""Where the published parts are, and how they come onto the disk.

`skyscript_parts.csv` is the registry. A size or checksum that nobody has published is
empty there; the file is then taken as it comes.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from load.skyscript_unzip import unzip
from load.transfer import STALL_S, transfer
from skyloom.errors import SkyloomError, UsageError
from skyloom.progress import say

REGISTRY = Path(__file__).parent / "skyscript_parts.csv"


@dataclass(frozen=True)
class Part:
    """One published file; `n_bytes` and `md5` are None where unknown."""

    name: str
    kind: str
    file: str
    url: str
    n_bytes: int | None
    md5: str | None
    pairs: str
    note: str


def read_registry(file: Path = REGISTRY) -> list[Part]:
    """The published parts in their order."""
    with file.open(newline="", encoding="utf-8") as opened:
        return [
            Part(
                name=row["part"],
                kind=row["kind"],
                file=row["file"],
                url=row["url"],
                n_bytes=int(row["n_bytes"]) if row["n_bytes"] else None,
                md5=row["md5"] or None,
                pairs=row["pairs"],
                note=row["note"],
            )
            for row in csv.DictReader(opened)
        ]


def listing(registry: Path = REGISTRY) -> str:
    """The parts as lines for a person."""
    lines = []
    for part in read_registry(registry):
        size = f"{part.n_bytes:,} bytes" if part.n_bytes else "size unknown"
        about = ", ".join(one for one in (size, part.pairs, part.note) if one)
        lines.append(f"{part.name:<16}{part.kind:<10}{about}")
    return "\n".join(lines)


def download_parts(
    folder: Path,
    names: Sequence[str] = (),
    *,
    registry: Path = REGISTRY,
    stall_s: float = STALL_S,
) -> None:
    """Download parts into a folder, all if none is named, and unfold the archives.

    What broke off goes on where it ended; what is there already is not asked for. An
    archive goes once its files lie beside it.

    Raises:
        UsageError: a part is not in the registry.
        SkyloomError: no connection, another size or checksum, a full disk.
    """
    known = {part.name: part for part in read_registry(registry)}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(
            f"no published part is called {', '.join(unknown)}",
            remedy=f"there are {', '.join(known)}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for part in known.values():
        if not names or part.name in names:
            _download(part, folder, stall_s)


def _download(part: Part, folder: Path, stall_s: float) -> None:
    target = folder / part.file
    done = target.with_name(f"{part.file}.done")
    if done.is_file() or (target.is_file() and target.suffix != ".zip"):
        say(f"{part.name}: is there")
        return
    try:
        if not target.is_file():
            transfer(part.url, target, part.md5, stall_s, part.n_bytes)
        if target.suffix == ".zip":
            n_files = unzip(target, folder)
            done.write_text(f"{n_files}\n")
            target.unlink()
            say(f"{part.name}: {n_files:,} files")
    except OSError as error:
        raise SkyloomError(
            f"could not be written ({error.strerror})",
            where=str(target),
            remedy="make room there, then run again: it goes on where it ended",
        ) from None
