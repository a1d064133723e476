"""A model whose vectors are known, and benchmark folders made of tiny images."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from skyloom.clip_models import ClipModel

DIM = 12


def image_vector(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(size=DIM).astype(np.float32)


def text_vector(text: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).normal(size=DIM).astype(np.float32)


class PlantedModel:
    """Tells an image by the number in its colour, and a text by its words."""

    def __init__(self, *, constant=False):
        self.texts: list[str] = []
        self.constant = constant
        self.n_images = self.n_texts = 0

    def tokens(self, texts, context_length=77):
        import torch

        places = []
        for text in texts:
            if text not in self.texts:
                self.texts.append(text)
            places.append([self.texts.index(text)])
        return torch.tensor(places)

    def encode_image(self, batch):
        import torch

        self.n_images += 1
        pixels = (batch[:, :2, 0, 0] * 255).round().long()
        numbers = (pixels[:, 0] + 256 * pixels[:, 1]).tolist()
        rows = [image_vector(0 if self.constant else n) for n in numbers]
        return torch.from_numpy(np.stack(rows))

    def encode_text(self, tokens):
        import torch

        self.n_texts += 1
        words = [self.texts[int(place)] for place in tokens[:, 0]]
        rows = [text_vector("" if self.constant else text) for text in words]
        return torch.from_numpy(np.stack(rows))


def planted_clip(*, constant=False) -> ClipModel:
    model = PlantedModel(constant=constant)
    return ClipModel(
        name="planted",
        model=model,
        tokenizer=model.tokens,
        # No step before the two that the embedder does itself.
        preprocess=SimpleNamespace(transforms=[None, None]),
        digest="ab" * 32,
        precision="fp32",
        device="cpu",
        dim=DIM,
        context_length=77,
        model_cfg={},
        preprocess_cfg={"mean": [0, 0, 0], "std": [1, 1, 1]},
    )


def draw(path: Path, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = (number % 256, number // 256, 7)
    Image.new("RGB", (2, 2), colour).save(path.with_suffix(".png"))
    path.with_suffix(".png").rename(path)
    return path


def write_csv(path: Path, header: list[str], rows: Sequence[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def confusion_of(result):
    assert result.confusion is not None
    return result.confusion
