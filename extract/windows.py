"""Windows of image files: values, and what is valid. Never resampled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from extract.chips import FetchError, Grid, Mask, Pixels, RawChip, Values

# Far below a pixel, far above the rounding of large coordinates.
ALIGNED_PX = 1e-3
Footprint = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bands:
    """Some bands of one file: values, what its own mask keeps, and its colours."""

    values: Values
    valid: Mask
    palette: Pixels | None


def window_of(grid: Grid, footprint: Footprint) -> Window:
    """The grid's place on the image in whole pixels; it may reach beyond the image.

    Raises:
        FetchError: the grid is not on the image's lattice.
    """
    a, _, c, _, e, f = footprint["transform"]
    col, row = (grid.transform[2] - c) / a, (grid.transform[5] - f) / e
    steps = grid.transform[0] / a - 1, grid.transform[4] / e - 1
    drift = max(map(abs, steps)) * max(grid.width_px, grid.height_px)
    if (
        grid.crs != footprint["crs"]
        or max(abs(col - round(col)), abs(row - round(row)), drift) > ALIGNED_PX
    ):
        raise FetchError("grid", "the request is not on the image's own grid")
    return Window(round(col), round(row), grid.width_px, grid.height_px)


def inside(window: Window, footprint: Footprint) -> Window | None:
    """The part of a window that lies on the image, None where there is none."""
    left, top = max(window.col_off, 0), max(window.row_off, 0)
    right = min(window.col_off + window.width, footprint["width_px"])
    bottom = min(window.row_off + window.height, footprint["height_px"])
    if left >= right or top >= bottom:
        return None
    return Window(left, top, right - left, bottom - top)


def read_bands(
    image: rasterio.DatasetReader,
    bands: Sequence[int],
    window: Window,
    alpha: int | None = None,
) -> Bands:
    """The values of 1-based `bands`, one of which may be named several times."""
    stored = sorted(set(bands))
    raw: Values = image.read(stored, window=window)
    # Fancy indexing copies, and most files hold their bands in the order asked for.
    straight = stored == list(bands)
    values = raw if straight else raw[[stored.index(band) for band in bands]]
    valid: Mask = np.ones(values.shape[1:], dtype=np.bool_)
    if alpha is not None:
        opacity = image.read(alpha, window=window)
        valid &= opacity >= opaque(opacity.dtype)
    flags = image.mask_flag_enums[bands[0] - 1]
    # With an alpha flag the mask is that band, which may be infrared wrongly tagged.
    if MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
        valid &= image.read_masks(bands[0], window=window) > 0
    has_palette = image.colorinterp[bands[0] - 1] == ColorInterp.palette
    palette = _palette(image, bands[0]) if has_palette else None
    return Bands(values, valid, palette)


def opaque(dtype: npt.DTypeLike) -> float:
    """The least alpha that counts as opaque."""
    kind = np.dtype(dtype)
    return (int(np.iinfo(kind).max) + 1) // 2 if kind.kind in "iu" else 0.5


def assemble(parts: Sequence[Bands], nodata: float | None) -> tuple[Values, Mask]:
    """RGB of shape (3, h, w) from one file's three bands or from three files."""
    one = len(parts) == 1
    values = parts[0].values if one else np.concatenate([p.values for p in parts])
    valid = np.logical_and.reduce([part.valid for part in parts])
    if nodata is not None:
        # One void band is a colour; a void pixel has all three.
        void = np.isnan(values) if np.isnan(nodata) else values == nodata
        valid &= ~void.all(axis=0)
    palette = parts[0].palette
    if one and palette is not None and values.dtype == np.uint8:
        valid &= palette[values[0], 3] >= opaque(np.uint8)
        values = palette[values[0], :3].transpose(2, 0, 1)
    return np.ascontiguousarray(values), valid


def _palette(image: rasterio.DatasetReader, band: int) -> Pixels:
    table = np.zeros((256, 4), dtype=np.uint8)
    for index, colour in image.colormap(band).items():
        if index < len(table):
            table[index] = colour
    return table


def in_range_of(values: Values, own: Footprint, first: Footprint) -> Values:
    """Values of one image as those of another would be, so that both show alike."""
    ranges = [(image["scale_min"], image["scale_max"]) for image in (own, first)]
    (low, high), (to_low, to_high) = ranges
    if ranges[0] == ranges[1] or None in (*ranges[0], *ranges[1]):
        return values
    moved = (values - float(low)) * ((to_high - to_low) / (high - low)) + to_low
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        moved = np.rint(moved).clip(limits.min, limits.max)
    alike: Values = moved.astype(values.dtype)
    return alike


def spread_out(chip: RawChip, part: Window, whole: Window) -> RawChip:
    """A chip of a part of a window on the whole of it, void elsewhere."""
    if part == whole:
        return chip
    top, left = part.row_off - whole.row_off, part.col_off - whole.col_off
    place = np.s_[..., top : top + part.height, left : left + part.width]

    def widened(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        shape = (*values.shape[:-2], whole.height, whole.width)
        wide = np.zeros(shape, dtype=values.dtype)
        wide[place] = values
        return wide

    cloud = None if chip.cloud is None else widened(chip.cloud)
    pixels, valid = widened(chip.pixels), widened(chip.valid)
    return RawChip(pixels, valid, chip.image_ids, cloud, chip.n_bytes)


def lay_under(top: RawChip, below: RawChip) -> RawChip:
    """The first chip, and the second wherever the first is not valid."""
    filled = below.valid & ~top.valid
    cloud = top.cloud
    if below.cloud is not None:
        above = np.zeros_like(below.cloud) if cloud is None else cloud
        cloud = np.where(filled, below.cloud, above)
    elif cloud is not None:
        cloud = cloud & ~filled
    return RawChip(
        np.where(filled, below.pixels, top.pixels),
        top.valid | below.valid,
        top.image_ids,
        cloud,
        top.n_bytes + below.n_bytes,
    )
