"""Pages that a command writes, whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from skyloom.errors import SkyloomError


def write_page(path: Path, page: str) -> Path:
    """Write a page and return its absolute path; it appears whole or not at all.

    Raises:
        SkyloomError: the file could not be written.
    """
    path = path.expanduser().absolute()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(page, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise SkyloomError(
            f"the page could not be written ({error.strerror})",
            where=str(path),
            remedy="free some space or name another file",
        ) from None
    return path
