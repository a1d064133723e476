"""The tiles of a raster as images, with their places on the ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from PIL import Image
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from skyloom.errors import UsageError

LONLAT = "OGC:CRS84"
Bounds = tuple[float | None, float | None, float | None, float | None]


@dataclass(frozen=True)
class Tiles:
    """How a raster is cut and shown: bands of red, green, blue; black and white."""

    side_px: int
    bands: tuple[int, ...] | None = None
    scale: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Tile:
    """A window, its bounds in degrees (null without a CRS), and its RGB image.

    Without a pixel of data it has no image.
    """

    raster: str
    col_px: int
    row_px: int
    width_px: int
    height_px: int
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    image: Any

    def about(self) -> dict[str, Any]:
        """The columns of its rows."""
        columns = {**self.__dict__}
        del columns["image"]
        return columns


def check_tiles(path: Path, tiles: Tiles) -> None:
    """Refuse a raster that cannot be shown with these bands and this scale.

    Raises:
        UsageError: it is none, lacks a band, or its values have no known range.
    """
    with _opened(path) as raster:
        bands = _bands(raster, tiles)
        if missing := [band for band in bands if not 1 <= band <= raster.count]:
            raise UsageError(
                f"has no band {missing[0]}: it has {raster.count}", where=str(path)
            )
        kinds = {raster.dtypes[band - 1] for band in bands}
        if kinds != {"uint8"} and tiles.scale is None:
            raise UsageError(
                f"its values are {', '.join(sorted(kinds))}",
                where=str(path),
                remedy="say which are black and white with --scale, as in 0,3000",
            )


def count_tiles(path: Path, tiles: Tiles) -> int:
    """How many tiles a raster has."""
    with _opened(path) as raster:
        return sum(1 for _ in _windows(raster, tiles.side_px))


def read_tiles(path: Path, tiles: Tiles) -> Iterator[Tile]:
    """The tiles row by row; one window is read at a time.

    At the right and lower edge the last tile is moved back into the raster, so that
    all tiles are of one size.

    Raises:
        UsageError: the raster is damaged.
    """
    with _opened(path) as raster:
        for window in _windows(raster, tiles.side_px):
            try:
                image = _image(raster, window, tiles)
            except RasterioError as error:
                raise UsageError(
                    f"cannot be read at column {window.col_off}, row {window.row_off} "
                    f"({str(error).splitlines()[0]})",
                    where=str(path),
                ) from None
            place = (window.col_off, window.row_off, window.width, window.height)
            yield Tile(str(path), *place, *_bounds(raster, window), image)


def _opened(path: Path) -> Any:
    try:
        return rasterio.open(path)
    except RasterioError as error:
        raise UsageError(
            f"is no raster ({str(error).splitlines()[0]})", where=str(path)
        ) from None


def _windows(raster: Any, side: int) -> Iterator[Window]:
    for row in _starts(raster.height, side):
        for col in _starts(raster.width, side):
            width, height = min(side, raster.width), min(side, raster.height)
            yield Window(col, row, width, height)


def _starts(size: int, side: int) -> list[int]:
    starts = list(range(0, max(size - side, 0) + 1, side))
    return starts if starts[-1] + side >= size else [*starts, size - side]


def _bands(raster: Any, tiles: Tiles) -> tuple[int, ...]:
    return tiles.bands or ((1, 2, 3) if raster.count >= 3 else (1, 1, 1))


def _image(raster: Any, window: Window, tiles: Tiles) -> Any:
    if not raster.dataset_mask(window=window).any():
        return None
    values = raster.read(_bands(raster, tiles), window=window)
    if tiles.scale:
        black, white = tiles.scale
        shown = (values.astype(np.float64) - black) / (white - black) * 255
        # What is no number is shown as black.
        values = np.nan_to_num(shown).clip(0, 255).round().astype(np.uint8)
    return Image.fromarray(np.moveaxis(values, 0, -1))


def _bounds(raster: Any, window: Window) -> Bounds:
    if raster.crs is None:
        return (None, None, None, None)
    bounds = transform_bounds(raster.crs, LONLAT, *raster.window_bounds(window))
    west, south, east, north = (round(degrees, 9) for degrees in bounds)
    return west, south, east, north
