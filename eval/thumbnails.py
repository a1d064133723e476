"""Pictures in the report: small images, and a confusion matrix as squares."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.figures import Result
from eval.vectors import large_images

SIDE_PX = 168
QUALITY = 80


@dataclass(frozen=True)
class Cell:
    """A square of a confusion matrix: how much of its row it holds."""

    row: int
    column: int
    share: float
    title: str


def thumbnail(path: Path) -> str:
    """A small JPEG as a data URI; empty where the file is no image any more."""
    from PIL import Image

    try:
        with large_images(), Image.open(path) as image:
            # Large files are decoded at a fraction of their size where that is known.
            image.draft("RGB", (2 * SIDE_PX, 2 * SIDE_PX))
            small = image.convert("RGB")
            small.thumbnail((SIDE_PX, SIDE_PX))
    except (OSError, ValueError, SyntaxError):
        return ""
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def confusion_cells(result: Result) -> list[Cell]:
    """The squares that are not empty, row by row."""
    counts: NDArray[np.int64] | None = result.confusion
    if counts is None:
        return []
    names = result.task.classes
    totals = counts.sum(1)
    return [
        Cell(
            int(row),
            int(column),
            float(counts[row, column] / totals[row]),
            f"{names[row]}, taken for {names[column]}: "
            f"{counts[row, column]:,} of {totals[row]:,}",
        )
        for row, column in zip(*np.nonzero(counts), strict=True)
    ]
