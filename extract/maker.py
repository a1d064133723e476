"""Chips from a sheet to files: fetch, cut, show as bytes, gate, encode, write."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from extract import jpeg
from extract.attempts import plain_detail
from extract.chips import (
    ChipRequest,
    FetchError,
    ImageSource,
    RawChip,
    Sheet,
    chip_path,
)
from extract.cutting import cut
from extract.footprints import acquired_year
from extract.gates import Gate, Refusal, refusal, valid_fraction, wrong_size
from extract.ledger import FAILED, OK, REJECTED, Entry
from extract.render import to_bytes
from skyloom.errors import SkyloomError
from skyloom.lake import Lake


@dataclass(frozen=True, slots=True)
class Finish:
    """What happens to a source's chips after reading, and who reads them."""

    reader: ImageSource
    gate: Gate
    jpeg_quality: int


@dataclass(frozen=True, slots=True)
class Made:
    """What an attempt gave: an entry for each chip, or why there are none."""

    entries: tuple[Entry, ...] = ()
    error: FetchError | None = None
    n_bytes: int = 0


class ChipMaker:
    """Makes chips; safe to call from several threads."""

    def __init__(
        self, lake: Lake, footprints: pl.DataFrame, finishes: Mapping[str, Finish]
    ) -> None:
        """`finishes` has an item for each source of which sheets are made."""
        self._root = lake.root
        self._finishes = finishes
        keys, names = ("source", "source_image_id"), ("acquired", "drawn")
        images = footprints.select(*keys, *names, "scale_min", "scale_max")
        self._images = {row[:2]: row[2:] for row in images.iter_rows()}

    def make(self, sheet: Sheet) -> Made:
        """One attempt at a sheet; an `ok` entry has its file on the disk.

        Raises:
            SkyloomError: a chip could not be written; the run must stop.
        """
        try:
            raw = self._finishes[sheet.source].reader.fetch(sheet)
        except FetchError as error:
            return Made(error=error)
        except SkyloomError:
            raise
        except Exception as error:
            # One sheet's surprise must not end a run of a million.
            detail = f"{type(error).__name__}: {error}"
            return Made(error=FetchError("error", detail))
        wrong = wrong_size(raw, sheet.grid.width_px, sheet.grid.height_px)
        entries = tuple(self._chip(sheet, raw, chip, wrong) for chip in sheet.chips)
        return Made(entries, n_bytes=raw.n_bytes)

    def entry(
        self,
        request: ChipRequest,
        status: str,
        reason: str,
        detail: str,
        chip: RawChip | None = None,
    ) -> Entry:
        """The ledger row of a chip that is not kept."""
        return self._row(
            request,
            status,
            reason=reason,
            detail=plain_detail(detail),
            valid_fraction=None if chip is None else valid_fraction(chip),
        )

    def _row(self, request: ChipRequest, status: str, **said: Any) -> Entry:
        _, drawn, *_ = self._images[request.source, request.image_ids[0]]
        return Entry(
            request_id=request.request_id,
            scene_id=request.scene_id,
            box_id=request.box_id,
            source=request.source,
            status=status,
            drawn=bool(drawn),
            **said,
        )

    def _chip(
        self, sheet: Sheet, raw: RawChip, request: ChipRequest, wrong: Refusal | None
    ) -> Entry:
        if wrong:
            return self.entry(request, REJECTED, wrong.reason, wrong.detail, raw)
        try:
            return self._finished(request, cut(raw, sheet.grid, request.grid))
        except SkyloomError:
            raise
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            return self.entry(request, FAILED, "error", detail)

    def _finished(self, request: ChipRequest, raw: RawChip) -> Entry:
        finish = self._finishes[request.source]
        *_, low, high = self._images[request.source, request.image_ids[0]]
        shown = to_bytes(raw.pixels, low, high)
        chip = RawChip(shown, raw.valid, raw.image_ids, raw.cloud)
        refused = refusal(chip, request, finish.gate)
        if refused:
            return self.entry(request, REJECTED, refused.reason, refused.detail, chip)
        return self._keep(request, chip, jpeg.encode(chip, finish.jpeg_quality))

    def _keep(self, request: ChipRequest, chip: RawChip, encoded: bytes) -> Entry:
        acquired, *_ = self._images[request.source, request.image_ids[0]]
        path = chip_path(request, acquired_year(acquired))
        write_whole(self._root / path, encoded)
        return self._row(
            request,
            OK,
            filepath=path.as_posix(),
            sha256=hashlib.sha256(encoded).hexdigest(),
            n_bytes=len(encoded),
            valid_fraction=valid_fraction(chip),
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is on the disk, whole, before it has its name.

    Raises:
        SkyloomError: the disk is full or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SkyloomError(
            f"the chip could not be written ({error.strerror})",
            where=str(path),
            remedy="free some space or check the permissions, then run again",
        ) from None
