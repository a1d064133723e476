"""A CLIP model small enough for tests, in files, and a catalog of drawn images."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from skyloom.clip_models import ClipRequest, need_open_clip
from skyloom.lake import Lake

CONFIG: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {
        "image_size": 32,
        "layers": 2,
        "width": 32,
        "patch_size": 8,
        "head_width": 16,
    },
    "text_cfg": {"context_length": 77, "width": 16, "heads": 2, "layers": 1},
}


@dataclass(frozen=True)
class Tiny:
    """The files of a tiny model; its weights are random, and the same each time."""

    folder: Path
    model: Path
    checkpoint: Path

    @property
    def request(self) -> ClipRequest:
        return ClipRequest(str(self.model), checkpoint=self.checkpoint)

    @property
    def flags(self) -> tuple[str, ...]:
        return "--model", str(self.model), "--checkpoint", str(self.checkpoint)

    def tensors(self) -> dict[str, Any]:
        import torch

        loaded: dict[str, Any] = torch.load(self.checkpoint, weights_only=True)
        return loaded

    def save(self, content: Any, name: str) -> ClipRequest:
        import torch

        torch.save(content, self.folder / name)
        return ClipRequest(str(self.model), checkpoint=self.folder / name)


def write_tiny(folder: Path, *, seed: int = 0) -> Tiny:
    """Write the model's JSON and its weights."""
    need_open_clip()
    import open_clip
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    about = folder / "config"
    about.mkdir(parents=True)
    (about / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": CONFIG, "preprocess_cfg": {}})
    )
    model = open_clip.create_model(f"local-dir:{about}", load_weights=False)
    (folder / "tiny.json").write_text(json.dumps(CONFIG))
    torch.save(model.state_dict(), folder / "tiny.pt")
    return Tiny(folder, folder / "tiny.json", folder / "tiny.pt")


def draw(path: Path, number: int, *, side: tuple[int, int] = (60, 45)) -> str:
    """A JPEG of a colour and a grain of its own; the digest of the file."""
    random = np.random.default_rng(number)
    grain = random.integers(-40, 40, (side[1], side[0], 3))
    pixels = (random.integers(60, 200, 3) + grain).clip(0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def new_lake(folder: Path, count: int = 5) -> Lake:
    """A lake with `count` images, scene by scene, in two styles."""
    lake = Lake.open(folder / "lake", create=True)
    publish(lake, count)
    return lake


def publish(lake: Lake, count: int) -> None:
    """Make so many drawn images and their captions the current run."""
    images, captions, polished = [], [], []
    for number in range(count):
        scene, file = f"n{number}_DR", f"images/DR/aa/n{number}_DR_xx_000000.jpg"
        images.append(
            {
                "image_id": f"{scene}_xx",
                "scene_id": scene,
                "filepath": file,
                "sha256": draw(lake.root / file, number),
            }
        )
        for style in ("plain", "skyscript"):
            # Two scenes share a title.
            captions.append(
                {
                    "scene_id": scene,
                    "style": style,
                    "title": f"{style} thing {number // 2}",
                    "title_multi_objects": f"{style} thing {number // 2} and {number}",
                }
            )
        polished.append(
            {"scene_id": scene, "style": "skyscript", "polished": f"A thing, {number}."}
        )
    # A scene without an image.
    captions.append(captions[-1] | {"scene_id": "n99_DR", "title": "unseen"})
    tables = {"images": images, "captions": captions, "polished_captions": polished}
    files = lake.catalog / "files"
    files.mkdir(parents=True, exist_ok=True)
    (lake.catalog / "runs").mkdir(exist_ok=True)
    entries = []
    for name, rows in tables.items():
        pl.DataFrame(rows).write_parquet(files / f"{name}.parquet")
        entries.append({"name": name, "file": f"{name}.parquet"})
    (lake.catalog / "runs" / "r1.json").write_text(json.dumps({"tables": entries}))
    (lake.catalog / "current.json").write_text(json.dumps({"run_id": "r1"}))


def rows_of(lake: Lake, table: Any) -> pl.DataFrame:
    """All rows of a raw table, in order."""
    files = [file for file in lake.files(table) if file.name != "empty.parquet"]
    if not files:
        return pl.DataFrame()
    rows = pl.concat([pl.read_parquet(file) for file in files])
    return rows.sort(pl.all().exclude("vector"))
