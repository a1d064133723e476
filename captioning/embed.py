"""`skyloom embed`: a vector for each image and each caption, once for each model.

In: the published images and captions, the chips. Out: raw `embeddings` and `models`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioning.caption_columns import caption_texts
from captioning.embedding_table import (
    IMAGE,
    TEXT,
    known_contents,
    register_model,
    write_part,
)
from skyloom import progress
from skyloom.catalog import Catalog
from skyloom.lake import Lake

if TYPE_CHECKING:
    from skyloom.clip_models import ClipModel
    from skyloom.clip_vectors import Embedded, Vectors

PART = 4096
# One set of decoding processes serves so many parts.
PARTS_AT_ONCE = 64
SHOWN_FAULTS = 5


@dataclass(frozen=True)
class Pace:
    """How images are worked through; null workers: none on a CPU, else by cores."""

    batch_size: int = 256
    workers: int | None = None

    def workers_for(self, device: str) -> int:
        """How many processes decode."""
        if self.workers is not None:
            return self.workers
        import os

        return min(16, os.cpu_count() or 1) if device.startswith("cuda") else 0


@dataclass
class Embeddings:
    """What came of a run; `faults` counts why images have no vector."""

    model: str
    n_images: int = 0
    n_texts: int = 0
    n_known: int = 0
    n_cut: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def is_partial(self) -> bool:
        """Whether an image has no vector."""
        return bool(self.faults)

    def summary(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**asdict(self), "faults": dict(sorted(self.faults.items()))}

    def __str__(self) -> str:
        lines = [
            f"{self.model}: {self.n_images:,} images and {self.n_texts:,} texts "
            f"embedded, {self.n_known:,} were there"
        ]
        if self.n_cut:
            lines.append(f"{self.n_cut:,} texts are longer than the model reads: cut")
        lines += [f"{n:,} images: {why}" for why, n in sorted(self.faults.items())]
        return "\n".join(lines)


def embed(
    lake: Lake,
    clip: ClipModel,
    columns: Sequence[str],
    pace: Pace,
    *,
    part: int = PART,
) -> Embeddings:
    """Embed what the published catalog has and this model has not seen.

    A killed run loses at most one part of `part` contents.
    """
    catalog = Catalog.open(lake)
    register_model(lake, clip)
    done = Embeddings(clip.label)
    _embed_images(lake, clip, catalog_images(catalog), done, pace, part)
    _embed_texts(lake, clip, caption_texts(catalog, columns), done, pace, part)
    return done


def catalog_images(catalog: Catalog) -> dict[str, str]:
    """Paths inside the lake by the digest of the file, in order of digests."""
    rows = catalog.query(
        "select sha256, min(filepath) from images group by sha256 order by sha256"
    ).fetchall()
    return dict(rows)


def _embed_images(
    lake: Lake,
    clip: ClipModel,
    images: dict[str, str],
    done: Embeddings,
    pace: Pace,
    part: int,
) -> None:
    known = known_contents(lake, IMAGE, clip.label)
    missing = [one for one in images if one not in known]
    done.n_known += len(images) - len(missing)
    title = "embedding images"
    with (
        progress.track(title, len(missing), counted="unreadable") as step,
        ThreadPoolExecutor(1) as writer,
    ):
        writing: Future[Path] | None = None
        span = part * PARTS_AT_ONCE
        for start in range(0, len(missing), span):
            some = missing[start : start + span]
            made = _embedded(lake, clip, some, images, pace)
            for contents, vectors in _in_parts(made, some, done, part, step):
                # Written beside the next passes; one part at a time is on its way.
                if writing:
                    writing.result()
                writing = writer.submit(
                    write_part, lake, IMAGE, clip.label, contents, vectors
                )
                done.n_images += len(contents)
        if writing:
            writing.result()


def _embedded(
    lake: Lake,
    clip: ClipModel,
    contents: Sequence[str],
    images: dict[str, str],
    pace: Pace,
) -> Iterator[Embedded]:
    from skyloom.clip_vectors import Picture, embed_pictures

    pictures = [Picture(lake.root / images[one], one) for one in contents]
    yield from embed_pictures(
        clip,
        pictures,
        batch_size=pace.batch_size,
        workers=pace.workers_for(clip.device),
    )


def _in_parts(
    made: Iterator[Embedded],
    contents: Sequence[str],
    done: Embeddings,
    part: int,
    step: progress.Step,
) -> Iterator[tuple[list[str], Vectors]]:
    """Vectors of at least `part` contents, and what is left at the end."""
    names: list[str] = []
    rows: list[Vectors] = []
    for batch in made:
        for place, why in batch.faults:
            if done.faults.total() < SHOWN_FAULTS:
                progress.say(f"image {contents[place][:12]}: {why}")
            done.faults[why] += 1
        step(len(batch.places) + len(batch.faults), len(batch.faults))
        names += [contents[place] for place in batch.places]
        rows.append(batch.vectors)
        while len(names) >= part:
            whole = np.concatenate(rows)
            yield names[:part], whole[:part]
            names, rows = names[part:], [whole[part:]]
    if names:
        yield names, np.concatenate(rows)


def _embed_texts(
    lake: Lake,
    clip: ClipModel,
    texts: dict[str, str],
    done: Embeddings,
    pace: Pace,
    part: int,
) -> None:
    from skyloom.clip_vectors import count_cut, embed_texts

    known = known_contents(lake, TEXT, clip.label)
    missing = [one for one in texts if one not in known]
    done.n_known += len(texts) - len(missing)
    done.n_cut = count_cut(clip, [texts[one] for one in missing])
    with progress.track("embedding texts", len(missing)) as step:
        for start in range(0, len(missing), part):
            some = missing[start : start + part]
            words = [texts[one] for one in some]
            vectors = embed_texts(clip, words, batch_size=pace.batch_size)
            write_part(lake, TEXT, clip.label, some, vectors)
            done.n_texts += len(some)
            step(len(some))
