"""Images and texts to unit vectors: decoding beside the forward pass, stable bytes.

It needs torch, torchvision, open_clip and pillow, and nothing else.
"""

from __future__ import annotations

import hashlib
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skyloom.clip_models import ClipModel
from skyloom.errors import SkyloomError

Vectors = NDArray[np.float32]
# On a CPU every pass has this many rows, whatever the batch: the shape of a product
# of matrices decides the last bits of its rows, and nothing else does.
CPU_ROWS = 16
# Batches whose vectors wait on the device while later ones are computed.
IN_FLIGHT = 3
DTYPES = {"bf16": "bfloat16", "fp16": "float16"}


@dataclass(frozen=True)
class Picture:
    """An image file; with a digest, other bytes count as damaged."""

    path: Path
    sha256: str | None = None


@dataclass(frozen=True)
class Embedded:
    """What came of one batch: places in the order of pictures, and their vectors.

    `faults` are places with the reason why there is no vector.
    """

    places: list[int]
    vectors: Vectors
    faults: list[tuple[int, str]]


def embed_pictures(
    clip: ClipModel,
    pictures: Sequence[Picture],
    *,
    batch_size: int,
    workers: int,
) -> Iterator[Embedded]:
    """Embed files, in order, while other processes decode the next ones.

    With no workers the files are decoded here, between passes.
    """
    import torch

    on_gpu = clip.device.startswith("cuda")
    files: Any = PixelFiles(pictures, PixelsOf(clip))
    loader: Any = torch.utils.data.DataLoader(
        files,
        batch_size=batch_size,
        collate_fn=_collate,
        num_workers=workers,
        pin_memory=on_gpu,
        prefetch_factor=4 if workers else None,
    )
    waiting: deque[tuple[list[int], Any, list[tuple[int, str]]]] = deque()
    for places, pixels, faults in loader:
        rows = forward_pixels(clip, pixels, batch_size) if places else None
        waiting.append((places, rows, faults))
        # Fetching vectors waits for the device: only those of earlier batches are.
        if len(waiting) >= (IN_FLIGHT if on_gpu else 1):
            yield _fetched(clip, *waiting.popleft())
    while waiting:
        yield _fetched(clip, *waiting.popleft())


def embed_texts(clip: ClipModel, texts: Sequence[str], *, batch_size: int) -> Vectors:
    """The vectors of texts, each cut to the tokens that the model takes."""
    parts = [np.empty((0, clip.dim), np.float32)]
    for start in range(0, len(texts), batch_size):
        tokens = clip.tokenizer(list(texts[start : start + batch_size]))
        rows = _forward(clip, clip.model.encode_text, tokens, batch_size)
        parts.append(unit(rows.float().cpu().numpy()))
    return np.concatenate(parts)


def embed_images(clip: ClipModel, images: Iterable[Any], *, batch_size: int) -> Vectors:
    """The vectors of PIL images that are open already."""
    import torch

    to_pixels = PixelsOf(clip)
    pixels = torch.stack([to_pixels(image) for image in images])
    return unit(forward_pixels(clip, pixels, batch_size).float().cpu().numpy())


def count_cut(clip: ClipModel, texts: Sequence[str]) -> int:
    """How many texts have more tokens than the model takes."""
    limit = clip.context_length
    hub = getattr(clip.tokenizer, "tokenizer", None)
    padding = getattr(hub, "pad_token_id", None) or 0
    cut = 0
    for start in range(0, len(texts), 1024):
        tokens = clip.tokenizer(list(texts[start : start + 1024]), limit + 64)
        cut += int((tokens[:, limit:] != padding).any(1).sum())
    return cut


