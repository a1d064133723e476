"""The part of the filter language (AIP-160) that the real client writes itself."""

import json
import re
from typing import Any

import shapely

from tests.extract.earthengine_faults import ServiceError

CLAUSE = re.compile(r'([\w.:]+)\s*(>=|<=|<|>|=)\s*"?([^"]*)"?')
INTERSECTS = re.compile(r'intersects\("(.*)"\)', re.S)
COMPARE: dict[str, Any] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
}


def holds(asset: dict[str, Any], clause: str) -> bool:
    """Whether an asset meets one clause: a comparison, or intersects("GeoJSON")."""
    if region := INTERSECTS.fullmatch(clause):
        area = shapely.from_geojson(region[1].replace("'", '"'))
        shape = shapely.from_geojson(json.dumps(asset["geometry"]))
        return bool(area.intersects(shape))
    if not (parts := CLAUSE.fullmatch(clause)):
        raise ServiceError(400, f"Invalid filter: {clause}", "INVALID_ARGUMENT")
    name, operator, wanted = parts.groups()
    if not name.startswith("properties."):
        # RFC 3339 in UTC sorts as text.
        return name in asset and bool(COMPARE[operator](asset[name], wanted))
    value = asset.get("properties", {}).get(name.removeprefix("properties."))
    return value is not None and bool(COMPARE[operator](value, type(value)(wanted)))
