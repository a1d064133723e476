"""Image files over HTTP and S3: how GDAL reads their ranges, and why it could not."""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import rasterio
import requests
from rasterio.windows import Window

from extract.chips import FetchError

SCHEMES = ("http", "https", "s3")
DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".jp2": "JP2OpenJPEG"}
SUFFIXES = (*DRIVERS, ".vrt")
# One fetch makes several requests, and GDAL bounds each of them alone.
REQUESTS_PER_DEADLINE = 4
CONNECT_S = 10
CACHE_BYTES = 256 << 20
REMEMBERED_FILES = 256
REASONS = {
    401: "credentials",
    403: "credentials",
    404: "not_found",
    408: "timeout",
    410: "not_found",
    429: "throttled",
}
STATUS = re.compile(r"HTTP (?:response code|error code) ?: ?(\d{3})")
Block = tuple[str, int, int]


def is_remote(location: str) -> bool:
    """Whether it is the URL of a file that GDAL reads range by range."""
    return urlsplit(location).scheme in SCHEMES


def driver_of(location: str) -> str | None:
    """GDAL's driver for what a name ends in, None where the name tells nothing.

    A file that a stranger names is opened by no other: a VRT could lead anywhere.
    """
    return DRIVERS.get(PurePosixPath(urlsplit(location).path).suffix.lower())


def session(timeout_s: float) -> rasterio.Env:
    """GDAL's settings for one attempt at remote files; they hold for this thread.

    Ranges are read one after the other, for only so are they kept for all threads.
    """
    each_s = max(timeout_s / REQUESTS_PER_DEADLINE, 1)
    return rasterio.Env(
        GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
        CPL_VSIL_CURL_ALLOWED_EXTENSIONS=",".join(SUFFIXES),
        CPL_VSIL_CURL_CACHE_SIZE=CACHE_BYTES,
        GDAL_HTTP_MULTIRANGE="SERIAL",
        GDAL_HTTP_MAX_RETRY=0,
        GDAL_HTTP_TIMEOUT=each_s,
        GDAL_HTTP_CONNECTTIMEOUT=min(each_s, CONNECT_S),
    )


def forget(url: str) -> None:
    """Make GDAL ask again for a file that failed; it would repeat what it was told."""
    name = f"/vsis3/{url[5:]}" if url.startswith("s3:") else f"/vsicurl/{url}"
    with rasterio.Env(CPL_VSIL_CURL_NON_CACHED=name):
        rasterio.open(url).close()


def failure(
    error: BaseException, location: str, url: str, *, waited_s: float, timeout_s: float
) -> FetchError:
    """What a failure of GDAL means; `url` may be signed and is never told.

    Opening names the status; reading does not, so the server is asked for one byte.
    """
    said = _all_words(error)
    if found := STATUS.search(said):
        return by_status(int(found[1]), location)
    if "timed out" in said or waited_s >= timeout_s / REQUESTS_PER_DEADLINE:
        return FetchError("timeout", f"{location}: no answer in {waited_s:.0f} s")
    if "CURL error" in said:
        return FetchError("http", f"{location}: no connection")
    if "not recognized" in said:
        return FetchError("read", f"{location}: not an image that GDAL can read")
    return _asked(location, url, timeout_s)


def by_status(status: int, location: str, retry_after: str | None = None) -> FetchError:
    """The failure that an HTTP status means."""
    reason = REASONS.get(status, "http" if status >= 500 else "bad_request")
    wait = float(retry_after) if retry_after and retry_after.isdecimal() else None
    detail = f"{location}: HTTP {status}"
    return FetchError(reason, detail, http_status=status, retry_after_s=wait)


def _asked(location: str, url: str, timeout_s: float) -> FetchError:
    broken = FetchError("truncated", f"{location}: its blocks came incomplete")
    if url.startswith("s3:"):
        return broken
    each_s = min(timeout_s / REQUESTS_PER_DEADLINE, CONNECT_S)
    try:
        with requests.get(
            url, headers={"Range": "bytes=-1"}, stream=True, timeout=each_s
        ) as answer:
            if answer.ok:
                return broken
            after = answer.headers.get("Retry-After")
            return by_status(answer.status_code, location, after)
    except requests.Timeout:
        return FetchError("timeout", f"{location}: no answer in {each_s:.0f} s")
    except requests.RequestException:
        return FetchError("http", f"{location}: no connection")


def _all_words(error: BaseException | None) -> str:
    words = []
    while error is not None:
        words.append(str(error))
        error = error.__cause__ or error.__context__
    return " ".join(words)


def blocks_of(
    image: rasterio.DatasetReader, location: str, window: Window
) -> set[Block]:
    """The blocks of a file that a window inside it touches."""
    down, across = image.block_shapes[0]
    cols = range(
        window.col_off // across, (window.col_off + window.width - 1) // across + 1
    )
    rows = range(
        window.row_off // down, (window.row_off + window.height - 1) // down + 1
    )
    return {(location, col, row) for col in cols for row in rows}


class Turns:
    """Who may read which blocks of remote files, and which have been read.

    Windows that share a block are read one after the other: the second finds its
    bytes in GDAL's cache, and no byte is paid for twice.
    """

    def __init__(self) -> None:
        """Nothing is being read."""
        self._busy: set[Block] = set()
        self._free = threading.Condition()
        self._had: OrderedDict[str, set[Block]] = OrderedDict()

    @contextmanager
    def take(self, blocks: set[Block], timeout_s: float) -> Iterator[None]:
        """Wait until nobody reads any of the blocks, and hold them all.

        Raises:
            FetchError: it was not in time.
        """
        with self._free:
            if not self._free.wait_for(
                lambda: self._busy.isdisjoint(blocks), timeout_s
            ):
                raise FetchError("timeout", "the file's blocks were not free in time")
            self._busy |= blocks
        try:
            yield
        finally:
            with self._free:
                self._busy -= blocks
                self._free.notify_all()

    def n_bytes(
        self, image: rasterio.DatasetReader, bands: list[int], blocks: set[Block]
    ) -> int:
        """The stored size of those of one file's blocks that were not read before."""
        if not blocks:
            return 0
        location = next(iter(blocks))[0]
        with self._free:
            had = self._had.setdefault(location, set())
            self._had.move_to_end(location)
            fresh = blocks - had
            had |= blocks
            if len(self._had) > REMEMBERED_FILES:
                self._had.popitem(last=False)
        stored = bands if image.interleaving.name == "band" else bands[:1]
        sizes = (
            image.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=band)
            for _, col, row in fresh
            for band in stored
        )
        return sum(int(size or 0) for size in sizes)
