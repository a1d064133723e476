"""What Earth Engine says of one image -> a row of the footprints."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
from affine import Affine
from pyproj.exceptions import ProjError

from extract.footprints import Row
from extract.known_sources import KnownSource
from extract.outlines import grid_columns, ground_columns
from extract.service_rows import (
    MALFORMED,
    can_be_named,
    cloud_fraction,
    credit,
    is_on_earth,
)

YEAR = timedelta(days=364)
PIXELS = ("Polygon", "MultiPolygon")
Asset = dict[str, Any]


class Passed(Exception):  # noqa: N818 - an image left out is no error
    """An image that chips cannot be cut from, and why in a few words."""


def footprint(known: KnownSource, asset: Asset) -> Row:
    """The row of an image of a known source.

    `nodata` stays null: what the service sends for masked pixels is 0.

    Raises:
        Passed: it lacks a band, or its grid is none that chips can be cut from.
    """
    try:
        return _row(known, asset)
    except MALFORMED:
        raise Passed("that make no sense") from None


def _row(known: KnownSource, asset: Asset) -> Row:
    name = asset["id"].rsplit("/", 1)[-1]
    if not can_be_named(name):
        raise Passed("with an id that cannot be printed")
    acquired, precision = _acquired(asset)
    bands = {band["id"]: band for band in asset.get("bands", ())}
    grid = _grid(known, bands)
    rgb = list(known.rgb)
    range_ = [known.scale_min, known.scale_max]
    version = [asset["id"], asset.get("updateTime"), rgb, None, *range_]
    return {
        "source": known.source,
        "kind": "earthengine",
        "source_image_id": name,
        "location": asset["id"],
        "band_locations": rgb,
        "sha256": hashlib.sha256(json.dumps(version).encode()).hexdigest(),
        "acquired": acquired,
        "acquired_precision": precision,
        "cloud_fraction": cloud_fraction(
            asset.get("properties", {}).get(known.cloud_property or "")
        ),
        **grid,
        **_outline(asset),
        "rgb_bands": None,
        "alpha_band": None,
        "nodata": None,
        "scale_min": known.scale_min,
        "scale_max": known.scale_max,
        "cloud_location": known.cloud_band if known.cloud_band in bands else None,
        "license": known.license,
        "attribution": credit(known, acquired),
        "drawn": False,
    }


def _acquired(asset: Asset) -> tuple[datetime | None, str | None]:
    """The start, in UTC; how exact it is shows in the hour and in the end."""
    start, end = (_moment(asset.get(key)) for key in ("startTime", "endTime"))
    if start is None:
        return None, None
    if start.time() != datetime.min.time():
        return start, "minute"
    whole_year = end is not None and end - start >= YEAR
    return start, "year" if whole_year else "day"


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _grid(known: KnownSource, bands: dict[str, Any]) -> Row:
    if not set(known.rgb) <= set(bands):
        raise Passed("without one of the bands")
    grids = [bands[name].get("grid", {}) for name in known.rgb]
    if any(grid != grids[0] for grid in grids):
        raise Passed("with bands on different grids")
    # What is zero is left out of the service's JSON.
    step = grids[0].get("affineTransform", {})
    size = grids[0].get("dimensions", {})
    crs = grids[0].get("crsCode") or grids[0].get("crsWkt")
    transform = Affine(
        step.get("scaleX", 0),
        step.get("shearX", 0),
        step.get("translateX", 0),
        step.get("shearY", 0),
        step.get("scaleY", 0),
        step.get("translateY", 0),
    )
    if not crs or not size.get("width") or not size.get("height"):
        raise Passed("without a grid")
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise Passed("rotated or not north up")
    try:
        return grid_columns(crs, transform, size["width"], size["height"])
    except ProjError:
        raise Passed("in an unknown coordinate reference system") from None
    except (ValueError, shapely.GEOSException):
        raise Passed("whose grid lies nowhere") from None


def _outline(asset: Asset) -> Row:
    """Where the image has pixels, if the service tells; else its grid's edge stays."""
    told = asset.get("geometry") or {}
    if told.get("type") not in PIXELS:
        return {}
    try:
        shape = shapely.make_valid(shapely.from_geojson(json.dumps(told)))
    except shapely.GEOSException:
        return {}
    if shape.geom_type not in PIXELS or not is_on_earth(shape):
        return {}
    return ground_columns(shape)
