"""Millions of images, some thousand at a time; what is read once is not read again.

A batch is a file of JSON lines named by the state of the files behind it, written
beside its place and renamed: a killed import goes on with the first batch it lacks.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from load.skyscript_images import Reader
from load.skyscript_names import ImageFile, image_folders, images_of
from skyloom.progress import track

VERSION = "1"
"""Another number reads all files anew."""
BATCH = 2000


@dataclass(frozen=True)
class Batch:
    """Some images of one folder and the file that holds their rows."""

    files: tuple[ImageFile, ...]
    path: Path


def read_images(folder: Path, parts: Path, reader: Reader, workers: int) -> list[Path]:
    """Take every image of the folder in; the files of rows, in a total order.

    Rows of images that are no longer there are taken away.
    """
    parts.mkdir(parents=True, exist_ok=True)
    done: list[Path] = []
    for images in image_folders(folder):
        files = list(images_of(images))
        with (
            ThreadPoolExecutor(workers) as pool,
            track(images.name, len(files)) as step,
        ):
            for batch in _batches(files, parts, reader):
                if not batch.path.is_file():
                    _write(batch.path, pool.map(reader.row, batch.files))
                done.append(batch.path)
                step(len(batch.files))
    for old in set(parts.glob("*.jsonl")) - set(done):
        old.unlink()
    return sorted(done)


def _batches(files: list[ImageFile], parts: Path, reader: Reader) -> list[Batch]:
    # By a checksum of the name: a file more or less touches its own batch only.
    count = 1
    while count * BATCH < len(files):
        count *= 2
    groups: list[list[ImageFile]] = [[] for _ in range(count)]
    for file in files:
        groups[zlib.crc32(file.stem.encode("utf-8", "surrogateescape")) % count].append(
            file
        )
    return [
        Batch(tuple(group), parts / f"{_digest(group, reader)}.jsonl")
        for group in groups
        if group
    ]


def _digest(files: list[ImageFile], reader: Reader) -> str:
    about = [VERSION, reader.records.digest, *sorted(reader.sources)]
    digest = hashlib.sha256(json.dumps(about).encode())
    digest.update(str(files[0].folder).encode())
    for file in files:
        digest.update(file.state().encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()[:32]


def _write(path: Path, rows: Iterable[object]) -> None:
    part = path.with_suffix(".part")
    with part.open("w", encoding="ascii") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
    part.replace(path)
