"""Open-vocabulary classification: images, or tiles of rasters, against any labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skyloom import progress

if TYPE_CHECKING:
    from captioning.embed import Pace
    from captioning.raster_tiles import Tile, Tiles
    from skyloom.clip_models import ClipModel
    from skyloom.clip_vectors import Vectors

DECIMALS = 6


@dataclass(frozen=True)
class Classes:
    """Labels with the unit vectors of their sentences, and the scale of the softmax."""

    labels: Sequence[str]
    vectors: Vectors
    scale: float

    @classmethod
    def of(
        cls, clip: ClipModel, labels: Sequence[str], templates: Sequence[str]
    ) -> Classes:
        """A label's vector is the normalised mean of its sentences' unit vectors."""
        from skyloom.zero_shot import class_vectors

        vectors = class_vectors(clip, labels, templates)
        scale = float(clip.model.logit_scale.detach().exp().cpu())
        return cls(labels, vectors, scale)

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Rows of probabilities over the labels, one for each image vector."""
        logits = self.scale * (
            vectors.astype(np.float64) @ self.vectors.astype(np.float64).T
        )
        grown = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = grown / grown.sum(axis=1, keepdims=True)
        return shares.round(DECIMALS)

    def best(self, vectors: Vectors, top: int) -> Iterator[list[tuple[str, float]]]:
        """For each vector its likeliest labels; equals in the order of the labels."""
        for row in self.probabilities(vectors):
            order = np.argsort(-row, kind="stable")[:top]
            yield [(self.labels[place], float(row[place])) for place in order]


@dataclass
class Classified:
    """Rows of answers, and what could not be looked at; empty tiles have no data."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    n_empty: int = 0

    def add(self, about: dict[str, Any], answers: Sequence[tuple[str, float]]) -> None:
        """One image or tile with its labels, the likeliest first."""
        for rank, (label, probability) in enumerate(answers, 1):
            self.rows.append(
                {**about, "rank": rank, "label": label, "probability": probability}
            )


def classify_images(
    clip: ClipModel, classes: Classes, files: Sequence[Path], top: int, pace: Pace
) -> Classified:
    """The likeliest labels of image files."""
    from skyloom.clip_vectors import Picture, embed_pictures

    done = Classified()
    batches = embed_pictures(
        clip,
        [Picture(file) for file in files],
        batch_size=pace.batch_size,
        workers=pace.workers_for(clip.device),
    )
    with progress.track("classifying", len(files)) as step:
        for batch in batches:
            found = classes.best(batch.vectors, top)
            for place, answers in zip(batch.places, found, strict=True):
                done.add({"image": str(files[place])}, answers)
            done.faults += [(str(files[place]), why) for place, why in batch.faults]
            step(len(batch.places) + len(batch.faults))
    return done


def classify_tiles(
    clip: ClipModel,
    classes: Classes,
    files: Sequence[Path],
    tiles: Tiles,
    top: int,
    pace: Pace,
) -> Classified:
    """The likeliest labels of the tiles of rasters; a batch is in memory at a time."""
    from captioning.raster_tiles import count_tiles, read_tiles

    done = Classified()
    total = sum(count_tiles(file, tiles) for file in files)
    with progress.track("classifying tiles", total) as step:
        for file in files:
            read = read_tiles(file, tiles)
            while some := list(islice(read, pace.batch_size)):
                _classify_some(clip, classes, some, top, done)
                step(len(some))
    return done


def _classify_some(
    clip: ClipModel, classes: Classes, some: Sequence[Tile], top: int, done: Classified
) -> None:
    from skyloom.clip_vectors import embed_images

    seen = [tile for tile in some if tile.image is not None]
    done.n_empty += len(some) - len(seen)
    if not seen:
        return
    images = [tile.image for tile in seen]
    vectors = embed_images(clip, images, batch_size=len(images))
    for tile, answers in zip(seen, classes.best(vectors, top), strict=True):
        done.add(tile.about(), answers)
