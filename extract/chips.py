"""What passes between the planner, the image sources and the fetcher."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
from affine import Affine

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


class CatalogReader(Protocol):
    """The two ways in which this stage reads what is published."""

    def frame(self, table: str) -> pl.DataFrame:
        """A published table."""
        ...

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own with a view per published table."""
        ...


@dataclass(frozen=True, slots=True)
class Grid:
    """A pixel grid; `transform` is a to f of (col, row) -> (x, y) in `crs`."""

    crs: str
    transform: tuple[float, ...]
    width_px: int
    height_px: int

    @property
    def affine(self) -> Affine:
        """The transform as rasterio takes it."""
        return Affine(*self.transform)


@dataclass(frozen=True, slots=True)
class ChipRequest:
    """One chip to be fetched: which images, on which grid, and for which scene."""

    request_id: str
    scene_id: str
    box_id: str
    source: str
    image_ids: tuple[str, ...]
    grid: Grid
    recipe: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RawChip:
    """Pixels as read: RGB of shape (3, h, w), and which are valid, of shape (h, w)."""

    pixels: Pixels
    valid: Mask
    image_ids: tuple[str, ...]


class FetchError(Exception):
    """A chip that could not be had this time; `reason` is one word for the ledger."""

    def __init__(self, reason: str, detail: str) -> None:
        """`detail` is for a person: the file or service, and what it said."""
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class ImageSource(Protocol):
    """Where pixels come from. `fetch` is called from several threads at a time."""

    name: str

    def fetch(self, request: ChipRequest) -> RawChip:
        """The request's pixels on the request's grid, without resampling.

        Raises:
            FetchError: the pixels cannot be had; a later run asks again.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; no fetch runs any more."""
        ...


def as_requests(plan: pl.DataFrame) -> Sequence[ChipRequest]:
    """The rows of a plan that have a grid, in the plan's order."""
    rows = plan.filter(pl.col("why_not").is_null()).iter_rows(named=True)
    return [
        ChipRequest(
            request_id=row["request_id"],
            scene_id=row["scene_id"],
            box_id=row["box_id"],
            source=row["source"],
            image_ids=tuple(row["source_image_ids"]),
            grid=Grid(
                row["crs"], tuple(row["transform"]), row["width_px"], row["height_px"]
            ),
            recipe=row["recipe"],
        )
        for row in rows
    ]


def chip_path(request: ChipRequest, year: str) -> Path:
    """The chip's file below the lake's root; `year` is two digits, or xx.

    The request is part of the name: a box that moved gets a file of its own and
    never inherits the pixels of the old one.
    """
    name = f"{request.scene_id}_{year}_{request.request_id[:6]}.jpg"
    return Path("images") / request.source / request.request_id[:2] / name
