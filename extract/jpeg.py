"""The one JPEG encoder, so that equal pixels are equal bytes whatever their source."""

import io

import numpy as np
from PIL import Image

from extract.chips import RawChip

FULL_COLOUR = 0  # Pillow's number for 4:4:4, no chroma subsampling


def encode(chip: RawChip, quality: int) -> bytes:
    """A JPEG without metadata; pixels that hold no picture are black."""
    shown = chip.pixels if chip.valid.all() else np.where(chip.valid, chip.pixels, 0)
    # Not an array of pixels: laying the bands out so takes as long as the encoder.
    bands = [Image.fromarray(np.ascontiguousarray(band, np.uint8)) for band in shown]
    image = Image.merge("RGB", bands)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=FULL_COLOUR, optimize=False)
    return buffer.getvalue()
