"""What tells one state of an image file from another."""

import hashlib
import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import rasterio
import requests

from extract import remote
from skyloom.errors import SkyloomError, UsageError

TIMEOUT_S = 30.0


def identity(
    image: rasterio.DatasetReader,
    location: str,
    scale_min: float | None = None,
    scale_max: float | None = None,
) -> str:
    """The digest of a file's content and of the range in which it is shown.

    A VRT's content is that of all its files. A file elsewhere is known by what its
    server says of it: its bytes are never fetched for this.

    Raises:
        SkyloomError: a file cannot be read.
        UsageError: the server says nothing of it.
    """
    if remote.is_remote(location):
        digest = _of_words(location, *_server_says(location))
    elif image.driver == "VRT":
        digest = _of_words(*map(_of_part, image.files))
    else:
        digest = content_sha256(Path(location))
    if scale_min is None or scale_max is None:
        return digest
    return _of_words(digest, float(scale_min), float(scale_max))


def content_sha256(path: Path) -> str:
    """The digest of the file's bytes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SkyloomError(
            f"could not be read ({error.strerror})", where=str(path)
        ) from None


def _of_words(*words: object) -> str:
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def _of_part(name: str) -> str:
    path = Path(name)
    return content_sha256(path) if path.is_file() else name


def _server_says(url: str) -> tuple[object, ...]:
    """Size, and tag or time of the last change."""
    if url.startswith("s3:"):
        return _bucket_says(url)
    try:
        answer = requests.head(url, allow_redirects=True, timeout=TIMEOUT_S)
    except requests.RequestException:
        raise UsageError("its server cannot be reached", where=url) from None
    if not answer.ok:
        raise UsageError(f"its server says HTTP {answer.status_code}", where=url)
    headers = answer.headers
    changed = headers.get("ETag") or headers.get("Last-Modified")
    return headers.get("Content-Length"), changed


def _bucket_says(url: str) -> tuple[object, ...]:
    from pyarrow.fs import FileType, S3FileSystem

    # The variables that GDAL reads too.
    unsigned = os.environ.get("AWS_NO_SIGN_REQUEST", "").upper() in ("YES", "TRUE", "1")
    endpoint = os.environ.get("AWS_S3_ENDPOINT")
    scheme = "http" if os.environ.get("AWS_HTTPS", "").upper() == "NO" else "https"
    parts = urlsplit(url)
    try:
        files = S3FileSystem(
            anonymous=unsigned,
            endpoint_override=endpoint,
            scheme=scheme,
            region=os.environ.get("AWS_REGION"),
            request_timeout=TIMEOUT_S,
        )
        found = files.get_file_info(parts.netloc + parts.path)
    except OSError:
        raise UsageError("its bucket cannot be asked for it", where=url) from None
    if found.type != FileType.File:
        raise UsageError("there is no such image file", where=url)
    return found.size, found.mtime_ns
