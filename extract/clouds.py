"""What a raster of classes calls cloud, on the pixels of the image beside it."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.crs import CRS
from rasterio.windows import Window

from extract.chips import CloudRule, FetchError, Mask
from extract.windows import ALIGNED_PX, Footprint

# Cells and pixels have sides in a ratio of small numbers: 2, 3/2, 1/6.
LARGEST_DENOMINATOR = 1000


def read_cloud(
    image: rasterio.DatasetReader, rule: CloudRule, footprint: Footprint, window: Window
) -> Mask:
    """Which pixels of a window a raster of classes calls cloud.

    The class of a pixel is that of the cell that holds its centre, in integers
    throughout; a pixel beyond the raster is no cloud.

    Raises:
        FetchError: its cells do not fit the pixels of the image.
    """
    if image.crs != CRS.from_user_input(footprint["crs"]):
        raise FetchError("grid", "the clouds are in another reference system")
    a, _, c, _, e, f = footprint["transform"]
    step = image.transform
    cols = _cells(window.col_off, window.width, step.a / a, (step.c - c) / a)
    rows = _cells(window.row_off, window.height, step.e / e, (step.f - f) / e)
    on_cols = (cols >= 0) & (cols < image.width)
    on_rows = (rows >= 0) & (rows < image.height)
    cloud: Mask = np.zeros((window.height, window.width), dtype=np.bool_)
    if not on_cols.any() or not on_rows.any():
        return cloud
    cols, rows = cols[on_cols], rows[on_rows]
    left, top = int(cols[0]), int(rows[0])
    part = Window(left, top, int(cols[-1]) - left + 1, int(rows[-1]) - top + 1)
    found = rule.says(image.read(1, window=part))
    cloud[np.ix_(on_rows, on_cols)] = found[np.ix_(rows - top, cols - left)]
    return cloud


def _cells(
    start: int, count: int, ratio: float, offset: float
) -> npt.NDArray[np.int64]:
    """Cells that hold the centres of pixels; a cell is `ratio` pixels wide.

    (pixel + 1/2 - offset) / ratio, rounded down.
    """
    side = Fraction(ratio).limit_denominator(LARGEST_DENOMINATOR)
    shift = Fraction(offset).limit_denominator(LARGEST_DENOMINATOR)
    drift = abs(float(side) - ratio) * count, abs(float(shift) - offset)
    if side <= 0 or max(drift) > ALIGNED_PX:
        raise FetchError("grid", "the clouds are on a lattice that does not fit")
    pixels = np.arange(start, start + count, dtype=np.int64)
    twice = shift.denominator * (2 * pixels + 1) - 2 * shift.numerator
    below = 2 * shift.denominator * side.numerator
    cells: npt.NDArray[np.int64] = twice * side.denominator // below
    return cells
