"""Chips from Earth Engine: one request for a sheet, on the image's own grid."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from extract.chips import (
    CloudRule,
    FetchError,
    Grid,
    Limits,
    RawChip,
    Sheet,
)
from extract.earthengine_arrays import decode, valid_pixels
from extract.earthengine_errors import classify, expected
from extract.earthengine_session import Session, client
from extract.windows import window_of

# The service takes 50,331,648 bytes before compression and counts generously.
MAX_BYTES = 45_000_000
# With four bytes for each of four bands still within MAX_BYTES.
SHEET_PX = 1600
MIN_USED = 0.4
AUTHORITY_CODE = re.compile(r"[A-Z-]+:\d+")
Row = dict[str, Any]


def limits(in_flight: int, per_second: float) -> Limits:
    """What the service bears at a project's quota."""
    return Limits(
        EarthEngineSource.name,
        in_flight=in_flight,
        per_second=per_second,
        sheet_px=SHEET_PX,
        max_bytes=MAX_BYTES,
        min_used=MIN_USED,
    )


class EarthEngineSource:
    """Pixels of Earth Engine images, computed by nobody: as they are stored.

    The service's arrays carry no mask, and masked pixels are filled. So a pixel is
    void where all three values are the footprint's `nodata`, 0 where that is null.
    """

    name = "earthengine"

    def __init__(
        self,
        footprints: pl.DataFrame,
        session: Session,
        clouds: Mapping[str, CloudRule],
        per_second: float = 100.0,
    ) -> None:
        """`footprints` holds every image that a request may name.

        `clouds` has the rule of each source whose images say where cloud is.
        """
        self.limits = limits(session.in_flight, per_second)
        self._ee = client()
        self._expected = expected()
        self._clouds = clouds
        ours = footprints.filter(pl.col("kind") == "earthengine")
        self._images = {
            (row["source"], row["source_image_id"]): row
            for row in ours.iter_rows(named=True)
        }

    def fetch(self, sheet: Sheet) -> RawChip:
        """Ask once for the sheet's pixels.

        Raises:
            FetchError: the service refused, failed, was late, or sent no whole array.
        """
        images = [self._images[sheet.source, image] for image in sheet.image_ids]
        rgb = images[0]["band_locations"]
        rule = self._clouds.get(sheet.source)
        cloud = _cloud_band(images) if rule else None
        bands = list(dict.fromkeys([*rgb, *([cloud] if cloud else [])]))
        _check_size(sheet.grid, len(bands), images[0])
        # On another lattice the service would resample without a word.
        window_of(sheet.grid, images[0])
        try:
            body = self._ask(images, bands, sheet.grid)
        except self._expected as error:
            raise classify(error) from None
        fields = decode(body, bands, sheet.grid)
        pixels = np.stack([fields[band] for band in rgb])
        return RawChip(
            pixels,
            valid_pixels(pixels, images[0]["nodata"]),
            sheet.image_ids,
            cloud=rule.says(fields[cloud]) if cloud and rule else None,
            n_bytes=len(body),
        )

    def close(self) -> None:
        """Nothing: the session is the process's."""

    def _ask(self, images: Sequence[Row], bands: list[str], grid: Grid) -> bytes:
        wanted = {"fileFormat": "NPY", "bandIds": bands, "grid": as_request(grid)}
        body: bytes
        if len(images) == 1:
            wanted["assetId"] = images[0]["location"]
            body = self._ee.data.getPixels(wanted)
        else:
            wanted["expression"] = self._mosaic(images, bands)
            body = self._ee.data.computePixels(wanted)
        return body

    def _mosaic(self, images: Sequence[Row], bands: list[str]) -> Any:
        # A mosaic lays each image over those before it, so the preferred comes last.
        ids = [image["location"] for image in reversed(images)]
        layers = [self._ee.Image(one).select(bands) for one in ids]
        return self._ee.ImageCollection.fromImages(layers).mosaic()


def as_request(grid: Grid) -> dict[str, Any]:
    """A grid as the service's REST protocol writes it."""
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    crs = "crsCode" if AUTHORITY_CODE.fullmatch(grid.crs) else "crsWkt"
    return {
        "dimensions": {"width": grid.width_px, "height": grid.height_px},
        "affineTransform": dict(zip(names, grid.transform[:6], strict=True)),
        crs: grid.crs,
    }


def _cloud_band(images: Sequence[Row]) -> str | None:
    """The cloud band that all images have."""
    bands = {image["cloud_location"] for image in images}
    return bands.pop() if len(bands) == 1 else None


def _check_size(grid: Grid, n_bands: int, image: Row) -> None:
    # Values with a range are not bytes; four bytes is what a float takes.
    per_value = 1 if image["scale_min"] is None else 4
    n_bytes = grid.width_px * grid.height_px * n_bands * per_value
    if n_bytes > MAX_BYTES:
        raise FetchError(
            "too_heavy",
            f"{grid.width_px} x {grid.height_px} pixels of {n_bands} bands are more "
            f"than the service gives at one time",
        )
