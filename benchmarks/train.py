"""Images per second and use of the GPU, beside open_clip's own training loop.

Both read the same JPEGs from the same CSV with the same workers, model, batch,
augmentation and precision, in turns, in one process. Where there is no GPU a small
model runs instead, and the bars are not measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.measure import figure
from skyloom.torch_shim import import_torchvision

# Dense bfloat16 operations a second, as the maker says.
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
MODELS = ("ViT-B-32", "ViT-L-14")
AUGMENT = {"use_timm": True, "color_jitter": 0.4, "scale": (0.67, 1.0)}
AUGMENT |= {"ratio": (0.5, 2.0)}
# The first steps compile kernels and fill the loaders' queues.
WARM = 5


def main() -> None:
    """Measure, print a table, then one JSON line of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=12)
    parser.add_argument("--torchcompile", action="store_true")
    given = parser.parse_args()
    import_torchvision()
    import torch

    on_gpu = torch.cuda.is_available()
    if not on_gpu:
        print("no GPU: a small model on the CPU, and the bars are not measured")
        tiny = Path(__file__).parents[1] / "train" / "configs" / "debug.json"
        given.models, given.batch, given.steps = str(tiny), 32, 6
        given.rounds, given.workers = 1, 0
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        pairs = draw_pairs(Path(folder), given.batch * (given.steps + WARM))
        for model in given.models.split(","):
            figures += beside(model, pairs, given, on_gpu)
    print(json.dumps(figures))


def beside(model: str, pairs: Path, given: Any, on_gpu: bool) -> list[dict[str, Any]]:
    """One model's rows and figures: ours and theirs, in turns."""
    import torch

    rates: dict[str, list[float]] = {"skyloom": [], "open_clip": []}
    for _ in range(given.rounds):
        rates["skyloom"].append(ours(model, pairs, given, on_gpu))
        rates["open_clip"].append(theirs(model, pairs, given, on_gpu))
    flops = flops_of(model)
    name = torch.cuda.get_device_name() if on_gpu else "CPU"
    peak = next((p for key, p in PEAKS.items() if key in name), None)
    print(
        f"{Path(model).stem}, batch {given.batch}, {name}, {flops / 1e9:.3g} GFLOP/pair"
    )
    for who, found in rates.items():
        rate = statistics.median(found)
        used = f", {100 * rate * flops / peak:.1f} % of peak" if peak else ""
        print(f"  {who}: {rate:.0f} images/s{used}")
    if not on_gpu:
        return []
    mine, other = (statistics.median(rates[who]) for who in ("skyloom", "open_clip"))
    short = Path(model).stem
    verdicts = [figure(f"{short}: images/s, of open_clip's", mine / other, ">= 1.3")]
    if peak:
        share = mine * flops / peak
        verdicts.append(figure(f"{short}: share of peak", share, ">= 0.4"))
    return verdicts


def ours(model: str, pairs: Path, given: Any, on_gpu: bool) -> float:
    """Images per second of Skyloom's loop."""
    from train.augment import training_augment
    from train.batches import PairDataset, batches
    from train.caption_mix import CaptionMix
    from train.config import TrainConfig
    from train.optimiser import make_optimiser
    from train.order import Order
    from train.pairs import read_pairs
    from train.processes import Place
    from train.step import Stepper
    from train.student import make_student

    config = TrainConfig(
        model=model,
        train_data=str(pairs),
        augment=AUGMENT,
        random_rotation=True,
        same_caption="ignore",
        torchcompile=given.torchcompile,
        precision="amp_bf16" if on_gpu else "fp32",
    )
    device = "cuda" if on_gpu else "cpu"
    clip = make_student(config, device)
    rows, _ = read_pairs(config, Path("unused"))
    views = training_augment(
        clip.preprocess_cfg, AUGMENT, quarter_turns=True, seed=config.seed
    )
    optimiser = make_optimiser(clip.model.named_parameters(), config, fused=on_gpu)
    step = Stepper(clip, optimiser, config, Place(0, 1, device))
    stream = batches(
        PairDataset(rows, CaptionMix(rows, config.captions, 0), views),
        Order(len(rows), given.batch, 0, 1).parts(),
        clip.tokenizer,
        workers=given.workers,
        pin_memory=on_gpu,
    )
    start = 0.0
    for number, batch in enumerate(stream):
        if number == WARM:
            _wait(on_gpu)
            start = time.perf_counter()
        step([batch], number)
    _wait(on_gpu)
    return float(given.batch * given.steps) / (time.perf_counter() - start)


