"""How a training does on pairs that it does not see: loss, zero-shot, retrieval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyloom.clip_models import ClipModel
from skyloom.clip_vectors import PixelsOf, embed_texts, forward_pixels, unit
from skyloom.zero_shot import SLOT, class_vectors
from train.batches import PairDataset, batches
from train.caption_mix import CaptionMix
from train.config import TrainConfig
from train.losses import contrast
from train.pairs import Pairs

# The loss is of batches of this many pairs, whatever the training's batch is.
ROWS = 128
TITLE = "title"


@dataclass(frozen=True)
class Validation:
    """Validates on pairs, their images as they are; the titles are the classes.

    Classes are the most frequent labels, or titles where there are none; chance is
    one of their number, and the recall is the mean of the classes' own.
    """

    pairs: Pairs
    config: TrainConfig

    def __call__(self, clip: ClipModel) -> dict[str, float]:
        """Loss, recalls and their chance levels; the model goes back to training."""
        was = clip.model.training
        clip.model.eval()
        try:
            vectors, loss = self._embed(clip)
            return {
                "val_loss": loss,
                **self._zero_shot(clip, vectors),
                **self._retrieval(clip, vectors),
            }
        finally:
            clip.model.train(was)

    def _embed(self, clip: ClipModel) -> tuple[NDArray[Any], float]:
        import torch

        config, loss = self.config, contrast(self.config.same_caption)
        scale = clip.model.logit_scale.detach().float().exp().cpu()
        captions = CaptionMix(self.pairs, config.captions, config.seed)
        dataset = PairDataset(self.pairs, captions, _Plain(PixelsOf(clip)))
        rows: list[NDArray[Any]] = []
        losses: list[float] = []
        counts: list[int] = []
        for batch in batches(
            dataset,
            self._parts(),
            clip.tokenizer,
            workers=config.workers,
            pin_memory=False,
        ):
            texts = [captions(0, at) for at in range(*_span(len(rows), self.pairs))]
            images = _embedded(clip, batch.images)
            words = embed_texts(clip, texts, batch_size=ROWS)
            both = (torch.from_numpy(one) for one in (images, words))
            losses.append(float(loss(*both, scale, batch.ids)))
            counts.append(len(texts))
            rows.append(images)
        return np.concatenate(rows), float(np.average(losses, weights=counts))

    def _parts(self) -> Iterator[list[tuple[int, int]]]:
        for start in range(0, len(self.pairs), ROWS):
            end = min(start + ROWS, len(self.pairs))
            yield [(0, place) for place in range(start, end)]

    def _titles(self) -> tuple[str, ...]:
        captions = self.pairs.captions
        return captions.get(TITLE) or captions[min(captions)]

    def _zero_shot(self, clip: ClipModel, vectors: NDArray[Any]) -> dict[str, float]:
        titles = self.pairs.labels or self._titles()
        ranked = sorted(Counter(titles).items(), key=lambda one: (-one[1], one[0]))
        classes = [title for title, _ in ranked[: self.config.zeroshot_classes]]
        if len(classes) < 2:
            return {}
        answers = vectors @ class_vectors(clip, classes, [SLOT]).T
        recalls = []
        for number, name in enumerate(classes):
            own = answers[[title == name for title in titles]]
            recalls.append(float((own.argmax(axis=1) == number).mean()))
        return {
            "zero_shot_recall": float(np.mean(recalls)),
            "zero_shot_chance": 1 / len(classes),
        }

    def _retrieval(self, clip: ClipModel, vectors: NDArray[Any]) -> dict[str, float]:
        """Of all titles, is an image's own the nearest? Averaged title by title."""
        titles = self._titles()
        names = sorted(set(titles))
        if len(names) < 2:
            return {}
        words = embed_texts(clip, names, batch_size=ROWS)
        place = {name: at for at, name in enumerate(names)}
        own = np.array([place[title] for title in titles])
        hits = (vectors @ words.T).argmax(axis=1) == own
        return {
            "retrieval_r1": float(hits.mean()),
            "retrieval_recall": float(
                np.mean([hits[own == at].mean() for at in range(len(names))])
            ),
            "retrieval_chance": 1 / len(names),
        }


class _Plain:
    """Pixels without augmentation, as a data set asks for them."""

    def __init__(self, pixels: PixelsOf) -> None:
        self._pixels = pixels

    def __call__(self, image: Any, epoch: int, place: int) -> Any:
        return self._pixels(image)


def _span(done: int, pairs: Pairs) -> tuple[int, int]:
    return done * ROWS, min((done + 1) * ROWS, len(pairs))


def _embedded(clip: ClipModel, images: Any) -> NDArray[Any]:
    return unit(forward_pixels(clip, images, ROWS).float().cpu().numpy())
