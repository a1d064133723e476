"""One pair as a record: what a release says of an image besides its pixels."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skyloom.release.folder import once
from skyloom.release.names import image_path
from skyloom.release.pairs import Pairs, Row

METADATA = "metadata.parquet"
ROWS_AT_ONCE = 1_000
# Tags and time as JSON text: their keys and kinds differ from row to row.
AS_JSON = ("time", "center_tags", "surrounding_tags")
SCHEMA = pa.schema(
    {
        "image_id": pa.string(),
        "filepath": pa.string(),
        "title": pa.string(),
        "title_multi_objects": pa.string(),
        "polished": pa.string(),
        "similarity": pa.float64(),
        "split": pa.string(),
        "box": pa.list_(pa.float64()),
        "time": pa.string(),
        "center_tags": pa.string(),
        "surrounding_tags": pa.string(),
        "country": pa.string(),
        "osm_snapshot": pa.string(),
        "source": pa.string(),
        "source_image_ids": pa.list_(pa.string()),
        "gsd_m": pa.list_(pa.float64()),
        "width_px": pa.int32(),
        "height_px": pa.int32(),
        "crs": pa.string(),
        "transform": pa.list_(pa.float64()),
        "recipe": pa.string(),
        "sha256": pa.string(),
        "license": pa.string(),
        "attribution": pa.string(),
        "drawn": pa.bool_(),
    }
)


def record(row: Row, *, has_file: bool) -> dict[str, Any]:
    """A pair in the words of the published metadata, and with its provenance.

    `box` is W, S, E, N in degrees; `filepath` is null where a release has no such file.
    """
    return {
        name: row[name] for name in SCHEMA.names if name in row and name != "transform"
    } | {
        "filepath": image_path(row["image_id"]) if has_file else None,
        "box": [row["west"], row["south"], row["east"], row["north"]],
        "time": published_time(row["acquired"], row["acquired_precision"]),
        "gsd_m": [row["gsd_x_m"], row["gsd_y_m"]],
        "transform": row["transform"],
    }


def published_time(
    acquired: datetime | None, precision: str | None
) -> list[int] | int | None:
    """As SkyScript writes it: [year, month, day, hour, minute], a year, or null."""
    if acquired is None:
        return None
    if precision == "year":
        return acquired.year
    return [
        acquired.year,
        acquired.month,
        acquired.day,
        acquired.hour,
        acquired.minute,
    ]


def as_json(value: object) -> str:
    """JSON text on one line, in any script."""
    return json.dumps(value, ensure_ascii=False)


def write_metadata(pairs: Pairs, folder: Path, *, has_files: bool) -> None:
    """The records as one table, which every release holds."""

    def write(part: Path) -> None:
        with pq.ParquetWriter(part, SCHEMA, compression="zstd") as writer:
            block = []
            for row in pairs.rows(tags=True):
                one = record(row, has_file=has_files)
                block.append(one | {name: as_json(one[name]) for name in AS_JSON})
                if len(block) == ROWS_AT_ONCE * 10:
                    writer.write_table(pa.Table.from_pylist(block, SCHEMA))
                    block = []
            writer.write_table(pa.Table.from_pylist(block, SCHEMA))

    once(folder / METADATA, write)
