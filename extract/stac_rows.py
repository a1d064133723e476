"""Rows of columns, as stac-geoparquet lays them out -> the JSON of STAC items."""

import json
from datetime import UTC, datetime
from typing import Any

import shapely


def as_item(row: dict[str, Any]) -> dict[str, Any]:
    """A row of columns as the JSON of an item; what is null is not there."""
    told = {key: _plain(value) for key, value in row.items() if value is not None}
    bbox = told.pop("bbox")
    item = {
        "type": "Feature",
        "bbox": [bbox[side] for side in ("xmin", "ymin", "xmax", "ymax")],
        "geometry": json.loads(
            shapely.to_geojson(shapely.from_wkb(told.pop("geometry")))
        ),
        "links": told.pop("links", []),
        "assets": told.pop("assets"),
        "stac_version": told.pop("stac_version", "1.0.0"),
        "stac_extensions": told.pop("stac_extensions", []),
        "id": told.pop("id"),
    }
    if "collection" in told:
        item["collection"] = told.pop("collection")
    told.pop("type", None)
    # JSON's null and a missing moment are told apart.
    told.setdefault("datetime", None)
    return {**item, "properties": told}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return value
