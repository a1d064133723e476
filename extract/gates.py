"""Whether a chip is a picture worth keeping."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from extract.chips import ChipRequest, RawChip, Values

WHITE = 255


@dataclass(frozen=True, slots=True)
class Gate:
    """A source's thresholds, as the catalog's `sources` table states them."""

    min_valid_fraction: float
    min_std: float
    max_saturated_fraction: float
    max_cloud_fraction: float

    @classmethod
    def of(cls, source: dict[str, Any]) -> "Gate":
        """The thresholds of a row of `sources`."""
        return cls(**{name: source[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a chip is not kept: one word, and the numbers behind it."""

    reason: str
    detail: str


def valid_fraction(chip: RawChip) -> float:
    """Share of pixels that hold a picture."""
    return np.count_nonzero(chip.valid) / chip.valid.size if chip.valid.size else 0.0


def saturated_fraction(chip: RawChip) -> float:
    """Share of the valid pixels that are white in all three bands."""
    darkest = _shown(chip).min(axis=0)
    white = np.count_nonzero(darkest == WHITE)
    return white / darkest.size if darkest.size else 0.0


def cloud_fraction(chip: RawChip) -> float | None:
    """Share of the valid pixels that the image itself calls cloud, if it says."""
    if chip.cloud is None:
        return None
    cloud = chip.cloud[chip.valid]
    return float(cloud.mean()) if cloud.size else 0.0


def spread(chip: RawChip) -> float:
    """Standard deviation over the valid pixels, in grey values of the liveliest band.

    Band by band, for a single flat colour must measure zero.
    """
    values = _shown(chip)
    return max(map(_std, values)) if values.size else 0.0


def _std(values: Values) -> float:
    """The standard deviation of bytes, from sums that are exact in any order."""
    n, total = values.size, int(values.sum(dtype=np.uint64))
    squares = int(np.square(values, dtype=np.uint16).sum(dtype=np.uint64))
    return math.sqrt(n * squares - total**2) / n


def _shown(chip: RawChip) -> Values:
    """The valid pixels' values, of shape (3, n)."""
    if chip.valid.all():
        return chip.pixels.reshape(len(chip.pixels), -1)
    # Not pixels[:, valid]: that lays values out by pixel, on which sums are slow.
    return np.stack([band[chip.valid] for band in chip.pixels])


def wrong_size(chip: RawChip, width_px: int, height_px: int) -> Refusal | None:
    """Whether pixels or masks have another shape than was asked for."""
    size = (height_px, width_px)
    masks = [chip.valid] if chip.cloud is None else [chip.valid, chip.cloud]
    if chip.pixels.shape == (3, *size) and all(one.shape == size for one in masks):
        return None
    got = "x".join(str(side) for side in chip.pixels.shape)
    return Refusal("wrong_size", f"{got} for 3x{size[0]}x{size[1]}")


def refusal(chip: RawChip, request: ChipRequest, gate: Gate) -> Refusal | None:
    """The first gate that a chip of bytes fails, or None."""
    wrong = wrong_size(chip, request.grid.width_px, request.grid.height_px)
    if wrong:
        return wrong
    share, least = valid_fraction(chip), gate.min_valid_fraction
    if share < least:
        return Refusal("nodata", f"{share:.4f} valid, {least} asked")
    share, most = saturated_fraction(chip), gate.max_saturated_fraction
    if share > most:
        return Refusal("saturated", f"{share:.4f} white, {most} allowed")
    cloud, most = cloud_fraction(chip), gate.max_cloud_fraction
    if cloud is not None and cloud > most:
        return Refusal("cloud", f"{cloud:.4f} cloud, {most} allowed")
    std = spread(chip)
    if std < gate.min_std:
        return Refusal("blank", f"standard deviation {std:.3f} below {gate.min_std}")
    return None
