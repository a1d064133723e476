"""What a user may name as an image file: paths, patterns of paths, URLs."""

from collections.abc import Sequence
from glob import has_magic
from pathlib import Path
from urllib.parse import unquote, urlsplit

from extract.remote import is_remote
from skyloom.errors import UsageError


def locations(files: Sequence[str | Path]) -> list[str]:
    """Absolute paths and URLs of what a user named, each once.

    Raises:
        UsageError: a pattern that matches nothing, or a URL that may hold a secret.
    """
    found: set[str] = set()
    for file in map(str, files):
        if is_remote(file):
            _check_url(file)
            found.add(file)
            continue
        path = Path(file).expanduser().absolute()
        if not has_magic(file) or path.is_file():
            found.add(str(path))
            continue
        root = Path(path.anchor)
        matches = root.glob(str(path.relative_to(root)))
        matched = {str(match) for match in matches if match.is_file()}
        if not matched:
            raise UsageError("no file matches the pattern", where=file)
        found |= matched
    return sorted(found)


def stem(location: str) -> str:
    """The name of the image that a file holds."""
    path = unquote(urlsplit(location).path) if is_remote(location) else location
    return Path(path).stem


def is_gone(location: str) -> bool:
    """Whether it names a file of this machine that is not there."""
    return not is_remote(location) and not Path(location).is_file()


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    # Footprints are published, and signatures and passwords stand in these places.
    if parts.query or parts.username or parts.password:
        raise UsageError(
            "a URL of an image must not hold a password or a query",
            where=f"{parts.scheme}://{parts.hostname}{parts.path}",
            remedy="name a public URL, or an s3:// one with the AWS variables set",
        )
    if has_magic(url):
        raise UsageError(
            "a pattern cannot be matched against a server",
            where=url,
            remedy="name each file",
        )