def unit(rows: NDArray[Any]) -> Vectors:
    """Rows of length 1, computed in double precision."""
    wide = rows.astype(np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    return (wide / np.where(lengths > 0, lengths, 1)).astype(np.float32)


class PixelsOf:
    """From an image to the bytes that the model's own preprocessing has of it.

    They are what open_clip's transform makes before it takes floats of them: a quarter
    of the size, and the device makes the floats.
    """

    def __init__(self, clip: ClipModel) -> None:
        # The last two steps are to a tensor of floats, and to normalise it.
        self._steps = clip.preprocess.transforms[:-2]

    def __call__(self, image: Any) -> Any:
        """A tensor of three bands, of bytes."""
        import torch

        image = image.convert("RGB")
        for step in self._steps:
            image = step(image)
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


class PixelFiles:
    """Files as a data set of torch; a fault is an item too."""

    def __init__(self, pictures: Sequence[Picture], to_pixels: PixelsOf) -> None:
        self._pictures = pictures
        self._to_pixels = to_pixels

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, place: int) -> tuple[int, Any, str]:
        from PIL import Image

        picture = self._pictures[place]
        try:
            content = picture.path.read_bytes()
            if picture.sha256 and hashlib.sha256(content).hexdigest() != picture.sha256:
                return place, None, "other bytes than the catalog has"
            with Image.open(io.BytesIO(content)) as image:
                return place, self._to_pixels(image), ""
        except FileNotFoundError:
            return place, None, "no such file"
        except (
            OSError,
            ValueError,
            SyntaxError,
            Image.DecompressionBombError,
        ) as error:
            said = str(error).partition("\n")[0] or type(error).__name__
            return place, None, f"no readable image ({said[:100]})"


def forward_pixels(clip: ClipModel, pixels: Any, rows: int) -> Any:
    """The device's rows for a batch of bytes, not waited for."""
    mean, std = (
        _per_band(tuple(clip.preprocess_cfg[key]), clip.device)
        for key in ("mean", "std")
    )

    def encode(batch: Any) -> Any:
        return clip.model.encode_image(batch.float().div(255).sub(mean).div(std))

    return _forward(clip, encode, pixels, rows)


@cache
def _per_band(numbers: tuple[float, ...], device: str) -> Any:
    """Made once: a copy to the device for each batch would wait for it."""
    import torch

    return torch.tensor(numbers, device=device).view(1, -1, 1, 1)


def _forward(
    clip: ClipModel, encode: Callable[[Any], Any], batch: Any, rows: int
) -> Any:
    import torch

    on_cpu = clip.device == "cpu"
    rows = CPU_ROWS if on_cpu else rows
    done = []
    with torch.inference_mode(), _autocast(clip):
        for start in range(0, len(batch), rows):
            part = batch[start : start + rows].to(clip.device, non_blocking=True)
            count = len(part)
            if count < rows:
                spare = part[-1:].expand(rows - count, *part.shape[1:])
                part = torch.cat([part, spare])
            try:
                done.append(encode(part)[:count])
            except torch.OutOfMemoryError:
                raise SkyloomError(
                    f"{rows} rows of {clip.name} are too many for {clip.device}",
                    remedy="give a smaller --batch-size",
                ) from None
    return torch.cat(done)


def _autocast(clip: ClipModel) -> AbstractContextManager[Any]:
    import torch

    if clip.precision == "fp32":
        return nullcontext()
    kind = getattr(torch, DTYPES[clip.precision])
    return torch.autocast(torch.device(clip.device).type, dtype=kind)


def _collate(items: Sequence[tuple[int, Any, str]]) -> tuple[Any, Any, Any]:
    import torch

    good = [(place, pixels) for place, pixels, _ in items if pixels is not None]
    faults = [(place, why) for place, pixels, why in items if pixels is None]
    stacked = torch.stack([pixels for _, pixels in good]) if good else torch.empty(0)
    return [place for place, _ in good], stacked, faults


def _fetched(
    clip: ClipModel, places: list[int], rows: Any, faults: list[tuple[int, str]]
) -> Embedded:
    if rows is None:
        return Embedded([], np.empty((0, clip.dim), np.float32), list(faults))
    return Embedded(list(places), unit(rows.float().cpu().numpy()), list(faults))
