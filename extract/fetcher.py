"""The run: plan, take what the ledger lacks, make the chips, record each one."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from extract import ledger, tables
from extract.chips import (
    CatalogReader,
    ChipRequest,
    ImageSource,
    Limits,
    as_requests,
)
from extract.crew import Crew, Threads
from extract.forecast import Forecast, plan_counts
from extract.gates import Gate
from extract.ledger import FAILED, OK, REJECTED, Journal
from extract.maker import ChipMaker, Finish
from extract.planner import plan
from extract.readers import Openers, open_readers
from extract.routes import Routes, in_order, routes
from extract.scheduler import Dispatcher, Guards
from extract.shares import Share, gather
from skyloom.lake import Lake
from skyloom.progress import say, track
from skyloom.raw_tables import FOOTPRINTS, IMPORT_PREFIX

STYLES = Path(__file__).parent.parent / "dbt_project" / "seeds" / "drawn_styles.csv"
Stopped = tuple[tuple[str, str, str], ...]
Readers = Mapping[str, tuple[str, ImageSource]]
Services = Callable[[pl.DataFrame, pl.DataFrame], Openers]


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How much a run asks for; the guards and the probe are for services.

    `limit` and `probe` are chips. A probe comes before a source's other chips and one
    line tells how it went; with `probe_only` the run ends there.
    """

    limit: int | None = None
    max_requests: int | None = None
    max_bytes: int | None = None
    probe: int = 50
    probe_only: bool = False


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Counts of one run: planned is the sum of the others.

    `skipped` were settled by earlier runs; scenes without coverage are not planned.
    `left` were not tried, or not to an end; `stopped` says for each service that was
    not asked for all, why: service, reason (one of extract.failures.POLICIES, or
    failing, max_requests, max_bytes), detail.
    """

    planned: int
    fetched: int
    skipped: int
    rejected: int
    failed: int
    left: int = 0
    stopped: Stopped = ()

    def __str__(self) -> str:
        parts = [f"{self.fetched} fetched", f"{self.skipped} there already"]
        parts += [f"{self.rejected} refused", f"{self.failed} failed"]
        parts += [f"{self.left} left"] if self.left else []
        why = (f"; {name} stopped ({reason})" for name, reason, _ in self.stopped)
        return f"chips: {', '.join(parts)}{''.join(why)}"


def fetch(
    lake: Lake,
    catalog: CatalogReader,
    *,
    workers: int = 4,
    retry: Collection[str] = (),
    readers: Mapping[str, ImageSource] | None = None,
    services: Services | None = None,
    styles: Path = STYLES,
    options: FetchOptions | None = None,
    crew: Crew | None = None,
    share: Share | None = None,
) -> FetchResult:
    """Fetch every chip of the catalog's scenes that the lake does not hold yet.

    A killed run loses nothing that it recorded. What failed is tried again by the
    next run; what was rejected stays so unless its reason, or `all`, is in `retry`.
    `readers` adds image sources by the `kind` of the sources table, `services` says
    for footprints and sources how those not given are opened. Local files and
    drawings are read by as many threads as there are `workers`, services at the pace
    of their limits; neither changes the bytes. A `share` of the chips is fetched at
    its share of the limits, and recorded in the share's own folder until `gather`.

    Raises:
        SkyloomError: a chip or the journal could not be written, as on a full disk.
        KeyboardInterrupt: the user stopped it; what was done is recorded.
    """
    options, share = options or FetchOptions(), share or Share(lake)
    with share.at_work(lake):
        done = _done(lake, share)
        footprints, sources = tables.read(lake, FOOTPRINTS), catalog.frame("sources")
        requests = planned_requests(catalog, footprints, sources)
        if not share.is_part:
            tables.write_plan(lake, requests)
        failed = done.filter(pl.col("status") == FAILED)["request_id"]
        own = share.of(in_order(as_requests(requests), ()))
        planned = in_order(own, set(failed))
        settled = ledger.settled(lake, done, retry=retry)
        todo = [request for request in planned if request.request_id not in settled]
        counts, stopped = Counter[str](), Stopped()
        if todo:
            used = sources.filter(pl.col("source").is_in({r.source for r in todo}))
            opened = open_readers(
                set(used["kind"]),
                readers,
                catalog,
                footprints,
                styles,
                services(footprints, sources) if services else {},
            )
            mine = {
                source: (kind, opened[kind])
                for source, kind in used.select("source", "kind").iter_rows()
                if kind in opened
            }
            maker = ChipMaker(lake, footprints, _finishes(used, mine))
            crew = crew or Threads()
            with ExitStack() as stack:
                stack.callback(ledger.compact, share.home)
                stack.callback(_close, opened.values(), crew)
                wanted = todo[: options.limit]
                ways = _routes(wanted, mine, workers, options, share)
                nobodys = [one for one in wanted if one.source not in mine]
                counts, stopped = _run(share.home, maker, ways, nobodys, options, crew)
    return FetchResult(
        planned=len(planned),
        fetched=counts[OK],
        skipped=len(planned) - len(todo),
        rejected=counts[REJECTED],
        failed=counts[FAILED],
        left=len(todo) - counts.total(),
        stopped=stopped,
    )


def _done(lake: Lake, share: Share) -> pl.DataFrame:
    """The ledger with what journals hold, and, of a share, its own words last."""
    if not share.is_part:
        gather(lake)
        return ledger.compact(lake)
    return ledger.last_words(ledger.known(lake), ledger.compact(share.home))


def gather_shares(lake: Lake, catalog: CatalogReader) -> bool:
    """Take what shares have fetched into the lake, whose lock the caller holds.

    Says whether anything came.
    """
    came = gather(lake) > 0
    if came:
        footprints, sources = tables.read(lake, FOOTPRINTS), catalog.frame("sources")
        tables.write_plan(lake, planned_requests(catalog, footprints, sources))
    return came


def planned_requests(
    catalog: CatalogReader, footprints: pl.DataFrame, sources: pl.DataFrame
) -> pl.DataFrame:
    """The plan of the catalog's scenes."""
    scenes, snapshots = catalog.frame("scenes"), catalog.frame("snapshots")
    # What was imported has its images already.
    is_imported = pl.col("osm_snapshot").str.starts_with(IMPORT_PREFIX)
    return plan(scenes.filter(~is_imported), footprints, sources, snapshots)