def theirs(model: str, pairs: Path, given: Any, on_gpu: bool) -> float:
    """Images per second of open_clip's train_one_epoch, warm-up taken off alike."""
    import open_clip
    import torch
    from open_clip.loss import ClipLoss
    from open_clip_train.data import get_data  # type: ignore[import-untyped]
    from open_clip_train.params import parse_args  # type: ignore[import-untyped]
    from open_clip_train.scheduler import cosine_lr  # type: ignore[import-untyped]
    from open_clip_train.train import train_one_epoch  # type: ignore[import-untyped]

    if model.endswith(".json"):
        open_clip.add_model_config(Path(model))
    name, device = Path(model).stem, "cuda" if on_gpu else "cpu"
    words = ["--train-data", pairs, "--csv-separator", ",", "--model", name]
    words += ["--batch-size", given.batch, "--workers", given.workers, "--epochs", 1]
    words += ["--precision", "amp_bf16" if on_gpu else "fp32", "--device", device]
    args = parse_args([str(word) for word in words])
    args.rank = args.local_rank = 0
    args.world_size, args.distributed, args.distill = 1, False, False
    args.wandb = False
    net, view, plain = open_clip.create_model_and_transforms(
        name, device=device, aug_cfg=AUGMENT, output_dict=True
    )
    data = get_data(args, (view, plain), tokenizer=open_clip.get_tokenizer(name))
    loader = data["train"].dataloader
    marks: list[float] = []
    data["train"] = replace(data["train"], dataloader=_Timed(loader, marks, on_gpu))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-5)
    schedule = cosine_lr(optimiser, 1e-5, 10, 1000)
    train_one_epoch(net, data, ClipLoss(), 0, optimiser, None, schedule, None, args)
    _wait(on_gpu)
    return float(given.batch * given.steps) / (time.perf_counter() - marks[0])


class _Timed:
    """A loader that notes when the batch after the warm ones is handed out."""

    def __init__(self, loader: Any, marks: list[float], on_gpu: bool) -> None:
        self._loader, self._marks, self._on_gpu = loader, marks, on_gpu
        self.num_batches, self.num_samples = loader.num_batches, loader.num_samples

    def __iter__(self) -> Any:
        for number, batch in enumerate(self._loader):
            if number == WARM:
                _wait(self._on_gpu)
                self._marks.append(time.perf_counter())
            yield batch


def flops_of(model: str) -> float:
    """Operations of one pair, forward and backward, counted on the meta device."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from train.config import TrainConfig
    from train.student import make_student

    clip = make_student(TrainConfig(model=model), "cpu")
    net = clip.model.to("meta")
    size = clip.preprocess_cfg["size"]
    with FlopCounterMode(display=False) as counter:
        images = torch.zeros(2, 3, *size, device="meta")
        tokens = torch.ones(2, clip.context_length, dtype=torch.long, device="meta")
        image, text, scale = net(images, tokens)[:3]
        (scale * image @ text.T).sum().backward()
    return float(counter.get_total_flops()) / 2


def draw_pairs(folder: Path, count: int) -> Path:
    """JPEGs of a chip's usual size and a CSV of them; 512 files are named in turn."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(min(count, 512)):
        coarse = random.integers(0, 256, (30, 30, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((300, 300), Image.Resampling.BICUBIC)
        image.save(folder / f"{number}.jpg", quality=90)
    rows = [
        f"{folder}/{k % 512}.jpg,a satellite image of {k % 97}" for k in range(count)
    ]
    (folder / "pairs.csv").write_text("\n".join(["filepath,title", *rows]) + "\n")
    return folder / "pairs.csv"


def _wait(on_gpu: bool) -> None:
    import torch

    if on_gpu:
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
