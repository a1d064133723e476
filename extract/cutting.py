"""A chip's window cut out of the sheet that it was read with."""

from extract.chips import Grid, RawChip
from extract.windows import ALIGNED_PX


def cut(raw: RawChip, sheet: Grid, chip: Grid) -> RawChip:
    """The part of a sheet's pixels and masks that lies on the chip's grid.

    Raises:
        ValueError: the chip is not a window of the sheet in whole pixels.
    """
    if chip == sheet:
        return raw
    left, top = offset(sheet, chip)
    right, bottom = left + chip.width_px, top + chip.height_px
    if min(left, top) < 0 or right > sheet.width_px or bottom > sheet.height_px:
        raise ValueError("the chip is not inside its sheet")
    rows, cols = slice(top, bottom), slice(left, right)
    return RawChip(
        raw.pixels[:, rows, cols],
        raw.valid[rows, cols],
        raw.image_ids,
        None if raw.cloud is None else raw.cloud[rows, cols],
    )


def offset(sheet: Grid, chip: Grid) -> tuple[int, int]:
    """Column and row of the chip's first pixel on the sheet's lattice."""
    if chip.crs != sheet.crs or chip.transform[:2] != sheet.transform[:2]:
        raise ValueError("the chip is not on its sheet's lattice")
    if chip.transform[3:5] != sheet.transform[3:5]:
        raise ValueError("the chip is not on its sheet's lattice")
    col, row = ~sheet.affine @ (chip.transform[2], chip.transform[5])
    if max(abs(col - round(col)), abs(row - round(row))) > ALIGNED_PX:
        raise ValueError("the chip is not on its sheet's lattice")
    return round(col), round(row)
