"""Every attempt at a service, for diagnosis; never published."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from extract import tables
from extract.secrets import without_addresses, without_secrets
from skyloom.lake import Lake
from skyloom.raw_tables import ATTEMPTS

LONGEST_DETAIL = 256
# Some services answer with a whole page.
READ = 4096
ORDER = "started, request_id, attempt"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request; `request_id` is that of the sheet's first chip, null reason = ok."""

    request_id: str
    source: str
    run: int
    attempt: int
    n_chips: int
    reason: str | None
    detail: str | None
    http_status: int | None
    elapsed_ms: int
    n_bytes: int
    started: str


def plain_detail(text: str) -> str:
    """A detail on one short line, without what might be a secret."""
    bare = without_addresses(" ".join(text[:READ].split()))
    return without_secrets(bare)[:LONGEST_DETAIL]


def last_run(lake: Lake) -> int:
    """The highest number of a run that has attempts on file."""
    return max((int(file.stem) for file in _files(lake)), default=0)


def write(lake: Lake, run: int, rows: Iterable[dict[str, Any]]) -> None:
    """Write one run's attempts as its file; a second time changes nothing."""
    wanted = tables.schema(ATTEMPTS)
    text = {**wanted, "started": pl.String()}
    frame = (
        pl.DataFrame(list(rows), schema=text)
        .with_columns(pl.col("started").str.to_datetime(time_unit="us"))
        .unique(maintain_order=True)
    )
    if frame.height:
        path = lake.root / ATTEMPTS.pattern.replace("*", f"{run:06d}")
        tables.write(ATTEMPTS, frame, path, order_by=ORDER)


def move(home: Lake, lake: Lake) -> None:
    """Give a share's runs numbers of the lake, and take them out of its own folder."""
    for file in sorted(_files(home)):
        run = last_run(lake) + 1
        rows = pl.read_parquet(file).with_columns(
            pl.lit(run, tables.schema(ATTEMPTS)["run"]).alias("run")
        )
        path = lake.root / ATTEMPTS.pattern.replace("*", f"{run:06d}")
        tables.write(ATTEMPTS, rows, path, order_by=ORDER)
        file.unlink()


def stamp(moment: datetime) -> str:
    """UTC without a zone, as journals and the table hold it."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


def _files(lake: Lake) -> list[Path]:
    return [file for file in lake.files(ATTEMPTS) if file.stem.isdigit()]
