"""Pairs as batches: images decoded and augmented in workers, captions as tokens."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyloom.errors import SkyloomError
from train.caption_mix import CaptionMix, caption_id
from train.order import Item
from train.pairs import Pairs

# Others of Pillow's formats start programs, or are no pictures.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
Pixels = Callable[[Any, int, int], Any]


@dataclass(frozen=True)
class Batch:
    """Bytes of images (n, 3, height, width), tokens (n, context), ids of captions."""

    images: Any
    tokens: Any
    ids: Any


class PairDataset:
    """Pairs as a data set of torch whose items are asked by (epoch, place).

    A fault is an item too: an exception of a worker would bring its traceback.
    """

    def __init__(self, pairs: Pairs, captions: CaptionMix, pixels: Pixels) -> None:
        self._pairs, self._captions, self._pixels = pairs, captions, pixels

    def __getitem__(self, item: Item) -> tuple[Any, str, str]:
        epoch, place = item
        text = self._captions(epoch, place)
        try:
            with open_image(self._pairs, place) as image:
                return self._pixels(image, epoch, place), text, ""
        except SkyloomError as error:
            return None, text, error.sentence()


def open_image(pairs: Pairs, place: int) -> Any:
    """The image of a pair, decoded.

    Raises:
        SkyloomError: it cannot be read, or has more pixels than Pillow deems sane.
    """
    from PIL import Image

    path = pairs.files[place]
    where = f"{path} ({pairs.keys[place]})" if pairs.lengths else path
    try:
        content = _content(pairs, place)
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > (Image.MAX_IMAGE_PIXELS or 1 << 27):
            raise SkyloomError(
                f"an image of {image.width:,} x {image.height:,} pixels is no chip",
                where=where,
            )
        image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        said = str(error).partition("\n")[0][:100] or type(error).__name__
        if isinstance(error, FileNotFoundError):
            said = "there is no such file"
        raise SkyloomError(
            f"no readable image ({said})", where=where, remedy="take it out of the data"
        ) from None
    return image


def batches(
    dataset: PairDataset,
    parts: Iterable[Sequence[Item]],
    tokenizer: Any,
    *,
    workers: int,
    pin_memory: bool,
) -> Iterator[Batch]:
    """Batches in the order of the parts, whatever the number of workers.

    Raises:
        SkyloomError: an image cannot be read.
    """
    import torch

    loader: Any = torch.utils.data.DataLoader(
        dataset,  # type: ignore[arg-type]
        batch_sampler=parts,  # type: ignore[arg-type]
        num_workers=workers,
        collate_fn=Collate(tokenizer),
        pin_memory=pin_memory,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_one_thread,
    )
    for found in loader:
        if isinstance(found, str):
            raise SkyloomError(found)
        images, tokens, ids = found
        yield Batch(images, tokens, ids)


class Collate:
    """From items to tensors, or to the sentence of the first fault."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, items: Sequence[tuple[Any, str, str]]) -> Any:
        """Bytes, tokens and ids, or a sentence."""
        import torch

        for _, _, fault in items:
            if fault:
                return fault
        texts = [text for _, text, _ in items]
        return (
            torch.stack([pixels for pixels, _, _ in items]),
            self._tokenizer(texts),
            torch.tensor([caption_id(text) for text in texts]),
        )


def _content(pairs: Pairs, place: int) -> bytes:
    path = Path(pairs.files[place])
    if not pairs.lengths:
        return path.read_bytes()
    with path.open("rb") as file:
        file.seek(pairs.offsets[place])
        return file.read(pairs.lengths[place])


def _one_thread(worker: int) -> None:
    import torch

    torch.set_num_threads(1)
