"""Whether a chip is a picture worth keeping."""

from dataclasses import dataclass

import numpy as np

from extract.chips import ChipRequest, RawChip


@dataclass(frozen=True, slots=True)
class Gate:
    """A source's thresholds, as the catalog's `sources` table states them."""

    min_valid_fraction: float
    min_std: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a chip is not kept: one word, and the numbers behind it."""

    reason: str
    detail: str


def valid_fraction(chip: RawChip) -> float:
    """Share of pixels that hold a picture."""
    return float(chip.valid.mean()) if chip.valid.size else 0.0


def spread(chip: RawChip) -> float:
    """Standard deviation over the valid pixels, in grey values of the liveliest band.

    Band by band, for a single flat colour must measure zero.
    """
    values = chip.pixels[:, chip.valid]
    return float(values.std(axis=1, dtype=np.float64).max()) if values.size else 0.0


def refusal(chip: RawChip, request: ChipRequest, gate: Gate) -> Refusal | None:
    """The first gate that a chip fails, or None."""
    size = (request.grid.height_px, request.grid.width_px)
    if chip.pixels.shape != (3, *size) or chip.valid.shape != size:
        got = "x".join(str(side) for side in chip.pixels.shape)
        return Refusal("wrong_size", f"{got} for 3x{size[0]}x{size[1]}")
    share = valid_fraction(chip)
    if share < gate.min_valid_fraction:
        return Refusal("nodata", f"{share:.4f} valid, {gate.min_valid_fraction} asked")
    std = spread(chip)
    if std < gate.min_std:
        return Refusal("blank", f"standard deviation {std:.3f} below {gate.min_std}")
    return None
