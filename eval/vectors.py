"""Vectors of images and texts, each computed once for a model and kept by content."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from skyloom import progress
from skyloom.clip_models import ClipModel
from skyloom.clip_vectors import Picture, Vectors, embed_pictures, embed_texts
from skyloom.errors import SkyloomError

Value = TypeVar("Value")
# Kept after so many: a killed run loses no more.
CHUNK = 4096
# As upstream has it: satellite images of half a gigabyte are legitimate.
MAX_PIXELS = 1_000_000_000
# Above this size, which is Pillow's own, an image has to weigh something.
SUSPECT_PIXELS = 89_478_485
PIXELS_PER_BYTE = 150


@dataclass(frozen=True)
class Seen:
    """The vectors of images in their order; those with a fault have zeros."""

    vectors: Vectors
    faults: dict[int, str]
    digests: tuple[str, ...]


@dataclass
class Store:
    """Vectors of one model on disk, by the sha256 of what they are of."""

    folder: Path
    dim: int
    known: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, clip: ClipModel) -> Store:
        """The store of a model below a folder; a file that is damaged is left out."""
        store = cls(folder / clip.label, clip.dim)
        for file in sorted(store.folder.glob("*.npz")):
            try:
                with np.load(file, allow_pickle=False) as content:
                    keys, rows = content["keys"], content["vectors"]
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                progress.say(f"{file}: damaged, its vectors are made again")
                continue
            if rows.shape == (len(keys), clip.dim):
                store.known.update(zip(map(str, keys), rows, strict=True))
        return store

    def add(self, keys: Sequence[str], rows: Vectors) -> None:
        """Keep more vectors, on disk as well."""
        self.known.update(zip(keys, rows, strict=True))
        if not keys:
            return
        name = hashlib.sha256("".join(keys).encode()).hexdigest()[:16]
        part = self.folder / f".{name}.{os.getpid()}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.savez(file, keys=np.array(keys), vectors=rows)
            part.replace(self.folder / f"{name}.npz")
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SkyloomError(
                f"vectors could not be kept ({error.strerror})",
                where=str(self.folder),
                remedy="free some space, or name another folder with --cache",
            ) from None

    def rows(self, keys: Sequence[str]) -> Vectors:
        """Vectors by their keys, zeros where there is none."""
        none = np.zeros(self.dim, np.float32)
        found = [self.known.get(key, none) for key in keys]
        return np.array(found, np.float32).reshape(len(keys), self.dim)


def image_vectors(
    clip: ClipModel,
    paths: Sequence[Path],
    store: Store,
    *,
    title: str,
    batch_size: int,
    workers: int,
) -> Seen:
    """Look at each file, and embed those whose content is not known yet.

    Raises:
        SkyloomError: a vector is not finite, or could not be kept.
    """
    with large_images():
        with ThreadPoolExecutor(max(1, workers)) as pool:
            looks = list(pool.map(look, paths))
        digests = [digest for digest, _ in looks]
        faults = {place: why for place, (_, why) in enumerate(looks) if why}
        first: dict[str, int] = {}
        for place, (digest, why) in enumerate(looks):
            if not why and digest not in store.known:
                first.setdefault(digest, place)
        refused: dict[str, str] = {}
        with progress.track(title, len(first)) as step:
            for places in _chunks(list(first.values()), CHUNK):
                keys = [digests[place] for place in places]
                pictures = [
                    Picture(paths[p], k) for p, k in zip(places, keys, strict=True)
                ]
                good: list[str] = []
                rows = [np.empty((0, clip.dim), np.float32)]
                for done in embed_pictures(
                    clip, pictures, batch_size=batch_size, workers=workers
                ):
                    good += [keys[place] for place in done.places]
                    rows.append(done.vectors)
                    refused |= {keys[place]: why for place, why in done.faults}
                    step(len(done.places) + len(done.faults))
                store.add(good, _finite(np.concatenate(rows), clip))
    faults |= {p: refused[d] for p, d in enumerate(digests) if d in refused}
    return Seen(store.rows(digests), faults, tuple(digests))


def text_vectors(
    clip: ClipModel, texts: Sequence[str], store: Store, *, title: str, batch_size: int
) -> Vectors:
    """Embed those texts that are not known yet."""
    keys = [hashlib.sha256(f"text\0{text}".encode()).hexdigest() for text in texts]
    wanted = {k: t for k, t in zip(keys, texts, strict=True) if k not in store.known}
    with progress.track(title, len(wanted)) as step:
        for some in _chunks(list(wanted), CHUNK):
            rows = embed_texts(clip, [wanted[k] for k in some], batch_size=batch_size)
            store.add(some, _finite(rows, clip))
            step(len(some))
    return store.rows(keys)


def look(path: Path) -> tuple[str, str]:
    """A file's sha256, and why it is not to be decoded, if so."""
    from PIL import Image

    try:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
            n_bytes = file.tell()
            file.seek(0)
            with Image.open(file) as image:
                width, height = image.size
    except FileNotFoundError:
        return "", "no such file"
    except (OSError, ValueError, SyntaxError) as error:
        said = str(error).partition("\n")[0].replace(str(path), path.name)
        return "", f"no readable image ({said[:100]})"
    pixels = width * height
    if pixels > MAX_PIXELS:
        return "", f"an image of {width:,} by {height:,} pixels"
    if pixels > SUSPECT_PIXELS and pixels > PIXELS_PER_BYTE * n_bytes:
        return "", f"{n_bytes:,} bytes that unpack to {width:,} by {height:,} pixels"
    return digest.hexdigest(), ""


@contextmanager
def large_images() -> Iterator[None]:
    """Without Pillow's own limit, in processes that are forked meanwhile too."""
    from PIL import Image

    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _finite(rows: Vectors, clip: ClipModel) -> Vectors:
    if not np.isfinite(rows).all():
        raise SkyloomError(
            "the model's vectors are not finite numbers",
            where=clip.label,
            remedy="try --precision fp32",
        )
    return rows


def _chunks(values: list[Value], size: int) -> Iterator[list[Value]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
