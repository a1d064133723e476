"""One chip from request to file: fetch, gate, encode, write."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from extract import jpeg
from extract.chips import (
    ChipRequest,
    FetchError,
    ImageSource,
    RawChip,
    Sheet,
    chip_path,
)
from extract.footprints import acquired_year
from extract.gates import Gate, refusal, valid_fraction
from extract.ledger import FAILED, OK, REJECTED, Entry
from skyloom.errors import SkyloomError
from skyloom.lake import Lake


@dataclass(frozen=True, slots=True)
class Finish:
    """What happens to a source's chips after reading, and who reads them."""

    reader: ImageSource | None
    gate: Gate
    jpeg_quality: int


class ChipMaker:
    """Makes chips; safe to call from several threads."""

    def __init__(
        self, lake: Lake, footprints: pl.DataFrame, finishes: Mapping[str, Finish]
    ) -> None:
        """`finishes` has an item for each source that a request may name."""
        self._root = lake.root
        self._finishes = finishes
        images = footprints.select("source", "source_image_id", "acquired", "drawn")
        self._images = {row[:2]: row[2:] for row in images.iter_rows()}

    def make(self, request: ChipRequest) -> Entry:
        """The ledger entry of an attempt; an `ok` entry has its file on the disk.

        Raises:
            SkyloomError: the chip could not be written; the run must stop.
        """
        finish = self._finishes.get(request.source)
        if finish is None or finish.reader is None:
            return self._entry(
                request, FAILED, "no_reader", "no way to read this source"
            )
        try:
            chip = finish.reader.fetch(Sheet.of(request))
        except FetchError as error:
            return self._entry(request, FAILED, error.reason, error.detail)
        except SkyloomError:
            raise
        except Exception as error:
            # One chip's surprise must not end a run of a million.
            detail = f"{type(error).__name__}: {error}"
            return self._entry(request, FAILED, "error", detail)
        refused = refusal(chip, request, finish.gate)
        if refused:
            return self._entry(request, REJECTED, refused.reason, refused.detail, chip)
        return self._keep(request, chip, jpeg.encode(chip, finish.jpeg_quality))

    def _keep(self, request: ChipRequest, chip: RawChip, encoded: bytes) -> Entry:
        acquired, drawn = self._images[request.source, chip.image_ids[0]]
        path = chip_path(request, acquired_year(acquired))
        write_whole(self._root / path, encoded)
        return Entry(
            request_id=request.request_id,
            scene_id=request.scene_id,
            box_id=request.box_id,
            source=request.source,
            status=OK,
            drawn=bool(drawn),
            filepath=path.as_posix(),
            sha256=hashlib.sha256(encoded).hexdigest(),
            n_bytes=len(encoded),
            valid_fraction=valid_fraction(chip),
        )

    def _entry(
        self,
        request: ChipRequest,
        status: str,
        reason: str,
        detail: str,
        chip: RawChip | None = None,
    ) -> Entry:
        _, drawn = self._images[request.source, request.image_ids[0]]
        return Entry(
            request_id=request.request_id,
            scene_id=request.scene_id,
            box_id=request.box_id,
            source=request.source,
            status=status,
            drawn=bool(drawn),
            reason=reason,
            detail=" ".join(detail.split()),
            valid_fraction=None if chip is None else valid_fraction(chip),
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
