"""SHA256SUMS: the digest of every file of a release, as `sha256sum -c` reads it."""

import hashlib
from pathlib import Path

SUMS = "SHA256SUMS"


def sha256_of(path: Path) -> str:
    """The digest of one file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums_of(folder: Path) -> str:
    """One line for each file but the sums themselves, in the order of their paths."""
    files = sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and file.name != SUMS and not file.name.endswith(".part")
    )
    return "".join(f"{sha256_of(folder / name)}  {name}\n" for name in files)


def is_whole(folder: Path) -> bool:
    """Whether every file is there as it was written, and no other."""
    try:
        return (folder / SUMS).read_text() == sums_of(folder)
    except OSError:
        return False
