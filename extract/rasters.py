"""What an image file says about itself, and whether chips can be cut from it."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from pyproj.exceptions import ProjError
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from extract import remote
from extract.outlines import to_lonlat
from skyloom.errors import UsageError

TIMEOUT_S = 120.0
MIN_SIDE_PX = 4
NUMBERS = {
    *("uint8", "uint16", "uint32", "int8", "int16", "int32"),
    *("float16", "float32", "float64"),
}
ALPHA_SAMPLES_PER_SIDE = 3
ALPHA_SAMPLE_PX = 128
ALPHA_EXTREME_SHARE = 0.9
DRAWN_MARK = "drawn by Skyloom"
GREY_BANDS = [1, 1, 1]


@contextmanager
def open_raster(location: str | Path) -> Iterator[rasterio.DatasetReader]:
    """An open image file, by its path or URL, until the block ends.

    Raises:
        UsageError: there is no such file, or it is no raster.
    """
    place = str(location)
    if remote.is_remote(place):
        with remote.session(TIMEOUT_S), _open(place) as image:
            yield image
    elif not Path(place).is_file():
        raise UsageError("there is no such image file", where=place)
    else:
        with _open(place) as image:
            yield image


def _open(place: str) -> rasterio.DatasetReader:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(place)
    except RasterioError as error:
        said = remote.STATUS.search(str(error))
        if "CURL error" in str(error):
            raise UsageError("its server cannot be reached", where=place) from None
        raise UsageError(
            f"its server says HTTP {said[1]}"
            if said
            else "not an image that GDAL can read",
            where=place,
            remedy=f"name a GeoTIFF, JPEG 2000 or VRT ({', '.join(remote.SUFFIXES)})"
            if remote.is_remote(place)
            else "name a GeoTIFF or another georeferenced raster",
        ) from None


def check_raster(path: str | Path, *, scaled: bool = False) -> None:
    """Make sure that chips can be cut from a file, given by its path or URL.

    Values that are no bytes are accepted where a range is given (`scaled`).

    Raises:
        UsageError: it is missing, no raster, not georeferenced, not north up, or its
            values are no bytes; the remedy is in the message.
    """
    place = str(path)
    if not remote.is_remote(place):
        place = str(Path(place).expanduser().absolute())
    with open_raster(place) as image:
        trouble = _trouble(image, scaled)
    if trouble:
        what, remedy = trouble
        raise UsageError(what, where=place, remedy=remedy)


def _trouble(image: rasterio.DatasetReader, scaled: bool) -> tuple[str, str] | None:
    kinds = sorted(set(image.dtypes))
    if not kinds:
        return "holds no bands", "name one of its subdatasets as a GeoTIFF of its own"
    if kinds != ["uint8"] and not (scaled and set(kinds) <= NUMBERS):
        return (
            f"holds {', '.join(kinds)} values, chips are made of bytes (uint8)",
            "name the values of black and white with `--scale MIN,MAX`, or convert it "
            "with `gdal_translate -ot Byte -scale IN OUT`",
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
        lonlat = to_lonlat(crs_text(image.crs)).transform(*centre)
    except ProjError:
        return False
    return bool(np.isfinite(lonlat).all())


def crs_text(crs: CRS) -> str:
    """`EPSG:n` where a CRS is exactly that, else its WKT."""
    # A lesser confidence would give a similar CRS, metres away.
    authority = crs.to_authority(confidence_threshold=100)
    return ":".join(authority) if authority else str(crs.to_wkt())


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
    of the band are nearly all 0 or the largest number, 255 in bytes.
    """
    colours = list(image.colorinterp)
    if ColorInterp.alpha not in colours:
        return None
    band = colours.index(ColorInterp.alpha) + 1
    if band in rgb:
        return None
    kind = np.dtype(image.dtypes[band - 1])
    full = np.iinfo(kind).max if kind.kind in "iu" else 1
    extremes = values = 0
    for window in _sample_windows(image.width, image.height):
        sample = image.read(band, window=window)
        extremes += int(((sample == 0) | (sample == full)).sum())
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
