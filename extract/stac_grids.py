"""The pixel grid of a STAC item: as the item tells it, or as its file does."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pystac
import rasterio
import shapely
from affine import Affine
from pyproj.exceptions import ProjError
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError

from extract import remote
from extract.chips import FetchError
from extract.footprints import Row
from extract.outlines import grid_columns, ground_columns
from extract.rasters import MIN_SIDE_PX, crs_text
from extract.signing import Signer


class UnfitError(Exception):
    """Why no chips can be cut from an item, in words that fit many items."""


@dataclass(frozen=True, slots=True)
class Band:
    """An asset's file, the 1-based band in it, and the asset itself."""

    href: str
    number: int
    asset: pystac.Asset


@dataclass(frozen=True, slots=True)
class ImageGrid:
    """A north-up pixel grid and the value that means nothing on it."""

    crs: str
    transform: Affine
    width_px: int
    height_px: int
    nodata: float | None = field(compare=False)


def said(item: pystac.Item, asset: pystac.Asset, *names: str) -> Any:
    """The first of some fields that the asset has, or else the item."""
    for name in names:
        value = asset.extra_fields.get(name, item.properties.get(name))
        if value is not None:
            return value
    return None


def grid_of(
    item: pystac.Item, bands: list[Band], signer: Signer, timeout_s: float
) -> ImageGrid:
    """The grid that all bands share.

    Raises:
        UnfitError: they do not share one, or no chips can be cut from it.
    """
    told = [_told_grid(item, band) for band in bands]
    first = told[0]
    if first is None or None in told:
        files = {band.href: band for band in bands}
        told = [_header_grid(band, signer, timeout_s) for band in files.values()]
        first = told[0]
    if first is None or any(grid != first for grid in told):
        raise UnfitError("whose bands are on different grids")
    step = first.transform
    if step.b or step.d or step.a <= 0 or step.e >= 0:
        raise UnfitError("that are rotated or not north up")
    if min(first.width_px, first.height_px) < MIN_SIDE_PX:
        raise UnfitError("of a few pixels")
    return first


def _told_grid(item: pystac.Item, band: Band) -> ImageGrid | None:
    """The grid as the projection extension tells it, whatever its version."""
    crs = said(item, band.asset, "proj:code", "proj:epsg", "proj:wkt2")
    crs = crs or said(item, band.asset, "proj:projjson")
    transform = said(item, band.asset, "proj:transform")
    shape = said(item, band.asset, "proj:shape")
    if not (crs and transform and shape):
        return None
    try:
        text = crs_text(CRS.from_user_input(crs))
        numbers = [float(number) for number in transform[:6]]
        height_px, width_px = map(int, shape)
        return ImageGrid(text, Affine(*numbers), width_px, height_px, _nodata(band))
    except (CRSError, TypeError, ValueError):
        raise UnfitError("whose grid makes no sense") from None


def _header_grid(band: Band, signer: Signer, timeout_s: float) -> ImageGrid:
    """The grid of the file itself, which costs a request."""
    driver = remote.driver_of(band.href)
    try:
        with (
            remote.session(timeout_s),
            rasterio.open(signer.sign(band.href), driver=driver) as f,
        ):
            if f.crs is None:
                raise UnfitError("without a reference system")
            nodata = f.nodatavals[band.number - 1]
            return ImageGrid(crs_text(f.crs), f.transform, f.width, f.height, nodata)
    except (RasterioError, OSError, FetchError, IndexError):
        raise UnfitError(
            "whose grid nobody tells and whose files do not open"
        ) from None


def _nodata(band: Band) -> float | None:
    fields = band.asset.extra_fields
    described = fields.get("raster:bands") or fields.get("bands") or []
    own = described[band.number - 1] if len(described) >= band.number else {}
    value = own.get("nodata", fields.get("nodata"))
    return None if value is None else float(value)


def place_columns(item: pystac.Item, grid: ImageGrid) -> Row:
    """Grid columns; the geometry is the part of the grid where the item has pixels."""
    try:
        row = grid_columns(grid.crs, grid.transform, grid.width_px, grid.height_px)
    except (ProjError, ValueError, shapely.GEOSException):
        raise UnfitError("whose grid lies nowhere") from None
    edge = shapely.from_wkb(row["geometry"])
    if not np.isfinite(edge.bounds).all():
        raise UnfitError("whose grid lies nowhere")
    try:
        said = shapely.make_valid(shapely.geometry.shape(item.geometry or {}))
        part = shapely.intersection(edge, said)
    except (AttributeError, KeyError, TypeError, ValueError, shapely.GEOSException):
        part = edge
    return {**row, **ground_columns(part)} if shapely.area(part) > 0 else row
