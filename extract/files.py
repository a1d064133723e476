"""Chips from the image files that footprints name, on disk or over the network."""

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

import polars as pl
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window

from extract import clouds, remote, windows
from extract.chips import CloudRule, FetchError, Limits, Mask, RawChip, Sheet
from extract.handles import Handles
from extract.identity import identity
from extract.signing import Signer, Unsigned
from extract.windows import Bands, Footprint

TIMEOUT_S = 120.0
NO_CLOUDS: Mapping[str, CloudRule] = MappingProxyType({})
T = TypeVar("T")


class FileSource:
    """Windows of rasters on their own grid; each thread has its own handles."""

    name = "file"
    limits = Limits("file", in_flight=4, sheet_px=2048, min_used=0.25)

    def __init__(
        self,
        footprints: pl.DataFrame,
        clouds: Mapping[str, CloudRule] = NO_CLOUDS,
        limits: Limits | None = None,
        *,
        signer: Signer | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`footprints` hold every image that a request may name; `clouds` by source."""
        self._images = {
            (row["source"], row["source_image_id"]): row
            for row in footprints.iter_rows(named=True)
        }
        self._clouds = clouds
        self.limits = limits or self.limits
        self._signer = signer or Unsigned()
        self._timeout_s = timeout_s
        self._handles = Handles(self._open)
        self._turns = remote.Turns()
        self._suspects: set[str] = set()
        self._identities: dict[str, str] = {}
        self._identifying = threading.Lock()

    def fetch(self, sheet: Sheet) -> RawChip:
        """Read the sheet's window; images further down fill what is not valid above.

        Raises:
            FetchError: a file is gone, damaged, not the one that was indexed, or its
                server does not give it; or no image reaches the sheet.
        """
        images = [self._images[sheet.source, name] for name in sheet.image_ids]
        chip: RawChip | None = None
        for image in images:
            whole = windows.window_of(sheet.grid, image)
            part = windows.inside(whole, image)
            if part is None:
                continue
            read = self._read(image, images[0], part, sheet)
            layer = windows.spread_out(read, part, whole)
            chip = layer if chip is None else windows.lay_under(chip, layer)
            if chip.valid.all():
                break
        if chip is None:
            raise FetchError("no_coverage", "no image reaches the place")
        return chip

    def close(self) -> None:
        """Close every thread's files."""
        self._handles.close()

    def _read(
        self, image: Footprint, first: Footprint, window: Window, sheet: Sheet
    ) -> RawChip:
        self._check_unchanged(image)
        files, rgb = image["band_locations"], image["rgb_bands"]
        alpha = image["alpha_band"]
        if len(set(files)) == 1:
            read = [self._bands(files[0], rgb, window, alpha)]
        else:
            one_each = zip(files, rgb, strict=True)
            read = [self._bands(file, [band], window) for file, band in one_each]
        values, valid = windows.assemble([part for part, _ in read], image["nodata"])
        values = windows.in_range_of(values, image, first)
        cloud = self._cloud(image, window, sheet.source)
        n_bytes = sum(size for _, size in read)
        return RawChip(values, valid, sheet.image_ids, cloud, n_bytes)

    def _bands(
        self, location: str, bands: list[int], window: Window, alpha: int | None = None
    ) -> tuple[Bands, int]:
        """Some bands of one file, and the bytes that had to come for them."""

        def read(file: rasterio.DatasetReader) -> tuple[Bands, int]:
            if not remote.is_remote(location):
                return windows.read_bands(file, bands, window, alpha), 0
            blocks = remote.blocks_of(file, location, window)
            with self._turns.take(blocks, self._timeout_s):
                found = windows.read_bands(file, bands, window, alpha)
                return found, self._turns.n_bytes(file, bands, blocks)

        return self._use(location, read)

    def _cloud(self, image: Footprint, window: Window, source: str) -> Mask | None:
        location, rule = image["cloud_location"], self._clouds.get(source)
        if location is None or rule is None or not (rule.values or rule.bits):
            return None
        return self._use(
            location, lambda file: clouds.read_cloud(file, rule, image, window)
        )

    def _use(self, location: str, use: Callable[[rasterio.DatasetReader], T]) -> T:
        """What is made of an open file; a signature that ran out is renewed once."""
        if not remote.is_remote(location):
            try:
                return use(self._handles.get(location))
            except (RasterioError, OSError) as error:
                self._handles.drop(location)
                raise FetchError("read", f"{location}: {error}") from None
        try:
            return self._use_remote(location, use)
        except FetchError as error:
            if error.reason != "credentials" or not self._signer.renew():
                raise
        return self._use_remote(location, use)

    def _use_remote(
        self, location: str, use: Callable[[rasterio.DatasetReader], T]
    ) -> T:
        started = time.monotonic()
        try:
            with remote.session(self._timeout_s):
                # One thread at a time: the others find the header in GDAL's cache.
                with self._turns.take({(location, -1, -1)}, self._timeout_s):
                    file = self._handles.get(location)
                return use(file)
        except (RasterioError, OSError) as error:
            waited_s = time.monotonic() - started
            self._handles.drop(location)
            self._suspects.add(location)
            raise remote.failure(
                error,
                location,
                self._signer.sign(location),
                waited_s=waited_s,
                timeout_s=self._timeout_s,
            ) from None

    def _open(self, location: str) -> rasterio.DatasetReader:
        if not remote.is_remote(location):
            return rasterio.open(location, driver=self._driver(location))
        url = self._signer.sign(location)
        if location in self._suspects:
            remote.forget(url)
            self._suspects.discard(location)
        return rasterio.open(url, driver=self._driver(location))

    def _driver(self, location: str) -> str | None:
        """The one driver that may open a file; None = whatever GDAL finds."""
        return None

    def _check_unchanged(self, image: Footprint) -> None:
        """Compare a local file with what was indexed, once for each file."""
        location = image["location"]
        if image["kind"] != "file" or remote.is_remote(location):
            return
        with self._identifying:
            if location not in self._identities:
                scale = (image["scale_min"], image["scale_max"])
                self._identities[location] = self._use(
                    location, lambda file: identity(file, location, *scale)
                )
        if self._identities[location] != image["sha256"]:
            raise FetchError("changed", f"{location}: not the file that was indexed")


class StacSource(FileSource):
    """Windows of the assets of STAC items, whose bytes are paid for."""

    name = "stac"
    limits = Limits("stac", in_flight=16, sheet_px=1024, min_used=0.5)

    def _driver(self, location: str) -> str | None:
        return remote.driver_of(location)
