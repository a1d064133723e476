"""STAC: the images as STAC GeoParquet, and the collection that they belong to."""

import json
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from skyloom.release.folder import once, write_text
from skyloom.release.pairs import Pairs
from skyloom.release.stac_items import BANDS, COLLECTION, SCHEMA, interval, item
from skyloom.release.terms import image_licenses

ITEMS = "items.parquet"
ROWS_AT_ONCE = 10_000
GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {
        "geometry": {
            "encoding": "WKB",
            "geometry_types": ["Polygon"],
            "covering": {
                "bbox": {
                    side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")
                }
            },
        }
    },
}
EXTENT = """
select
    min(west) as west, min(south) as south, max(east) as east, max(north) as north,
    min(acquired) as first_day, arg_max(acquired, acquired) as last_day,
    arg_max(acquired_precision, acquired) as precision,
    list_sort(list(distinct round(gsd_x_m, 2))) as gsds
from pairs
"""


def write_stac(pairs: Pairs, folder: Path) -> None:
    """`collection.json`, and `items.parquet` with a row for each image."""
    collection = collection_of(pairs)
    text = json.dumps(collection, indent=1, ensure_ascii=False)
    write_text(folder / "collection.json", f"{text}\n")
    about = {"version": "1.1.0", "collections": {COLLECTION: collection}}
    schema = SCHEMA.with_metadata(
        {"geo": json.dumps(GEO), "stac-geoparquet": json.dumps(about)}
    )

    def write(part: Path) -> None:
        rows = pairs.rows()
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            while block := [item(row) for row in islice(rows, ROWS_AT_ONCE)]:
                writer.write_table(pa.Table.from_pylist(block, schema))

    once(folder / ITEMS, write)


def collection_of(pairs: Pairs) -> dict[str, Any]:
    """The collection: extent in place and time, terms, and where its items are."""
    row = next(pairs.ask(EXTENT))
    world = (-180.0, -90.0, 180.0, 90.0)
    sides = [row[side] for side in ("west", "south", "east", "north")]
    _, first, _ = interval(row["first_day"], "day")
    _, _, last = interval(row["last_day"], row["precision"])
    licences = image_licenses(pairs)
    # Captions are the ODbL's and pixels not: one identifier never says it all.
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": COLLECTION,
        "title": "Images from above with captions from OpenStreetMap",
        "description": (
            "Images of a Skyloom release. Captions and metadata: (c) OpenStreetMap "
            f"contributors, ODbL-1.0. Pixels: {', '.join(licences) or 'none'}; see "
            "LICENSES.md and ATTRIBUTION.md."
        ),
        "license": "other",
        "extent": {
            "spatial": {"bbox": [list(world) if None in sides else sides]},
            "temporal": {
                "interval": [[_moment(first), _moment(last)]],
            },
        },
        "summaries": {"gsd": row["gsds"] or []},
        "item_assets": {
            "image": {"type": "image/jpeg", "roles": ["data"], "bands": BANDS}
        },
        "links": [
            {"rel": "license", "href": "./LICENSES.md", "type": "text/markdown"},
        ],
        "assets": {
            "items": {
                "href": f"./{ITEMS}",
                "type": "application/vnd.apache.parquet",
                "roles": ["collection-mirror"],
            }
        },
    }


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
