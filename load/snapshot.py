"""What a snapshot is called, and which snapshots a lake holds."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from load.pbf import check_pbf
from skyloom.duck import quoted
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.raw_tables import SNAPSHOTS

if TYPE_CHECKING:
    # It brings shapely, which most loads do not need.
    from load.clip import Clip

UNDATED = "undated"
DATE = re.compile(r"(?<!\d)(?:\d{4}-\d{2}-\d{2}|\d{6})(?!\d)")
FORMATS = ("%Y-%m-%d", "%y%m%d")


@dataclass(frozen=True)
class Counts:
    """Objects of one snapshot; `relations` are among the `areas`."""

    points: int
    lines: int
    areas: int
    relations: int
    rejects: int


@dataclass(frozen=True)
class Extract:
    """One PBF on its way into the lake."""

    path: Path
    region: str
    date: date | None
    sha256: str

    @property
    def name(self) -> str:
        """The snapshot's name, which is also its folder."""
        return f"{self.region}@{self.date or UNDATED}"


@dataclass(frozen=True)
class Snapshot:
    """A row of the `snapshots` table."""

    name: str
    file_name: str
    sha256: str
    loader: str
    counts: Counts


def identify(
    path: Path,
    region: str | None,
    day: date | None,
    *,
    clip: Clip | None = None,
    keep_going: bool = False,
) -> Extract:
    """Check a file and give it a region and a date.

    The date is the flag's, else the header's, else the file name's, else none. A part
    of a file is a region of its own.

    Raises:
        SkyloomError: `check_pbf` refuses the file.
        UsageError: neither the flag nor the file name makes a region.
    """
    header = check_pbf(path, keep_going=keep_going)
    stem = re.sub(r"(\.osm)?\.pbf$", "", path.name, flags=re.IGNORECASE)
    name = _sanitised(_without_date(stem) if region is None else region)
    if clip and region is None:
        name += f"-{clip.digest[:8]}"
    if not name:
        raise UsageError(
            "no region can be made of this name",
            where=region or path.name,
            remedy="give one with --region-name, in letters a to z and digits",
        )
    if day is None:
        day = header.timestamp.date() if header.timestamp else _date_in(stem)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Extract(path, name, day, digest)


def snapshots(lake: Lake) -> list[Snapshot]:
    """The snapshots of a lake, by name."""
    files = ", ".join(quoted(file) for file in lake.files(SNAPSHOTS))
    with duckdb.connect() as con:
        rows = con.execute(
            f"""
            select
                snapshot, file_name, sha256, loader,
                n_points, n_lines, n_areas, n_relations, n_rejects
            from read_parquet([{files}], hive_partitioning = false)
            order by snapshot
            """
        ).fetchall()
    return [
        Snapshot(name, file_name, sha256, loader, Counts(*counts))
        for name, file_name, sha256, loader, *counts in rows
    ]


def refuse_clashes(extracts: Sequence[Extract], held: Sequence[Snapshot]) -> None:
    """Raise where two different files would make one snapshot.

    Raises:
        SkyloomError: naming both files.
    """
    taken = {one.name: (one.sha256, one.file_name) for one in held}
    for extract in extracts:
        sha256, other = taken.setdefault(
            extract.name, (extract.sha256, extract.path.name)
        )
        if sha256 != extract.sha256:
            raise SkyloomError(
                f"the snapshot {extract.name} is taken by another file, {other}",
                where=str(extract.path),
                remedy="tell the two apart with --region-name or --date",
            )


def _date_in(stem: str) -> date | None:
    for text in reversed(DATE.findall(stem)):
        for form in FORMATS:
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                continue
    return None


def _without_date(stem: str) -> str:
    stem = re.sub(r"[-_.]latest$", "", stem, flags=re.IGNORECASE)
    head, text, tail = stem.rpartition(next(reversed(DATE.findall(stem)), "\0"))
    return head.rstrip("-_.") if text and not tail and _date_in(text) else stem


def _sanitised(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_-]+", "-", plain.lower()).strip("-")
