"""Is this file an OpenStreetMap PBF that can be read to its end?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import osmium

from load.blocks import check_frames, drain, first_damage
from skyloom.errors import SkyloomError

REENCODE = "write it anew with `osmium cat in.osm.pbf -o out.osm.pbf`"
CONVERT = "convert it with `osmium cat in.osm -o out.osm.pbf`"
OTHER_FORMATS = (
    (b"\x1f\x8b", "compressed with gzip, not a PBF", CONVERT),
    (b"BZh", "compressed with bzip2, not a PBF", CONVERT),
    (b"<?xml", "OSM XML, not a PBF", CONVERT),
    (b"<osm", "OSM XML, not a PBF", CONVERT),
    (b"<", "a web page, not a PBF", "download it again"),
)


@dataclass(frozen=True)
class PbfHeader:
    """What the file says about itself; `timestamp` is in UTC."""

    timestamp: datetime | None


def check_pbf(path: Path, *, keep_going: bool = False) -> PbfHeader:
    """Look at a file's format, header and frames, in a moment for any size of file.

    With `keep_going`, bad frames behind the header are no reason to refuse it.

    Raises:
        SkyloomError: the file is missing, damaged, of another format, or of a kind
            of PBF that would be read wrongly.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
    except FileNotFoundError:
        raise SkyloomError("there is no such file", where=str(path)) from None
    except IsADirectoryError:
        raise SkyloomError(
            "a folder, not a PBF", where=str(path), remedy="name the files in it"
        ) from None
    except OSError as error:
        raise SkyloomError(
            f"cannot be read ({error.strerror})", where=str(path)
        ) from None
    if not start:
        raise SkyloomError("the file is empty", where=str(path))
    for magic, what, remedy in OTHER_FORMATS:
        if start.startswith(magic):
            raise SkyloomError(what, where=str(path), remedy=remedy)
    if not keep_going:
        check_frames(path)
    header = _header(path)
    if header.has_multiple_object_versions:
        raise SkyloomError(
            "a history file, which holds every version of an object",
            where=str(path),
            remedy="cut one day out of it with `osmium time-filter`",
        )
    if header.get("pbf_dense_nodes") != "true":
        # DuckDB's reader takes the ids of single nodes for others.
        raise SkyloomError(
            "a PBF without dense nodes", where=str(path), remedy=REENCODE
        )
    return PbfHeader(_timestamp(header.get("osmosis_replication_timestamp")))


def decode(path: Path) -> None:
    """Decode the whole file, 50 MB a second and more.

    DuckDB's reader takes the whole process down on some damaged files: what comes from
    outside has to pass libosmium first.

    Raises:
        SkyloomError: naming the first block that cannot be read.
    """
    try:
        drain(osmium.io.File(str(path), "pbf"))
    except RuntimeError:
        raise first_damage(path) from None


def _header(path: Path) -> osmium.io.Header:
    try:
        file = osmium.io.File(str(path), "pbf")
        with osmium.io.Reader(file, osmium.osm.NOTHING) as reader:
            return reader.header()
    except RuntimeError:
        raise first_damage(path) from None


def _timestamp(text: str) -> datetime | None:
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return None
    return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
