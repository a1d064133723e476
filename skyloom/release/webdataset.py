"""WebDataset: tar files of samples, mixed, with the counts that open_clip reads."""

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from skyloom.release.folder import once, write_text
from skyloom.release.names import file_stem
from skyloom.release.pairs import Pairs, Row
from skyloom.release.records import as_json, record

FOLDER = "webdataset"


def write_webdataset(
    pairs: Pairs, folder: Path, shard_rows: int, step: Callable[[int], None]
) -> None:
    """`webdataset/{split}/{number}.tar`, and `sizes.json` beside them.

    A sample is .jpg, .txt (the title), .multi.txt (with its surroundings), where there
    is one .polished.txt, and .json (captions and provenance).
    """
    for split, count in pairs.splits.items():
        sizes = {}
        for number, first in enumerate(range(0, count, shard_rows)):
            last = min(count, first + shard_rows)
            name = f"{number:05}.tar"
            write = partial(_write_tar, pairs, split, (first, last))
            once(folder / FOLDER / split / name, write)
            sizes[name] = last - first
            step(last - first)
        write_text(folder / FOLDER / split / "sizes.json", f"{json.dumps(sizes)}\n")


def _write_tar(pairs: Pairs, split: str, span: tuple[int, int], part: Path) -> None:
    with tarfile.open(part, "w") as tar:
        for row in pairs.rows(split, span, mixed=True, tags=True):
            for suffix, data in _members(pairs, row):
                # Its owner is 0 and its time 0: the same pairs are the same bytes.
                member = tarfile.TarInfo(f"{file_stem(row['image_id'])}.{suffix}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def _members(pairs: Pairs, row: Row) -> Iterator[tuple[str, bytes]]:
    yield "jpg", pairs.image(row)
    yield "txt", row["title"].encode()
    yield "multi.txt", row["title_multi_objects"].encode()
    if row["polished"] is not None:
        yield "polished.txt", row["polished"].encode()
    yield "json", as_json(record(row, has_file=False)).encode()
