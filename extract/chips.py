"""What passes between the planner, the image sources and the fetcher."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
from affine import Affine

Pixels = npt.NDArray[np.uint8]
Values = npt.NDArray[Any]
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


@dataclass(frozen=True, slots=True)
class Sheet:
    """One window that is read at one time, and the chips that are cut from it.

    `image_ids` are in order of preference: the first lies on top. A sheet of one chip
    has that chip's grid; all grids of a sheet share its pixels' lattice.
    """

    source: str
    image_ids: tuple[str, ...]
    grid: Grid
    chips: tuple[ChipRequest, ...]

    @classmethod
    def of(cls, request: ChipRequest) -> "Sheet":
        """The sheet of one chip alone."""
        return cls(request.source, request.image_ids, request.grid, (request,))


@dataclass(frozen=True, slots=True, eq=False)
class RawChip:
    """Values as read, of shape (3, h, w), and which are valid, of shape (h, w).

    `cloud` says which pixels the image itself calls cloud; None = it does not say.
    `n_bytes` is what came over the network, 0 for what did not.
    """

    pixels: Values
    valid: Mask
    image_ids: tuple[str, ...]
    cloud: Mask | None = None
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CloudRule:
    """How a band says cloud: by one of `values`, or by one of the bits in `bits`."""

    values: tuple[int, ...] = ()
    bits: int = 0

    def says(self, classes: Values) -> Mask:
        """Which of a band's classes are cloud."""
        found: Mask = np.isin(classes, self.values)
        if self.bits:
            found |= (classes.astype(np.int64) & self.bits) != 0
        return found


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service bears; readers that name one `service` share one pace.

    A sheet is at most `sheet_px` wide and high and `max_bytes` large, and its chips
    cover at least `min_used` of it; `sheet_px` 0 = each chip is read by itself.
    """

    service: str
    in_flight: int
    per_second: float | None = None
    sheet_px: int = 0
    max_bytes: int | None = None
    min_used: float = 0.5


class FetchError(Exception):
    """Pixels that could not be had; `reason` is one of extract.failures.POLICIES."""

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        http_status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """`detail` is for a person: the file or service, and what it said."""
        self.reason, self.detail = reason, detail
        self.http_status, self.retry_after_s = http_status, retry_after_s
        super().__init__(f"{reason}: {detail}")


class ImageSource(Protocol):
    """Where pixels come from. `fetch` is called from several threads at a time."""

    name: str
    limits: Limits

    def fetch(self, sheet: Sheet) -> RawChip:
        """The sheet's pixels on the sheet's grid, without resampling; one attempt.

        A deadline bounds it.

        Raises:
            FetchError: the pixels cannot be had; the reason decides what follows.
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
