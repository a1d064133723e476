"""A model and pairs so small that a training takes a moment."""

import csv
import io
import json
import tarfile

import pytest
from PIL import Image

TINY = {
    "embed_dim": 16,
    "vision_cfg": {
        "image_size": 16,
        "layers": 1,
        "width": 16,
        "head_width": 8,
        "patch_size": 8,
    },
    "text_cfg": {
        "context_length": 12,
        "vocab_size": 49408,
        "width": 16,
        "heads": 2,
        "layers": 1,
    },
}
COLOURS = {"tree": (30, 120, 30), "pool": (40, 90, 200), "roof": (180, 60, 40)}
SETTINGS = """
model = "tiny.json"
global_batch = 8
epochs = 3
lr = 1e-2
warmup = 2
grad_clip_norm = 1.0
random_rotation = true
precision = "fp32"
workers = 0
threads = 1
device = "cpu"
log_every_n_steps = 1
zeroshot_classes = 3

[augment]
use_timm = true
color_jitter = 0.2
scale = [0.67, 1.0]

[captions]
title = 0.6
title_multi_objects = 0.4
"""


def chip(number: int) -> Image.Image:
    red, green, blue = list(COLOURS.values())[number % 3]
    image = Image.new("RGB", (20 + number % 5, 22), (red, green, blue))
    image.paste((number * 7 % 256, 255, 0), (number % 9, 3, number % 9 + 6, 9))
    return image


def row(number: int) -> tuple[str, str, str]:
    name = list(COLOURS)[number % 3]
    title = f"a satellite image of {name}"
    return f"images/{number:03d}.jpg", title, f"{title}, surrounded by {number % 4}"


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def data(tmp_path):
    """A folder with a configuration, a model, 35 pairs to train on, 12 others."""
    (tmp_path / "images").mkdir()
    (tmp_path / "tiny.json").write_text(json.dumps(TINY))
    (tmp_path / "tiny.toml").write_text(SETTINGS)
    for name, numbers in (("train", range(35)), ("val", range(35, 47))):
        rows = [row(number) for number in numbers]
        write_csv(tmp_path / f"{name}.csv", rows)
        for number in numbers:
            chip(number).save(tmp_path / row(number)[0])
    return tmp_path


def write_csv(path, rows, separator=","):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(["filepath", "title", "title_multi_objects"])
        writer.writerows(rows)


@pytest.fixture
def make_csv():
    return write_csv


@pytest.fixture
def flags(data):
    """The flags of a training on the CSVs, with more after them."""

    def make(*more):
        files = ["--train-data", data / "train.csv", "--val-data", data / "val.csv"]
        return [str(word) for word in (*files, *more)]

    return make


@pytest.fixture
def train_tiny(data, flags):
    """Train in this process; the folder of the training."""
    from train.train_command import Asked, train

    def run(name, *more, resume=None):
        out = data / name
        asked = Asked(
            str(data / "tiny.toml"), flags(*more), data / "no_lake", out, resume
        )
        train(asked)
        return out

    return run


@pytest.fixture
def tars(data):
    """The training pairs as two tars."""
    for shard in range(2):
        with tarfile.open(data / f"{shard:05d}.tar", "w") as archive:
            for number in range(shard, 35, 2):
                file, title, multi = row(number)
                parts = {
                    "jpg": (data / file).read_bytes(),
                    "txt": title.encode(),
                    "multi.txt": multi.encode(),
                    "json": b"{}",
                }
                for ending, content in parts.items():
                    member = tarfile.TarInfo(f"{number:03d}.{ending}")
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
    return data
