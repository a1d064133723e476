"""The run: plan, take what the ledger lacks, make the chips, record each one."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from extract import ledger, tables
from extract.chips import CatalogReader, ChipRequest, ImageSource, as_requests
from extract.drawn import DrawnSource
from extract.files import FileSource
from extract.gates import Gate
from extract.ledger import FAILED, OK, REJECTED, Entry, Journal
from extract.maker import ChipMaker, Finish
from extract.planner import plan
from skyloom.lake import Lake, command_line
from skyloom.progress import track
from skyloom.raw_tables import FOOTPRINTS

STYLES = Path(__file__).parent.parent / "dbt_project" / "seeds" / "drawn_styles.csv"
IN_FLIGHT_PER_WORKER = 2


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Counts of one run: planned = skipped + fetched + rejected + failed at its end.

    `skipped` were settled by earlier runs; scenes without coverage are not planned.
    """

    planned: int
    fetched: int
    skipped: int
    rejected: int
    failed: int

    def __str__(self) -> str:
        parts = f"{self.skipped} there already, {self.rejected} refused"
        return f"chips: {self.fetched} fetched, {parts}, {self.failed} failed"


def fetch(
    lake: Lake,
    catalog: CatalogReader,
    *,
    workers: int = 4,
    retry: bool = False,
    readers: Mapping[str, ImageSource] | None = None,
    styles: Path = STYLES,
) -> FetchResult:
    """Fetch every chip of the catalog's scenes that the lake does not hold yet.

    A killed run loses nothing that it recorded. What failed is tried again by the
    next run; what a gate rejected stays so unless `retry`. `readers` adds image
    sources by the `kind` of the sources table. The bytes do not depend on `workers`.

    Raises:
        SkyloomError: a chip or the journal could not be written, as on a full disk.
        KeyboardInterrupt: the user stopped it; what was done is recorded.
    """
    with lake.lock(command_line()):
        done = ledger.compact(lake)
        footprints, sources = tables.read(lake, FOOTPRINTS), catalog.frame("sources")
        requests = plan(catalog.frame("scenes"), footprints, sources)
        tables.write_plan(lake, requests)
        planned = _one_each(as_requests(requests))
        settled = ledger.settled(lake, done, retry=retry)
        todo = [request for request in planned if request.request_id not in settled]
        counts: Counter[str] = Counter()
        if todo:
            with ExitStack() as stack:
                used = sources.filter(pl.col("source").is_in({r.source for r in todo}))
                kinds = _readers(
                    set(used["kind"]), readers, catalog, footprints, styles
                )
                for reader in kinds.values():
                    stack.callback(reader.close)
                maker = ChipMaker(lake, footprints, _finishes(used, kinds))
                stack.callback(ledger.compact, lake)
                counts = _run(lake, maker, sorted(todo, key=_place), workers)
    return FetchResult(
        planned=len(planned),
        fetched=counts[OK],
        skipped=len(planned) - len(todo),
        rejected=counts[REJECTED],
        failed=counts[FAILED],
    )


def _one_each(requests: Sequence[ChipRequest]) -> list[ChipRequest]:
    # Two scenes with one box, to the last digit, share a chip.
    first: dict[str, ChipRequest] = {}
    for request in requests:
        first.setdefault(request.request_id, request)
    return list(first.values())


def _place(request: ChipRequest) -> tuple[object, ...]:
    """Chips of one image side by side, row by row, so that handles and blocks serve."""
    _, _, x, _, _, y = request.grid.transform
    return request.source, request.image_ids, -y, x, request.request_id


def _readers(
    kinds: set[str],
    given: Mapping[str, ImageSource] | None,
    catalog: CatalogReader,
    footprints: pl.DataFrame,
    styles: Path,
) -> dict[str, ImageSource]:
    readers = dict(given or {})
    if "file" in kinds:
        readers.setdefault("file", FileSource(footprints))
    if "drawn" in kinds and "drawn" not in readers:
        readers["drawn"] = DrawnSource(catalog, styles)
    return readers


def _finishes(
    sources: pl.DataFrame, readers: Mapping[str, ImageSource]
) -> dict[str, Finish]:
    return {
        row["source"]: Finish(
            readers.get(row["kind"]),
            Gate(row["min_valid_fraction"], row["min_std"]),
            row["jpeg_quality"],
        )
        for row in sources.iter_rows(named=True)
    }


def _run(
    lake: Lake, maker: ChipMaker, todo: Sequence[ChipRequest], workers: int
) -> Counter[str]:
    counts: Counter[str] = Counter()
    with (
        Journal(lake) as journal,
        track("chips", len(todo)) as step,
        # Closed at once on an error: no chip is under way when the readers close.
        closing(_batches(maker, todo, workers)) as batches,
    ):
        for entries in batches:
            journal.append(entries)
            counts.update(entry.status for entry in entries)
            step(len(entries))
    return counts


def _batches(
    maker: ChipMaker, todo: Sequence[ChipRequest], workers: int
) -> Generator[list[Entry], None, None]:
    """Entries as chips are made; few are in flight, however many there are to do."""
    queue = iter(todo)
    pool = ThreadPoolExecutor(workers)
    flying: set[Future[Entry]] = set()
    try:
        while True:
            room = IN_FLIGHT_PER_WORKER * workers - len(flying)
            flying |= {pool.submit(maker.make, one) for one in islice(queue, room)}
            if not flying:
                return
            landed, flying = wait(flying, return_when=FIRST_COMPLETED)
            yield [future.result() for future in landed]
    finally:
        # After an error or Ctrl-C only the chips that are being made end.
        pool.shutdown(cancel_futures=True)
