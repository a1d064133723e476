"""Pairs from WebDataset tars, by an index of where each image lies in its tar.

With the index any image can be read on its own, so that the order of a training, and
its resuming, is the same as for files.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from skyloom.errors import UsageError

IMAGES = ("jpg", "jpeg", "png", "webp")
# open_clip's ending of the caption; other columns have their own name's first word.
ENDINGS = {"title": "txt", "title_multi_objects": "multi.txt"}
MAX_TEXT = 1 << 20
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True)
class TarRows:
    """Where images lie, captions by column, and the samples' keys."""

    files: tuple[str, ...]
    offsets: tuple[int, ...]
    lengths: tuple[int, ...]
    captions: Mapping[str, tuple[str, ...]]
    keys: tuple[str, ...]
    shards: int


@dataclass
class _Sample:
    file: str
    offset: int = 0
    length: int = 0
    texts: dict[str, str] | None = None


def read_tars(data: str, columns: Sequence[str]) -> TarRows:
    """Index tars: a folder, a pattern, a range in braces, or several with `::` between.

    Raises:
        UsageError: there is no such tar, or one is damaged or holds no pairs.
    """
    shards = [tar for part in data.split("::") for tar in _shards(part)]
    if not shards:
        raise UsageError("there is no tar there", where=data)
    endings = {ENDINGS.get(name, f"{name}.txt"): name for name in columns}
    samples: dict[str, _Sample] = {}
    for shard in shards:
        _index(shard, endings, samples)
    whole = {key: one for key, one in sorted(samples.items()) if one.length}
    if not whole:
        raise UsageError("no tar holds an image", where=data)
    return TarRows(
        tuple(one.file for one in whole.values()),
        tuple(one.offset for one in whole.values()),
        tuple(one.length for one in whole.values()),
        {
            name: tuple((one.texts or {}).get(name, "") for one in whole.values())
            for name in columns
        },
        tuple(whole),
        len(shards),
    )


def _shards(part: str) -> list[Path]:
    found = _RANGE.search(part)
    if found:
        first, last = found[1], found[2]
        numbers = range(int(first), int(last) + 1)
        return [
            Path(part.replace(found[0], f"{number:0{len(first)}d}"))
            for number in numbers
        ]
    if Path(part).is_dir():
        return sorted(Path(part).glob("*.tar"))
    return sorted(map(Path, glob(part)))  # noqa: PTH207 (the pattern may be absolute)


def _index(
    shard: Path, endings: Mapping[str, str], samples: dict[str, _Sample]
) -> None:
    try:
        with tarfile.open(shard, "r:") as archive:
            for member in archive:
                if not member.isfile():
                    continue
                name, _, ending = member.name.rpartition("/")[2].partition(".")
                # A shard has its own keys, whatever folder its members say.
                key = f"{shard.name}/{name}"
                sample = samples.setdefault(key, _Sample(str(shard)))
                if ending.lower() in IMAGES:
                    sample.offset, sample.length = member.offset_data, member.size
                elif ending in endings and member.size <= MAX_TEXT:
                    content = archive.extractfile(member)
                    text = content.read().decode() if content else ""
                    sample.texts = (sample.texts or {}) | {
                        endings[ending]: text.strip()
                    }
    except FileNotFoundError:
        raise UsageError("there is no such tar", where=str(shard)) from None
    except (tarfile.TarError, OSError, UnicodeDecodeError, EOFError) as error:
        raise UsageError(f"is no tar of pairs ({error})", where=str(shard)) from None
