"""An image that someone chose as an example: decoded within bounds, never stored."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError

from skyloom.errors import UsageError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
MOST_PIXELS = 50_000_000


@dataclass(frozen=True)
class Example:
    """The digest of the file, and its pixels as a PIL image in RGB."""

    digest: str
    picture: Any


def decoded(content: bytes) -> Example:
    """Decode a file.

    Raises:
        UsageError: it is no image of a known kind, damaged, or too large.
    """
    if not content:
        raise UsageError("the file is empty")
    try:
        with warnings.catch_warnings():
            # Pillow only warns of what is not twice too large.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                picture = image.convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UsageError(
            f"the image has more than {MOST_PIXELS // 1_000_000} million pixels"
        ) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise UsageError(
            "the file is no readable image", remedy=f"use {', '.join(FORMATS)}"
        ) from None
    return Example(hashlib.sha256(content).hexdigest(), picture)
