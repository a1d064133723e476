"""Published archives unfolded: images and metadata by their own names, nothing else."""

import re
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from load.skyscript_names import NAME
from skyloom.errors import SkyloomError
from skyloom.progress import track

MOST_BYTES = 2**26
"""Of one member: what unfolds to more is no chip."""
SUFFIXES = {"images": ".jpg", "meta": ".pickle"}


def unzip(archive: Path, folder: Path) -> int:
    """Unfold `images2.zip` into `images2/`, `meta2.zip` into `meta2/`.

    Members go by the last part of their path, so that none leaves the folder; what has
    no published name is passed over. Those that are there already stay.

    Returns:
        How many files there are of the archive.

    Raises:
        SkyloomError: it is no archive, or a damaged one.
    """
    target = folder / archive.stem
    suffix = SUFFIXES[re.sub(r"[0-9]+$", "", archive.stem)]
    target.mkdir(exist_ok=True)
    count = 0
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            with track(f"unfold {archive.name}", len(members)) as step:
                for member in members:
                    path = PurePosixPath(member.filename)
                    if path.suffix == suffix and NAME.fullmatch(path.stem):
                        _unfold(opened, member, target / path.name)
                        count += 1
                    step(1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise SkyloomError(
            f"is a damaged archive ({error})",
            where=str(archive),
            remedy="delete it and download it again",
        ) from None
    return count


def _unfold(opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    if path.is_file() and path.stat().st_size == member.file_size:
        return
    if member.file_size > MOST_BYTES:
        raise zipfile.BadZipFile(f"{member.filename[:100]!r} is too large")
    part = path.with_name(f".{path.name}.part")
    with opened.open(member) as source, part.open("wb") as file:
        shutil.copyfileobj(source, file)
    part.replace(path)
