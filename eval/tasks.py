"""A benchmark made ready to run: images, and what is true of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.known import Benchmark
from skyloom.errors import UsageError


@dataclass(frozen=True)
class Task:
    """Images of a benchmark with labels, or with texts.

    `labels` are places in `classes`, one for each image; of a binary benchmark 0 or 1,
    and `classes` is the one class asked for. `pairs` are places in `images` and in
    `texts`, each of which holds an entry once. `tuning` marks the images that may set
    a threshold.
    """

    benchmark: Benchmark
    images: tuple[Path, ...]
    labels: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    tuning: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Missing:
    """A benchmark that is not at hand, and where to get it."""

    benchmark: Benchmark
    why: str

    def line(self) -> str:
        """For a person: what is missing and the remedy."""
        get = self.benchmark.archive
        return f"{self.benchmark.name}: {self.why}" + (f"; get {get}" if get else "")


def retrieval(
    benchmark: Benchmark, captions: Sequence[tuple[Path, str]], where: str
) -> Task:
    """Unique images and unique texts, in order of first mention, with their pairs.

    Raises:
        UsageError: there is nothing to find.
    """
    images: dict[Path, int] = {}
    texts: dict[str, int] = {}
    pairs: dict[tuple[int, int], None] = {}
    for path, caption in captions:
        image = images.setdefault(path, len(images))
        text = texts.setdefault(benchmark.prefix + caption, len(texts))
        pairs[image, text] = None
    if not pairs:
        raise UsageError("holds no captions", where=where)
    return Task(benchmark, tuple(images), texts=tuple(texts), pairs=tuple(pairs))
