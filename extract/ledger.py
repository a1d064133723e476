"""What became of each request: a journal while a run works, one table afterwards."""

import json
import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl

from extract import attempts, tables
from extract.attempts import Attempt
from skyloom import progress
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from skyloom.raw_tables import LEDGER

OK, REJECTED, FAILED = "ok", "rejected", "failed"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger row. It holds no time: the same inputs give the same ledger."""

    request_id: str
    scene_id: str
    box_id: str
    source: str
    status: str
    drawn: bool
    reason: str | None = None
    detail: str | None = None
    filepath: str | None = None
    sha256: str | None = None
    n_bytes: int | None = None
    valid_fraction: float | None = None


class Journal:
    """Appends to a file of this run's own; what is appended survives a kill.

    `run` is the run's number, which no other run of the lake has.
    """

    def __init__(self, lake: Lake) -> None:
        """The file appears with the first entry."""
        numbers = [int(file.stem) for file in _journals(lake)]
        self.run = max([attempts.last_run(lake), *numbers]) + 1
        self._path = lake.root / "journal" / f"{self.run:06d}.jsonl"

    def __enter__(self) -> Self:
        """Open the file."""
        self._path.parent.mkdir(exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, whatever happened."""
        # On a full disk closing fails as the last append did, which has been told.
        with suppress(OSError):
            self._file.close()

    def append(self, entries: Sequence[Entry], tries: Sequence[Attempt] = ()) -> None:
        """Write entries and attempts through to the disk.

        Raises:
            SkyloomError: the disk is full; what was appended before is intact.
        """
        rows = [_flat(one) for one in tries] + [_flat(one) for one in entries]
        lines = [json.dumps(row, sort_keys=True) for row in rows]
        try:
            self._file.write("".join(f"{line}\n" for line in lines))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise SkyloomError(
                f"the journal could not be written ({error.strerror})",
                where=str(self._path),
                remedy="free some space, then run again; nothing done is lost",
            ) from None


def compact(lake: Lake) -> pl.DataFrame:
    """Move the journals into the ledger and return it, a row per request.

    A later entry of a request replaces an earlier one. A line that a kill tore is
    dropped; its chip is fetched again. Attempts go to a file for each run.
    """
    journals = _journals(lake)
    before = tables.read(lake, LEDGER)
    if not journals:
        return before
    rows: list[dict[str, Any]] = []
    for file in journals:
        entries, tries = _lines(file)
        rows += entries
        attempts.write(lake, int(file.stem), tries)
    ledger = last_words(before, _frame(rows))
    tables.write(LEDGER, ledger, _file(lake), order_by="request_id")
    for file in journals:
        file.unlink()
    return ledger


def add(lake: Lake, rows: pl.DataFrame) -> None:
    """Write later rows into the ledger, each in the place of an earlier one."""
    ledger = last_words(tables.read(lake, LEDGER), rows)
    tables.write(LEDGER, ledger, _file(lake), order_by="request_id")


def forget(lake: Lake) -> None:
    """Take the ledger away: its rows stand elsewhere."""
    _file(lake).unlink(missing_ok=True)


def known(lake: Lake) -> pl.DataFrame:
    """The ledger with what a killed run left in its journals; nothing is written."""
    rows = [row for file in _journals(lake) for row in _lines(file)[0]]
    return last_words(tables.read(lake, LEDGER), _frame(rows))


def _file(lake: Lake) -> Path:
    return lake.root / LEDGER.pattern.replace("*", LEDGER.name)


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=tables.schema(LEDGER))


def last_words(before: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """The rows of two ledgers, ordered; where both have a request, the later one's."""
    return (
        pl.concat([before, later])
        .unique("request_id", keep="last", maintain_order=True)
        .sort("request_id")
    )


def settled(lake: Lake, ledger: pl.DataFrame, *, retry: Collection[str]) -> set[str]:
    """The requests that need no fetch: rejected for good, or with their chip in place.

    `retry` has the reasons whose rejections are opened again, or `all`.
    """
    rejected = ledger.filter(
        pl.col("status") == REJECTED, ~pl.col("reason").is_in(list(retry))
    )
    kept = ledger.filter(pl.col("status") == OK)
    here = {
        row["request_id"]
        for row in kept.iter_rows(named=True)
        if _size(lake.root / row["filepath"]) == row["n_bytes"]
    }
    return here if ALL in retry else here | set(rejected["request_id"])


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _flat(row: Entry | Attempt) -> dict[str, Any]:
    # Not dataclasses.asdict: its deep copies take longer than the write to the disk.
    return {name: getattr(row, name) for name in row.__slots__}


def _journals(lake: Lake) -> list[Path]:
    files = (lake.root / "journal").glob("*.jsonl")
    return sorted(
        (file for file in files if file.stem.isdigit()), key=lambda file: int(file.stem)
    )


def _lines(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The entries and the attempts of a journal."""
    entries, tries, torn = [], [], 0
    for line in file.read_bytes().split(b"\n"):
        try:
            if row := json.loads(line) if line else None:
                if "attempt" in row:
                    tries.append(_flat(Attempt(**row)))
                else:
                    entries.append(_flat(Entry(**row)))
        except (ValueError, TypeError):
            torn += 1
    if torn:
        progress.say(f"{file}: dropped {torn} torn line(s); fetching those chips again")
    return entries, tries
