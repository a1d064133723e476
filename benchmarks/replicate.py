"""A larger extract made of one: copies with other ids, further east.

The blocks of a PBF are edited, not its objects: ids and longitudes are differences to
the object or the node before, so that a copy's block differs in a few first numbers.
What is not named here (tags, versions, roles) passes through unread. The result is
synthetic: each copy has the same objects, and ids have gaps as an extract's do.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)

ID_STEP = 2**35
"""Well above the ids of the planet, and 32 copies stay below 2**40."""
LON_STEP = 5 * 10**9
"""In units of 1e-9 degrees."""
KINDS = ("nodes", "ways", "relations")
# https://wiki.openstreetmap.org/wiki/PBF_Format: field numbers of what is edited.
FORMAT = {
    "BlobHeader": {"type": (1, "string"), "datasize": (3, "int32")},
    "Blob": {"raw": (1, "bytes"), "raw_size": (2, "int32"), "zlib_data": (3, "bytes")},
    "HeaderBlock": {"bbox": (1, "bytes")},
    # The strings are named to keep their place: DuckDB's reader passes over a block,
    # silently, whose strings come after its groups.
    "PrimitiveBlock": {
        "strings": (1, "bytes"),
        "groups": (2, "*Group"),
        "granularity": (17, "int32"),
    },
    "Group": {
        "nodes": (1, "*Node"),
        "dense": (2, "Dense"),
        "ways": (3, "*Way"),
        "relations": (4, "*Relation"),
    },
    "Node": {"id": (1, "sint64"), "lon": (9, "sint64")},
    "Dense": {"id": (1, "*sint64"), "lon": (9, "*sint64")},
    "Way": {"id": (1, "int64"), "refs": (8, "*sint64"), "lon": (10, "*sint64")},
    "Relation": {"id": (1, "int64"), "memids": (9, "*sint64")},
}


def _messages() -> dict[str, Any]:
    """A class for each message of FORMAT; '*' is repeated, numbers packed."""
    file = descriptor_pb2.FileDescriptorProto(name="osm.proto", package="osm")
    for name, fields in FORMAT.items():
        message = file.message_type.add(name=name)
        for key, (number, kind) in fields.items():
            bare = kind.removeprefix("*")
            field = message.field.add(name=key, number=number)
            field.label = 3 if kind != bare else 1
            if bare in FORMAT:
                field.type, field.type_name = field.TYPE_MESSAGE, f".osm.{bare}"
            else:
                field.type = getattr(field, f"TYPE_{bare.upper()}")
                field.options.packed = kind != bare
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"osm.{name}"))
        for name in FORMAT
    }


MESSAGES = _messages()


@dataclass(frozen=True)
class _Block:
    """Where a blob stands in the file, and what it holds."""

    start: int
    size: int
    kinds: frozenset[str]


def replicate(source: Path, target: Path, copies: int) -> None:
    """Write `copies` of a PBF into one, the source itself the first of them.

    The order is by type, then copy, so that a sorted source gives a sorted file. Ids
    must lie in 0 ... ID_STEP, longitudes stay below 180 degrees: nothing is wrapped.

    Raises:
        ValueError: the source is packed in another way than zlib or not at all.
    """
    with source.open("rb") as file, target.open("wb") as out:
        header, blocks = _survey(file)
        header.ClearField("bbox")  # no longer true, and optional
        _write(out, "OSMHeader", header)
        for kind in KINDS:
            for copy in range(copies):
                for block in blocks:
                    if kind in block.kinds:
                        file.seek(block.start)
                        _write(out, "OSMData", _edit(file.read(block.size), kind, copy))


def _survey(file: BinaryIO) -> tuple[Any, list[_Block]]:
    header, blocks = None, []
    for name, start, size in _blobs(file):
        data = _unpack(file.read(size))
        if name == "OSMHeader":
            header = MESSAGES["HeaderBlock"].FromString(data)
        elif name == "OSMData":
            groups = MESSAGES["PrimitiveBlock"].FromString(data).groups
            kinds = frozenset(k for k in KINDS if any(_holds(g, k) for g in groups))
            blocks.append(_Block(start, size, kinds))
    return header, blocks


def _blobs(file: BinaryIO) -> Iterator[tuple[str, int, int]]:
    """Type, place and size of each blob; the file stands at its start."""
    while length := file.read(4):
        head = MESSAGES["BlobHeader"].FromString(
            file.read(int.from_bytes(length, "big"))
        )
        start = file.tell()
        yield head.type, start, head.datasize
        file.seek(start + head.datasize)


def _unpack(data: bytes) -> bytes:
    blob = MESSAGES["Blob"].FromString(data)
    if not (blob.HasField("raw") or blob.HasField("zlib_data")):
        raise ValueError("packed in another way than zlib or not at all")
    return bytes(blob.raw) or zlib.decompress(blob.zlib_data)


def _write(out: BinaryIO, name: str, message: Any) -> None:
    data = message.SerializeToString()
    blob = MESSAGES["Blob"](raw_size=len(data), zlib_data=zlib.compress(data))
    body = blob.SerializeToString()
    head = MESSAGES["BlobHeader"](type=name, datasize=len(body)).SerializeToString()
    out.write(len(head).to_bytes(4, "big") + head + body)


def _holds(group: Any, kind: str) -> bool:
    dense = kind == "nodes" and group.HasField("dense")
    return dense or bool(getattr(group, kind))


def _edit(data: bytes, kind: str, copy: int) -> Any:
    """The groups of one kind, as the copy has them."""
    block = MESSAGES["PrimitiveBlock"].FromString(_unpack(data))
    step, east = copy * ID_STEP, copy * LON_STEP // (block.granularity or 100)
    for number in reversed(range(len(block.groups))):
        if not _holds(block.groups[number], kind):
            del block.groups[number]
    for group in block.groups:
        for node in group.nodes:
            node.id += step
            node.lon += east
        _move(group.dense.id, step)
        _move(group.dense.lon, east)
        for way in group.ways:
            way.id += step
            _move(way.refs, step)
            _move(way.lon, east)
        for relation in group.relations:
            relation.id += step
            _move(relation.memids, step)
    return block


def _move(deltas: Any, by: int) -> None:
    """The first is a value, the others are differences."""
    if deltas:
        deltas[0] += by
