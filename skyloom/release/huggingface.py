"""Hugging Face: Parquet with the images inside, as `datasets` and the hub read it."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from skyloom.release.folder import once
from skyloom.release.names import file_stem
from skyloom.release.pairs import Pairs, Row
from skyloom.release.records import AS_JSON, SCHEMA, as_json, record

FOLDER = "data"
# The hub's viewer reads a row group at a time, images and all.
GROUP_ROWS = 100
KINDS = {
    pa.string(): "string",
    pa.float64(): "float64",
    pa.int32(): "int32",
    pa.bool_(): "bool",
}
COLUMNS = pa.schema(
    [
        ("image", pa.struct({"bytes": pa.binary(), "path": pa.string()})),
        *(SCHEMA.field(name) for name in SCHEMA.names if name != "filepath"),
    ]
)


def features() -> list[dict[str, object]]:
    """The columns as a card's YAML names them."""
    found: list[dict[str, object]] = [{"name": "image", "dtype": "image"}]
    for field in list(COLUMNS)[1:]:
        is_list = pa.types.is_list(field.type)
        kind = KINDS[field.type.value_type if is_list else field.type]
        found.append({"name": field.name, "list" if is_list else "dtype": kind})
    return found


def shard_names(split: str, count: int, shard_rows: int) -> list[str]:
    """The files of a split; one without pairs has one file all the same."""
    total = max(1, -(-count // shard_rows))
    return [f"{FOLDER}/{split}-{n:05}-of-{total:05}.parquet" for n in range(total)]


def write_huggingface(
    pairs: Pairs, folder: Path, shard_rows: int, step: Callable[[int], None]
) -> None:
    """`data/{split}-{number}-of-{total}.parquet`."""
    schema = COLUMNS.with_metadata({"huggingface": json.dumps(_typed())})
    for split, count in (pairs.splits or {"train": 0}).items():
        for number, name in enumerate(shard_names(split, count, shard_rows)):
            first = number * shard_rows
            last = min(count, first + shard_rows)
            write = partial(_write_shard, schema, pairs, split, (first, last))
            once(folder / name, write)
            step(last - first)


def _write_shard(
    schema: pa.Schema, pairs: Pairs, split: str, span: tuple[int, int], part: Path
) -> None:
    rows = pairs.rows(split, span, tags=True) if span[1] else iter(())
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for block in _blocks(_cells(pairs, row) for row in rows):
            writer.write_table(pa.Table.from_pylist(block, schema))


def _blocks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        block.append(row)
        if len(block) == GROUP_ROWS:
            yield block
            block = []
    if block:
        yield block


def _cells(pairs: Pairs, row: Row) -> Row:
    one = record(row, has_file=False)
    image = {"bytes": pairs.image(row), "path": f"{file_stem(row['image_id'])}.jpg"}
    return one | {name: as_json(one[name]) for name in AS_JSON} | {"image": image}


def _typed() -> dict[str, object]:
    """The columns as `datasets` writes them into a Parquet file of its own."""
    typed: dict[str, object] = {"image": {"_type": "Image"}}
    for field in list(COLUMNS)[1:]:
        is_list = pa.types.is_list(field.type)
        kind = KINDS[field.type.value_type if is_list else field.type]
        value = {"dtype": kind, "_type": "Value"}
        typed[field.name] = {"feature": value, "_type": "List"} if is_list else value
    return {"info": {"features": typed}}
