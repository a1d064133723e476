"""Whether images keep a CLIP model busy: from JPEG files, beside data on the device.

`python -m benchmarks.clip [--models ViT-B-32,ViT-L-14] [--images DIR] [--seconds N]`

It needs torch, torchvision, open_clip and pillow, and no other package of Skyloom's.
Weights are random: time does not depend on them. On a CPU it tries itself out on a
tiny model, and the bar counts as not measured.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import figure
from skyloom.clip_build import image_transform
from skyloom.clip_models import ClipModel, need_open_clip
from skyloom.clip_vectors import (
    Picture,
    PixelFiles,
    PixelsOf,
    embed_pictures,
    forward_pixels,
)

BAR = ">= 0.9"
# Sides of the published chips, in pixels.
SIDES = (169, 568)
FILES = 512
TINY: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {
        "image_size": 64,
        "layers": 2,
        "width": 64,
        "patch_size": 16,
        "head_width": 16,
    },
    "text_cfg": {"context_length": 77, "width": 32, "heads": 2, "layers": 1},
}


@dataclass(frozen=True)
class Rates:
    """Images a second: forward pass alone, decoding alone, from files to vectors."""

    resident: float
    decoding: float
    end_to_end: float

    @property
    def fraction(self) -> float:
        """End to end, of the forward pass on data that is on the device."""
        return self.end_to_end / self.resident


@dataclass(frozen=True)
class Setting:
    """How images are worked through, and for how long."""

    batch_size: int
    workers: int
    seconds: float


def random_model(name: str, device: str, precision: str) -> ClipModel:
    """A model of that architecture with random weights."""
    import open_clip

    cfg = open_clip.get_model_config(name) or TINY
    with tempfile.TemporaryDirectory() as folder:
        about = {"model_cfg": cfg, "preprocess_cfg": {}}
        Path(folder, "open_clip_config.json").write_text(json.dumps(about))
        model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    wants = dict(model.visual.preprocess_cfg)
    return ClipModel(
        name=name,
        model=model.to(device).eval(),
        tokenizer=open_clip.SimpleTokenizer(),
        preprocess=image_transform(wants),
        digest="0" * 64,
        precision=precision,
        device=device,
        dim=int(cfg["embed_dim"]),
        context_length=77,
        model_cfg=cfg,
        preprocess_cfg=wants,
    )


def draw_files(folder: Path, count: int) -> list[Picture]:
    """JPEG files like chips: smooth ground with fine texture, the same each time."""
    from PIL import Image

    random = np.random.default_rng(5)
    pictures = []
    for number in range(count):
        width, height = (int(side) for side in random.integers(*SIDES, 2))
        coarse = random.integers(60, 200, (height // 32 + 2, width // 32 + 2, 3))
        ground = Image.fromarray(coarse.astype(np.uint8)).resize((width, height))
        texture = random.normal(0, 9, (height, width, 3))
        shown = (np.asarray(ground) + texture).clip(0, 255).astype(np.uint8)
        path = folder / f"{number:05}.jpg"
        Image.fromarray(shown).save(path, quality=85)
        pictures.append(Picture(path))
    return pictures


def measure(clip: ClipModel, pictures: Sequence[Picture], setting: Setting) -> Rates:
    """The three rates; where processes start and the first batches are not timed."""
    resident = _resident(clip, setting)
    count = int(resident * setting.seconds) // setting.batch_size * setting.batch_size
    count = max(count, 8 * setting.batch_size)
    many = [pictures[place % len(pictures)] for place in range(count)]
    return Rates(resident, _decoding(clip, many, setting), _whole(clip, many, setting))


def _resident(clip: ClipModel, setting: Setting) -> float:
    import torch

    size = clip.preprocess_cfg["size"]
    pixels = torch.randint(0, 256, (setting.batch_size, 3, *size), dtype=torch.uint8)
    pixels = pixels.to(clip.device)
    for _ in range(3):
        forward_pixels(clip, pixels, setting.batch_size)
    _wait(clip)
    began, passes = time.monotonic(), 0
    while time.monotonic() - began < setting.seconds / 2:
        for _ in range(4):
            forward_pixels(clip, pixels, setting.batch_size)
        _wait(clip)
        passes += 4
    return passes * setting.batch_size / (time.monotonic() - began)


def _decoding(clip: ClipModel, many: Sequence[Picture], setting: Setting) -> float:
    import torch

    files: Any = PixelFiles(many, PixelsOf(clip))
    loader: Any = torch.utils.data.DataLoader(
        files,
        batch_size=setting.batch_size,
        num_workers=setting.workers,
        collate_fn=len,
        prefetch_factor=4 if setting.workers else None,
    )
    return rate(loader)


def _whole(clip: ClipModel, many: Sequence[Picture], setting: Setting) -> float:
    made = embed_pictures(
        clip, many, batch_size=setting.batch_size, workers=setting.workers
    )
    return rate(len(batch.places) for batch in made)


def rate(counts: Any) -> float:
    """Items a second, from the second yield to the last."""
    began, total = 0.0, 0
    for number, count in enumerate(counts):
        if number == 1:
            began = time.monotonic()
        elif number > 1:
            total += count
    return total / (time.monotonic() - began)


def _wait(clip: ClipModel) -> None:
    import torch

    if clip.device.startswith("cuda"):
        torch.cuda.synchronize()


def verdict(name: str, rates: Rates, *, on_gpu: bool) -> Mapping[str, Any]:
    """The line of one model; without a GPU the bar is not measured."""
    line = figure(f"{name}: end to end, of the forward pass", rates.fraction, BAR)
    return line if on_gpu else line | {"holds": "not measured"}


def main() -> None:
    """Measure, print the rates, and end with the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="")
    parser.add_argument("--images", type=Path)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--batch-size", type=int, default=0)
    parser.add_argument("--workers", type=int, default=-1)
    asked = parser.parse_args()
    need_open_clip()
    import torch

    on_gpu = torch.cuda.is_available()
    cores = os.cpu_count() or 1
    names = asked.models or ("ViT-B-32,ViT-L-14" if on_gpu else "tiny")
    setting = Setting(
        asked.batch_size or (512 if on_gpu else 16),
        asked.workers if asked.workers >= 0 else (min(16, cores) if on_gpu else 0),
        asked.seconds if on_gpu else min(asked.seconds, 2),
    )
    device, precision = ("cuda", "bf16") if on_gpu else ("cpu", "fp32")
    hardware = torch.cuda.get_device_name() if on_gpu else "no GPU: a trial on the CPU"
    print(f"machine: {hardware}, {cores} cores; {setting}; {precision}")
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        if asked.images:
            pictures = [Picture(file) for file in sorted(asked.images.rglob("*.jpg"))]
        else:
            pictures = draw_files(Path(folder), FILES if on_gpu else 32)
        for name in names.split(","):
            rates = measure(random_model(name, device, precision), pictures, setting)
            print(
                f"{name:12} forward {rates.resident:9.1f}/s  decoding "
                f"{rates.decoding:9.1f}/s  end to end {rates.end_to_end:9.1f}/s"
            )
            figures.append(verdict(name, rates, on_gpu=on_gpu))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
