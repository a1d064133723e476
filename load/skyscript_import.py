"""`skyloom import skyscript`: published images, tags and captions into the lake."""

import csv
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from load.skyscript_batches import read_images
from load.skyscript_images import Reader
from load.skyscript_names import caption_files, image_folders
from load.skyscript_records import open_records
from load.skyscript_tables import STAGING, Written, write_tables
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.settings import Settings

SOURCES = Path("seeds", "imagery_sources.csv")


@dataclass(frozen=True)
class Imported:
    """What an import put into the lake."""

    dataset: str
    written: Written

    def summary(self) -> dict[str, object]:
        """The counts, for machines."""
        return {"dataset": self.dataset, **asdict(self.written)}

    def __str__(self) -> str:
        """One line for a person."""
        one = self.written
        rejected = f", {one.rejects:,} rejected" if one.rejects else ""
        same = "" if one.changed else " (as before)"
        return (
            f"{self.dataset}: {one.images:,} images, {one.captions:,} captions, "
            f"{one.scores:,} similarities{rejected}{same}"
        )


def dataset_name(folder: Path, name: str | None = None) -> str:
    """What an import is called: a given name, or the folder's.

    Raises:
        UsageError: the given name cannot be one of a folder.
    """
    if name and not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
        raise UsageError(
            "not a name", where=f"--name {name}", remedy="use a-z, 0-9, - and _"
        )
    slug = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")
    return name or slug[:40] or "skyscript"


def check(folder: Path) -> None:
    """Refuse a folder with nothing in it to import, before the lake is touched.

    Raises:
        UsageError: it is no folder, or has no folders of images.
    """
    if not folder.is_dir():
        raise UsageError("no such folder", where=str(folder))
    if not image_folders(folder):
        files = " beside captions" if caption_files(folder) else ""
        raise UsageError(
            f"there is no folder of images{files}",
            where=str(folder),
            remedy="name the folder that holds images2 to images7 and meta2 to meta7",
        )


def import_skyscript(
    lake: Lake, folder: Path, settings: Settings, *, name: str | None = None
) -> Imported:
    """Bring the folder's images and what is published of them into the lake.

    The bytes of images are linked where the file system can, else copied. What cannot
    be used is a row of `import_rejects`. The caller holds the lake's lock.

    Raises:
        UsageError: nothing to import, or the name belongs to another folder.
        SkyloomError: the lake cannot be written.
    """
    check(folder)
    dataset = dataset_name(folder, name)
    parts = lake.root / STAGING / dataset
    _check_folder(parts, folder, dataset, named=name is not None)
    codes = _source_codes(settings.project / SOURCES)
    with open_records(folder, parts / "records.sqlite") as records:
        reader = Reader(lake, codes, records)
        rows = read_images(folder, parts, reader, settings.workers)
    written = write_tables(
        lake,
        dataset,
        folder,
        rows,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    )
    return Imported(dataset, written)


def _check_folder(parts: Path, folder: Path, dataset: str, *, named: bool) -> None:
    note = parts / "folder"
    here = str(folder.resolve())
    if note.is_file() and not named and note.read_text() != here:
        raise UsageError(
            f"the import {dataset} is of {note.read_text()}",
            where=here,
            remedy=f"give this one a name, or --name {dataset} to replace that one",
        )
    parts.mkdir(parents=True, exist_ok=True)
    note.write_text(here)


def _source_codes(seed: Path) -> frozenset[str]:
    with seed.open(newline="", encoding="utf-8") as file:
        return frozenset(row["source"] for row in csv.DictReader(file))
