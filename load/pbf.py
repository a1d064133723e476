"""Is this file an OpenStreetMap PBF that can be read to its end?

DuckDB's reader takes the whole database down on a damaged file and reads some
unusual encodings wrongly, so every file is decoded once by libosmium before.
"""

import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import osmium

from skyloom import duck
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


def check_pbf(path: Path) -> PbfHeader:
    """Decode the whole file (50 MB a second and more) and return its header.

    Raises:
        SkyloomError: the file is missing, damaged, of another format, or of a kind
            of PBF that would be read wrongly.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
            stat = path.stat()
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
    return _decode(path, stat.st_size, stat.st_mtime_ns)


# A command checks all its files first and loads them later: one decode serves both.
@functools.cache
def _decode(path: Path, _size: int, _changed: int) -> PbfHeader:
    try:
        with osmium.io.Reader(osmium.io.File(str(path), "pbf")) as reader:
            header = reader.header()
            # No key is called that: nothing reaches Python, all of it is decoded.
            osmium.apply(reader, osmium.filter.KeyFilter("@@"))
    except RuntimeError as error:
        reason = str(error).removeprefix("PBF error: ")
        raise SkyloomError(
            f"not a readable PBF (PBF error: {reason})",
            where=str(path),
            remedy="download or export it again",
        ) from None
    if header.has_multiple_object_versions:
        raise SkyloomError(
            "a history file, which holds every version of an object",
            where=str(path),
            remedy="cut one day out of it with `osmium time-filter`",
        )
    _check_encoding(path, header)
    return PbfHeader(_timestamp(header.get("osmosis_replication_timestamp")))


def _check_encoding(path: Path, header: osmium.io.Header) -> None:
    if header.get("pbf_dense_nodes") != "true":
        # st_readosm takes the ids of single nodes for others.
        raise SkyloomError(
            "a PBF without dense nodes", where=str(path), remedy=REENCODE
        )
    try:
        with duck.connect() as con:
            con.execute("select id from st_readosm(?) limit 1", [str(path)]).fetchone()
    except duckdb.Error as error:
        raise SkyloomError(
            f"a PBF of a kind that DuckDB does not read ({str(error).splitlines()[0]})",
            where=str(path),
            remedy=REENCODE,
        ) from None


def _timestamp(text: str) -> datetime | None:
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return None
    return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
