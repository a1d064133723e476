"""Pages that a command writes: from templates, whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from skyloom.errors import SkyloomError

if TYPE_CHECKING:
    from jinja2 import Environment


def page_templates(folder: Path) -> Environment:
    """Where the templates of a folder are found and filled in.

    Always escaping: tags, classes, captions and file names are texts by anyone.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


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