def forecast(
    lake: Lake,
    catalog: CatalogReader,
    limits: Mapping[str, Limits],
    *,
    retry: Collection[str] = (),
    limit: int | None = None,
) -> list[Forecast]:
    """What a fetch would ask for; nothing is written. `limits` go by kind of source."""
    done, sources = ledger.known(lake), catalog.frame("sources")
    requests = planned_requests(catalog, tables.read(lake, FOOTPRINTS), sources)
    by_source = {
        source: limits[kind]
        for source, kind in sources.select("source", "kind").iter_rows()
        if kind in limits
    }
    settled = ledger.settled(lake, done, retry=retry)
    return plan_counts(requests, settled, by_source, limit)


def _finishes(sources: pl.DataFrame, readers: Readers) -> dict[str, Finish]:
    return {
        row["source"]: Finish(
            readers[row["source"]][1], Gate.of(row), row["jpeg_quality"]
        )
        for row in sources.iter_rows(named=True)
        if row["source"] in readers
    }


def _routes(
    wanted: Sequence[ChipRequest],
    readers: Readers,
    workers: int,
    options: FetchOptions,
    share: Share,
) -> Routes:
    return routes(
        [request for request in wanted if request.source in readers],
        readers,
        workers=workers,
        n_probe=options.probe,
        probe_only=options.probe_only,
        limited=share.limited,
    )


def _run(
    home: Lake,
    maker: ChipMaker,
    ways: Routes,
    nobodys: Sequence[ChipRequest],
    options: FetchOptions,
    crew: Crew,
) -> tuple[Counter[str], Stopped]:
    guards = Guards(options.max_requests, options.max_bytes)
    with Journal(home) as journal, track("chips", ways.n_chips) as step:
        entries = [
            maker.entry(one, FAILED, "no_reader", "no way to read this source")
            for one in nobodys
        ]
        journal.append(entries)
        dispatcher = Dispatcher(maker, journal, crew, ways, guards, step)
        try:
            dispatcher.run()
        except KeyboardInterrupt:
            done = dispatcher.counts.total()
            say(
                f"interrupted: {done} chips are recorded; run again to go on from there"
            )
            raise
    counts = dispatcher.counts + Counter(entry.status for entry in entries)
    return counts, dispatcher.stopped


def _close(readers: Iterable[ImageSource], crew: Crew) -> None:
    busy = crew.busy()
    crew.close()
    for reader in readers:
        # Where a request hangs, a thread still uses what would be closed.
        if reader.limits.service not in busy:
            reader.close()
