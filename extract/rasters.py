"""What an image file says about itself, and whether chips can be cut from it."""

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
from pyproj.exceptions import ProjError
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from extract.outlines import to_lonlat
from skyloom.errors import SkyloomError, UsageError

MIN_SIDE_PX = 4
ALPHA_SAMPLES_PER_SIDE = 3
ALPHA_SAMPLE_PX = 128
ALPHA_EXTREME_SHARE = 0.9
DRAWN_MARK = "drawn by Skyloom"
GREY_BANDS = [1, 1, 1]


def open_raster(path: Path) -> rasterio.DatasetReader:
    """Open an image file.

    Raises:
        UsageError: there is no such file, or it is no raster.
    """
    if not path.is_file():
        raise UsageError("there is no such image file", where=str(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(path)
    except RasterioError:
        raise UsageError(
            "not an image that GDAL can read",
            where=str(path),
            remedy="name a GeoTIFF or another georeferenced raster",
        ) from None


def check_raster(path: str | Path) -> None:
    """Make sure that chips can be cut from a file.

    Raises:
        SkyloomError: it is missing, no raster, not georeferenced, not north up, or its
            values are no bytes; the remedy is in the message.
    """
    file = Path(path).expanduser().absolute()
    with open_raster(file) as image:
        trouble = _trouble(image)
    if trouble:
        what, remedy = trouble
        raise UsageError(what, where=str(file), remedy=remedy)


def _trouble(image: rasterio.DatasetReader) -> tuple[str, str] | None:
    kinds = sorted(set(image.dtypes))
    if not kinds:
        return "holds no bands", "name one of its subdatasets as a GeoTIFF of its own"
    if kinds != ["uint8"]:
        return (
            f"holds {', '.join(kinds)} values, chips are made of bytes (uint8)",
            "convert it with `gdal_translate -ot Byte -scale IN OUT`",
        )
    if image.crs is None:
        return (
            "has no coordinate reference system",
            "name it with `gdal_edit.py -a_srs EPSG:n FILE`",
        )
    step = image.transform
    if step.b or step.d or step.a <= 0 or step.e >= 0:
        return "is rotated or not north up", "turn it with `gdalwarp IN OUT`"
    if min(image.width, image.height) < MIN_SIDE_PX:
        return f"measures {image.width} x {image.height} pixels", "name a larger image"
    return (
        None
        if _on_earth(image)
        else (
            "has a coordinate reference system that cannot be turned into lon/lat",
            "name the right one with `gdal_edit.py -a_srs EPSG:n FILE`",
        )
    )


def _on_earth(image: rasterio.DatasetReader) -> bool:
    centre = image.transform @ (image.width / 2, image.height / 2)
    try:
        lonlat = to_lonlat(crs_text(image)).transform(*centre)
    except ProjError:
        return False
    return bool(np.isfinite(lonlat).all())


def crs_text(image: rasterio.DatasetReader) -> str:
    """`EPSG:n` where the file's CRS is exactly that, else its WKT."""
    # A lesser confidence would give a similar CRS, metres away.
    authority = image.crs.to_authority(confidence_threshold=100)
    return ":".join(authority) if authority else str(image.crs.to_wkt())


def rgb_bands(image: rasterio.DatasetReader, wanted: Sequence[int] | None) -> list[int]:
    """The 1-based bands of red, green and blue; a single band thrice.

    Raises:
        UsageError: `wanted` names a band that the file does not have.
    """
    if wanted is not None:
        if len(wanted) != 3 or not all(1 <= band <= image.count for band in wanted):
            raise UsageError(
                f"bands {tuple(wanted)} are not three of its {image.count}",
                where=image.name,
                remedy=f"name three bands between 1 and {image.count}",
            )
        return list(wanted)
    colours = list(image.colorinterp)
    named = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(colour in colours for colour in named):
        return [colours.index(colour) + 1 for colour in named]
    return [1, 2, 3] if image.count >= 3 else GREY_BANDS


def alpha_band(image: rasterio.DatasetReader, rgb: Sequence[int]) -> int | None:
    """The 1-based band that holds transparency, if there is one.

    GDAL writes a fourth byte band as alpha unless told otherwise, so the near
    infrared of many RGBN files is tagged so. The tag is believed only where samples
    of the band are nearly all 0 or 255.
    """
    colours = list(image.colorinterp)
    if ColorInterp.alpha not in colours:
        return None
    band = colours.index(ColorInterp.alpha) + 1
    if band in rgb:
        return None
    extremes = values = 0
    for window in _sample_windows(image.width, image.height):
        sample = image.read(band, window=window)
        extremes += int(((sample == 0) | (sample == 255)).sum())
        values += sample.size
    return band if extremes >= ALPHA_EXTREME_SHARE * values else None


def _sample_windows(width: int, height: int) -> list[Window]:
    across, down = min(width, ALPHA_SAMPLE_PX), min(height, ALPHA_SAMPLE_PX)
    cols = np.linspace(0, width - across, ALPHA_SAMPLES_PER_SIDE).astype(int)
    rows = np.linspace(0, height - down, ALPHA_SAMPLES_PER_SIDE).astype(int)
    return [
        Window(int(col), int(row), across, down)
        for row in sorted(set(rows))
        for col in sorted(set(cols))
    ]


def is_drawn(image: rasterio.DatasetReader) -> bool:
    """Whether the file says that Skyloom painted it."""
    described: str = image.tags().get("TIFFTAG_IMAGEDESCRIPTION", "")
    return described.startswith(DRAWN_MARK)


def content_sha256(path: Path) -> str:
    """The digest of the file's bytes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SkyloomError(
            f"could not be read ({error.strerror})", where=str(path)
        ) from None
