"""Chips from the image files that footprints name."""

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioError
from rasterio.windows import Window

from extract.chips import FetchError, Grid, Limits, Mask, Pixels, RawChip, Sheet
from extract.rasters import content_sha256

OPEN_PER_THREAD = 8
OPAQUE = 128
# Far below a pixel, far above the rounding of large coordinates.
ALIGNED_PX = 1e-3


class FileSource:
    """Windows of local rasters on their own grid; each thread has its own handles."""

    name = "file"
    limits = Limits("file", in_flight=4)

    def __init__(self, footprints: pl.DataFrame) -> None:
        """`footprints` holds every image that a request may name."""
        self._images = {
            (row["source"], row["source_image_id"]): row
            for row in footprints.iter_rows(named=True)
        }
        self._mine = threading.local()
        self._digests: dict[str, str] = {}
        self._digesting = threading.Lock()
        self._all: set[rasterio.DatasetReader] = set()

    def fetch(self, sheet: Sheet) -> RawChip:
        """Read the sheet's window.

        Raises:
            FetchError: the file is gone, damaged, or not the one that was indexed.
        """
        footprint = self._images[sheet.source, sheet.image_ids[0]]
        try:
            image = self._handle(footprint)
            window = _window(sheet.grid, footprint)
            pixels, valid = read_window(image, footprint, window)
        except (RasterioError, OSError) as error:
            raise FetchError("read", f"{footprint['location']}: {error}") from None
        return RawChip(pixels, valid, sheet.image_ids)

    def close(self) -> None:
        """Close every thread's files."""
        for image in self._all:
            image.close()

    def _handle(self, footprint: dict[str, Any]) -> rasterio.DatasetReader:
        handles: OrderedDict[str, rasterio.DatasetReader]
        handles = self._mine.__dict__.setdefault("handles", OrderedDict())
        location = footprint["location"]
        if location not in handles:
            if len(handles) >= OPEN_PER_THREAD:
                _, oldest = handles.popitem(last=False)
                self._all.discard(oldest)
                oldest.close()
            image = rasterio.open(location)
            self._all.add(image)
            self._check_unchanged(footprint)
            handles[location] = image
        handles.move_to_end(location)
        return handles[location]

    def _check_unchanged(self, footprint: dict[str, Any]) -> None:
        """Compare the content with what was indexed, once for each file."""
        location = footprint["location"]
        with self._digesting:
            if location not in self._digests:
                self._digests[location] = content_sha256(Path(location))
        if self._digests[location] != footprint["sha256"]:
            raise FetchError("changed", f"{location}: not the file that was indexed")


def _window(grid: Grid, footprint: dict[str, Any]) -> Window:
    """The grid's place inside the image, in whole pixels."""
    a, _, c, _, e, f = footprint["transform"]
    col, row = (grid.transform[2] - c) / a, (grid.transform[5] - f) / e
    if max(abs(col - round(col)), abs(row - round(row))) > ALIGNED_PX:
        raise FetchError("grid", "the request is not on the image's own grid")
    return Window(round(col), round(row), grid.width_px, grid.height_px)


def read_window(
    image: rasterio.DatasetReader, footprint: dict[str, Any], window: Window
) -> tuple[Pixels, Mask]:
    """RGB of shape (3, h, w) and which pixels hold a picture, of shape (h, w)."""
    rgb = footprint["rgb_bands"]
    bands = sorted(set(rgb))
    raw: Pixels = image.read(bands, window=window)
    pixels = raw[[bands.index(band) for band in rgb]]
    valid: Mask = np.ones(pixels.shape[1:], dtype=np.bool_)
    if footprint["nodata"] is not None:
        # One void band is a colour; a void pixel has all three.
        valid &= (pixels != footprint["nodata"]).any(axis=0)
    if footprint["alpha_band"] is not None:
        valid &= image.read(footprint["alpha_band"], window=window) >= OPAQUE
    flags = image.mask_flag_enums[0]
    # With an alpha flag the mask is that band, which may be infrared wrongly tagged.
    if MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
        valid &= image.read_masks(1, window=window) > 0
    if image.colorinterp[rgb[0] - 1] == ColorInterp.palette:
        table = _palette(image, rgb[0])
        valid &= table[pixels[0], 3] >= OPAQUE
        pixels = table[pixels[0], :3].transpose(2, 0, 1)
    return np.ascontiguousarray(pixels), valid


def _palette(image: rasterio.DatasetReader, band: int) -> Pixels:
    table = np.zeros((256, 4), dtype=np.uint8)
    for index, colour in image.colormap(band).items():
        if index < len(table):
            table[index] = colour
    return table
