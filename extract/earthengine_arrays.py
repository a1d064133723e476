"""The arrays that Earth Engine sends: decoding, and what each pixel is worth."""

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from extract.chips import FetchError, Grid, Mask, Values

NPY_MAGIC = b"\x93NUMPY"
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
Fields = npt.NDArray[np.void]


def decode(body: bytes, bands: Sequence[str], grid: Grid) -> Fields:
    """The NPY array of a body: a field for each band, of shape (h, w).

    Raises:
        FetchError: truncated, decode.
    """
    stream = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(stream)
        shape, by_column, dtype = HEADERS[version](stream)
    except (ValueError, KeyError):
        what = "truncated" if NPY_MAGIC.startswith(body[: len(NPY_MAGIC)]) else "decode"
        raise FetchError(what, f"{len(body)} bytes that are no NPY array") from None
    missing = set(bands) - set(dtype.names or ())
    if missing or dtype.hasobject or shape != (grid.height_px, grid.width_px):
        raise FetchError(
            "decode",
            f"an array of {shape} with {dtype.names}, where "
            f"{(grid.height_px, grid.width_px)} with {tuple(bands)} was asked for",
        )
    count, start = shape[0] * shape[1], stream.tell()
    if len(body) - start < count * dtype.itemsize:
        raise FetchError("truncated", f"an NPY array that ends after {len(body)} bytes")
    # Not numpy.load: it copies field by field, which takes twenty times as long.
    fields: Fields = np.frombuffer(body, dtype, count, start)
    return fields.reshape(shape, order="F" if by_column else "C")


def valid_pixels(pixels: Values, nodata: float | None) -> Mask:
    """Where values of shape (3, h, w) are not what the service fills masks with."""
    valid: Mask = (pixels != (nodata or 0)).any(axis=0)
    if pixels.dtype.kind == "f":
        valid &= np.isfinite(pixels).all(axis=0)
    return valid
