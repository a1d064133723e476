"""The bodies of `skyloom fetch` and `skyloom plan`."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from extract import fetcher
from extract.fetcher import FetchOptions, FetchResult
from extract.services import all_limits, openers
from extract.shares import Share
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError
from skyloom.flag_values import parse_codes
from skyloom.lake import Lake
from skyloom.runs import Log, recorded
from skyloom.shards.place import Place
from skyloom.work import Job


def fetch(
    lake: Lake,
    log: Log,
    job: Job,
    *,
    retry: str = "",
    options: FetchOptions | None = None,
    share: Share | None = None,
) -> FetchResult:
    """Fetch the chips that the lake lacks; what came of it is told to the log."""
    settings = job.settings(lake)
    result = fetcher.fetch(
        lake,
        Catalog.open(lake),
        workers=settings.workers,
        retry=parse_codes(retry),
        services=partial(openers, settings),
        styles=settings.project / "seeds" / "drawn_styles.csv",
        options=options,
        share=share,
    )
    log("fetched", result=str(result))
    return result


def fetch_share(
    folder: Path,
    job: Job,
    number: int,
    count: int,
    retry: str,
    options: FetchOptions,
) -> FetchResult:
    """Fetch one share of the chips, recorded in the share's own folder."""
    lake = Lake.open(folder)
    home = Lake.open(Place(lake, number, count).root, create=True)
    with recorded(home) as log:
        share = Share(home, number, count)
        return fetch(lake, log, job, retry=retry, options=options, share=share)


def gather(lake: Lake) -> bool:
    """Take in what shares have fetched; whether anything came."""
    try:
        catalog = Catalog.open(lake)
    except SkyloomError:
        # Nothing is built, so nothing can have been fetched.
        return False
    return fetcher.gather_shares(lake, catalog)


def forecast(
    lake: Lake, job: Job, retry: str, limit: int | None
) -> list[dict[str, Any]]:
    """What a fetch would ask for: a row for each source."""
    rows = fetcher.forecast(
        lake,
        Catalog.open(lake),
        all_limits(job.settings(lake)),
        retry=parse_codes(retry),
        limit=limit,
    )
    return [asdict(row) for row in rows]
