"""The blocks of a PBF: which of them cannot be read, and a copy without those.

A PBF is a row of blocks that stand alone: four bytes with the length of a BlobHeader,
the BlobHeader with the type and the size of what follows, and the Blob with the data
(https://wiki.openstreetmap.org/wiki/PBF_Format, "File format").

libosmium stops at the first damaged block without saying where. It also takes zeros
at the edge of a block, or a file that ends within the four bytes, for the end of the
data, and a BlobHeader without a type for a good one: the frames are checked here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import osmium

from skyloom.errors import SkyloomError

MAX_BLOB_HEADER = 64 * 1024
MAX_BLOB = 32 * 1024 * 1024
SEARCHED_AT_ONCE = 1024 * 1024
# Protocol buffers: a byte with the field's number and kind, then its length or value.
# Fields may stand in any order; DuckDB reads them in this one, as everyone writes them.
BLOB_HEADER = re.compile(
    rb"\n(\x07OSMData|\x09OSMHeader)"  # 1, type
    rb"(?:\x12.*)?"  # 2, indexdata
    rb"\x18([\x80-\xff]*[\x00-\x7f])",  # 3, datasize
    re.DOTALL,
)
START_OF_DATA = b"\n\x07OSMData"


@dataclass(frozen=True)
class BadBlock:
    """A block that cannot be read, or several where the ends between them are lost.

    `number` counts from the header block, which is 0; `offset` and `size` are bytes.
    """

    number: int
    offset: int
    size: int
    reason: str

    def __str__(self) -> str:
        return (
            f"block {self.number} at byte {self.offset}, {self.size} bytes: "
            f"{self.reason}"
        )


class DamagedError(SkyloomError):
    """A PBF with a block that cannot be read."""


class _UnreadableError(Exception):
    """Why a block cannot be read."""


def check_frames(path: Path) -> None:
    """Refuse a file that is not one whole block after another up to its end.

    The data are skipped, so this takes a moment for any size of file.

    Raises:
        DamagedError: naming the number and the offset of the first bad block.
    """
    bad = _first_bad(_blocks(path, frames_only=True))
    if bad:
        raise _refusal(path, bad)


def unreadable(path: Path) -> tuple[BadBlock, ...]:
    """The blocks that are damaged, in order of offset.

    Every block is decoded by libosmium. Behind a bad header block none is looked at.
    """
    return tuple(block for block in _blocks(path) if isinstance(block, BadBlock))


def first_damage(path: Path) -> DamagedError:
    """The error for a file that libosmium does not read, naming its first bad block."""
    return _refusal(path, _first_bad(_blocks(path)))


def mended(path: Path, target: Path) -> tuple[BadBlock, ...]:
    """Write a copy that holds only the readable blocks, and return the others.

    The copy appears whole or not at all.

    Raises:
        DamagedError: the header block or every other block is bad.
        SkyloomError: the copy could not be written.
    """
    part = target.with_name(f".{target.name}.part")
    bad = []
    good = 0
    try:
        with part.open("wb") as copy:
            for block in _blocks(path):
                if isinstance(block, BadBlock):
                    bad.append(block)
                else:
                    copy.write(block)
                    good += 1
        if bad and good < 2:
            raise _refusal(path, bad[0], can_go_on=False)
        part.replace(target)
    except OSError as error:
        raise SkyloomError(
            f"a copy of {path.name} without its bad blocks could not be written "
            f"({error.strerror})",
            where=str(target),
            remedy="free some space or check the permissions, then run again",
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return tuple(bad)


def slices(path: Path, at_least: int) -> Iterator[bytes]:
    """The file as PBFs of some blocks each: the header block, then `at_least` bytes.

    Raises:
        DamagedError: naming the first block whose frame is bad.
    """
    with _opened(path) as (file, size):
        try:
            start = end = _end(file, 0, size)
            file.seek(0)
            header = file.read(end)
            while end < size:
                end = _end(file, end, size)
                if end - start >= at_least or end == size:
                    file.seek(start)
                    yield header + file.read(end - start)
                    start = end
        except _UnreadableError:
            raise first_damage(path) from None


def _first_bad(blocks: Iterator[bytes | BadBlock]) -> BadBlock | None:
    return next((block for block in blocks if isinstance(block, BadBlock)), None)


def _refusal(
    path: Path, bad: BadBlock | None, *, can_go_on: bool = True
) -> DamagedError:
    remedy = "download or export it again"
    if bad and bad.number and can_go_on:
        remedy += ", or load its other blocks with --keep-going"
    what = f"not a readable PBF ({bad})" if bad else "not a readable PBF"
    return DamagedError(what, where=str(path), remedy=remedy)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    try:
        with path.open("rb") as file:
            yield file, file.seek(0, 2)
    except OSError as error:
        raise SkyloomError(
            f"cannot be read ({error.strerror})", where=str(path)
        ) from None


def _blocks(path: Path, *, frames_only: bool = False) -> Iterator[bytes | BadBlock]:
    """The blocks as they stand in the file, or what is wrong with them."""
    with _opened(path) as (file, size):
        header = block = b""
        offset = number = 0
        while offset < size or not number:
            try:
                end = _end(file, offset, size)
                if not frames_only:
                    file.seek(offset)
                    block = file.read(end - offset)
                    _decode(header + block)
            except _UnreadableError as error:
                # A size may be what is damaged: any byte may start the next block.
                end = _next_start(file, offset + 1, size)
                yield BadBlock(number, offset, end - offset, str(error))
                if not number:
                    return
            else:
                header = header or block
                yield block
            offset = end
            number += 1


def _end(file: BinaryIO, offset: int, size: int) -> int:
    """Where the block at an offset ends, if its frame is whole."""
    file.seek(offset)
    length = int.from_bytes(file.read(4))
    if size - offset < 4 or not 0 < length <= MAX_BLOB_HEADER:
        raise _UnreadableError("no length of a BlobHeader")
    found = BLOB_HEADER.fullmatch(file.read(length))
    if not found or found[1].endswith(b"Header") != (offset == 0):
        raise _UnreadableError("no BlobHeader of the type that belongs there")
    start = offset + 4 + length
    length = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(found[2]))
    if not 0 < length <= MAX_BLOB:
        raise _UnreadableError(f"a Blob of {length} bytes")
    if start + length > size:
        raise _UnreadableError(f"cut off, {start + length - size} bytes are missing")
    return start + length


def _next_start(file: BinaryIO, start: int, size: int) -> int:
    """The first offset from `start` on that has a whole frame, or the file's end."""
    position = start
    while position < size:
        file.seek(position)
        chunk = file.read(SEARCHED_AT_ONCE)
        for found in re.finditer(START_OF_DATA, chunk):
            offset = position + found.start() - 4
            try:
                if offset >= start and _end(file, offset, size):
                    return offset
            except _UnreadableError:
                continue
        if len(chunk) < SEARCHED_AT_ONCE:
            break
        # What is looked for may lie across the edge.
        position += len(chunk) - len(START_OF_DATA) + 1
    return size


def _decode(blocks: bytes) -> None:
    try:
        drain(osmium.io.FileBuffer(blocks, "pbf"))
    except RuntimeError as error:
        reason = str(error).removeprefix("PBF error: ")
        raise _UnreadableError(reason) from None


def drain(source: osmium.io.File | osmium.io.FileBuffer) -> None:
    """Decode all of a source and make nothing of it.

    Raises:
        RuntimeError: it cannot be read.
    """
    with osmium.io.Reader(source) as reader:
        # Lets nothing through to Python, after all of it is decoded. Filters that
        # look at tags crash on a NUL byte in one.
        osmium.apply(reader, osmium.filter.EntityFilter(osmium.osm.NOTHING))
