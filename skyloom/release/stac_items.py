"""One image as a STAC item, in the columns of STAC GeoParquet."""

import calendar
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa
import pyproj
import shapely

from skyloom.release.names import image_path
from skyloom.release.pairs import Row

COLLECTION = "skyloom-release"
EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
]
TIME = pa.timestamp("us", tz="UTC")
BAND = pa.struct([("name", pa.string()), ("eo:common_name", pa.string())])
ASSET = pa.struct(
    [
        ("href", pa.string()),
        ("type", pa.string()),
        ("roles", pa.list_(pa.string())),
        ("bands", pa.list_(BAND)),
        ("file:size", pa.int64()),
        ("file:checksum", pa.string()),
    ]
)
LINK = pa.struct([("rel", pa.string()), ("href", pa.string()), ("type", pa.string())])
BOX = pa.struct([(side, pa.float64()) for side in ("xmin", "ymin", "xmax", "ymax")])
SCHEMA = pa.schema(
    [
        ("type", pa.string()),
        ("stac_version", pa.string()),
        ("stac_extensions", pa.list_(pa.string())),
        ("id", pa.string()),
        ("geometry", pa.binary()),
        ("bbox", BOX),
        ("links", pa.list_(LINK)),
        ("assets", pa.struct([("image", ASSET)])),
        ("collection", pa.string()),
        ("datetime", TIME),
        ("start_datetime", TIME),
        ("end_datetime", TIME),
        ("gsd", pa.float64()),
        ("license", pa.string()),
        ("proj:code", pa.string()),
        ("proj:wkt2", pa.string()),
        ("proj:transform", pa.list_(pa.float64())),
        ("proj:shape", pa.list_(pa.int32())),
        ("skyloom:title", pa.string()),
        ("skyloom:title_multi_objects", pa.string()),
        ("skyloom:split", pa.string()),
        ("skyloom:source", pa.string()),
        ("skyloom:license", pa.string()),
        ("skyloom:attribution", pa.string()),
        ("skyloom:acquired_precision", pa.string()),
    ]
)
BANDS = [{"name": one, "eo:common_name": one} for one in ("red", "green", "blue")]
# STAC wants a time of every item: an unknown one is anywhere between these.
UNKNOWN = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def item(row: Row) -> dict[str, Any]:
    """One row of SCHEMA."""
    place = footprint(row)
    west, south, east, north = place.bounds
    taken, first, last = interval(row["acquired"], row["acquired_precision"])
    crs, licence = row["crs"] or "", row["license"] or "other"
    is_code = crs.upper().startswith("EPSG:")
    transform = row["transform"]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": EXTENSIONS,
        "id": row["image_id"],
        "geometry": shapely.to_wkb(place),
        "bbox": {"xmin": west, "ymin": south, "xmax": east, "ymax": north},
        "links": [
            {
                "rel": "collection",
                "href": "./collection.json",
                "type": "application/json",
            }
        ],
        "assets": {
            "image": {
                "href": f"./{image_path(row['image_id'])}",
                "type": "image/jpeg",
                "roles": ["data"],
                "bands": BANDS,
                "file:size": row["n_bytes"],
                # A multihash: sha2-256, of 32 bytes.
                "file:checksum": f"1220{row['sha256']}",
            }
        },
        "collection": COLLECTION,
        "datetime": taken,
        "start_datetime": first,
        "end_datetime": last,
        "gsd": row["gsd_x_m"],
        # STAC takes an identifier without blanks here; the whole text stands below.
        "license": licence if not set(licence) & set(" ;,/") else "other",
        "proj:code": crs if is_code else None,
        "proj:wkt2": None if is_code else crs or None,
        "proj:transform": [*transform, 0.0, 0.0, 1.0] if transform else None,
        "proj:shape": [row["height_px"], row["width_px"]],
        "skyloom:title": row["title"],
        "skyloom:title_multi_objects": row["title_multi_objects"],
        "skyloom:split": row["split"],
        "skyloom:source": row["source"],
        "skyloom:license": row["license"],
        "skyloom:attribution": row["attribution"],
        "skyloom:acquired_precision": row["acquired_precision"] or "unknown",
    }


def footprint(row: Row) -> shapely.Polygon:
    """The image's outline in degrees, or its box where the grid is unknown."""
    if not (row["crs"] and row["transform"]):
        return shapely.box(row["west"], row["south"], row["east"], row["north"])
    a, b, c, d, e, f = row["transform"]
    width, height = row["width_px"], row["height_px"]
    # Counterclockwise, as GeoJSON wants it of an image whose north is up.
    corners = [(0, height), (width, height), (width, 0), (0, 0)]
    xs = [a * x + b * y + c for x, y in corners]
    ys = [d * x + e * y + f for x, y in corners]
    longitudes, latitudes = _to_degrees(row["crs"]).transform(xs, ys)
    return shapely.Polygon(zip(longitudes, latitudes, strict=True))


def interval(
    acquired: datetime | None, precision: str | None
) -> tuple[datetime | None, datetime, datetime]:
    """The moment, if known to the minute, and the first and last that it may be."""
    if acquired is None:
        return None, *UNKNOWN
    first = acquired.replace(tzinfo=UTC)
    if precision == "minute":
        return first, first, first
    days = 366 if calendar.isleap(first.year) else 365
    span = timedelta(days=days if precision == "year" else 1)
    return None, first, first + span - timedelta(seconds=1)


@cache
def _to_degrees(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
