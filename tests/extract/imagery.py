"""Footprints as a service states them, without pixels."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
import shapely
from affine import Affine

from extract.outlines import grid_columns, to_lonlat
from extract.tables import schema
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import Box

UTM32 = "EPSG:32632"
STEP = 10.0
CORNER = (600_000.0, 5_200_000.0)


def image(
    name: str,
    col: float = 0,
    row: float = 0,
    *,
    size: int = 1000,
    crs: str = UTM32,
    step: float = STEP,
    pixels: shapely.Geometry | None = None,
    acquired: str | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A square image whose corner lies at (col, row) pixels of one lattice.

    `pixels` is where it has any, in its own pixel coordinates.
    """
    x, y = CORNER[0] + col * STEP, CORNER[1] - row * STEP
    affine = Affine(step, 0, x, 0, -step, y)
    grid = grid_columns(crs, affine, size, size)
    if pixels is not None:
        placed = shapely.transform(pixels, lambda xy: xy * (step, -step) + (x, y))
        lonlat = to_lonlat(crs)
        grid["geometry"] = shapely.to_wkb(
            shapely.transform(placed, lonlat.transform, interleaved=False)
        )
    return {
        "source": "S2",
        "kind": "earthengine",
        "source_image_id": name,
        "location": name,
        "band_locations": ["B4", "B3", "B2"],
        "sha256": f"sha-{name}",
        "acquired": datetime.fromisoformat(acquired) if acquired else None,
        "acquired_precision": "minute" if acquired else None,
        "scale_min": 0.0,
        "scale_max": 3000.0,
        "drawn": False,
        **grid,
        **changes,
    }


def frame(images: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Footprints as the planner reads them."""
    return pl.DataFrame(images, schema=schema(FOOTPRINTS))


def box_at(
    col: float, row: float, side: float, crs: str = UTM32, step: float = STEP
) -> Box:
    """The lon/lat box within a square of the lattice."""
    x, y = CORNER[0] + col * STEP, CORNER[1] - row * STEP
    square = shapely.box(x, y - side * step, x + side * step, y)
    lonlat = shapely.transform(square, to_lonlat(crs).transform, interleaved=False)
    west, south, east, north = lonlat.bounds
    return west, south, east, north
