"""The place that an image file shows."""

from pathlib import Path

from extract.outlines import outline
from extract.rasters import open_raster


def lonlat_bounds(path: str | Path) -> tuple[float, float, float, float]:
    """West, south, east and north in degrees; the path or URL passed `check_raster`."""
    with open_raster(path) as image:
        edge = outline(image.crs.to_wkt(), image.transform, image.width, image.height)
    west, south, east, north = edge.bounds
    return west, south, east, north
