"""How SkyScript names and folds its files: `images2/a123_CH_19.jpg`, `meta2/...`."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"([anwr][0-9]{1,18})_([A-Z0-9]{2})_([0-9]{2}|xx)")
"""Object, source and the year's last two digits; `r` and `xx` are Skyloom's own."""
FOLDER = re.compile(r"images[0-9]{0,3}")
RECORD_FILES = ("metadata.jsonl", "meta.json")
CSV_FOLDERS = ("", "dataframe")
NO_META = (-1, 0)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file in a folder of images, with what tells whether it has changed.

    Small, as there are a million in a folder. `meta_state` is the size and time of its
    metadata, the size -1 where there is none.
    """

    folder: Path
    metas: Path
    name: str
    size: int
    changed: int
    meta_state: tuple[int, int]

    @property
    def path(self) -> Path:
        """The image."""
        return self.folder / self.name

    @property
    def meta(self) -> Path:
        """Its metadata."""
        return self.metas / f"{self.stem}.pickle"

    @property
    def stem(self) -> str:
        """The published name, if it is one."""
        return _stem(self.name)

    def state(self) -> str:
        """Names, sizes and times: another text means that the pair is read again."""
        return f"{self.name} {self.size} {self.changed} {self.meta_state}"


def image_folders(folder: Path) -> list[Path]:
    """The folders of images, by name."""
    return sorted(
        one for one in folder.iterdir() if one.is_dir() and FOLDER.fullmatch(one.name)
    )


def caption_files(folder: Path) -> list[Path]:
    """The CSV files beside the images, or in `dataframe/` as on the server."""
    found = [file for name in CSV_FOLDERS for file in (folder / name).glob("*.csv")]
    return sorted(file for file in found if file.is_file())


def images_of(folder: Path) -> Iterator[ImageFile]:
    """The files of one folder in order of their names, each with its metadata."""
    metas = folder.with_name(folder.name.replace("images", "meta", 1))
    known = _states(metas) if metas.is_dir() else {}
    for name, (size, changed) in sorted(_states(folder).items()):
        meta_state = known.get(f"{_stem(name)}.pickle", NO_META)
        yield ImageFile(folder, metas, name, size, changed, meta_state)


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _states(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file() and not entry.name.startswith("."):
                stat = entry.stat()
                found[entry.name] = (stat.st_size, stat.st_mtime_ns)
    return found
