"""What a fetch would ask for and how long it would take, without asking."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import polars as pl

from extract.chips import Limits, Sheet, as_requests
from extract.pace import SHARE
from extract.routes import in_order, sheets_of

BYTES_PER_PIXEL = 3


@dataclass(frozen=True, slots=True)
class Forecast:
    """One source's share of a plan.

    `n_chips` are the distinct chips of `n_covered` scenes; `n_there` of them are
    settled and `n_to_fetch` are not. `n_requests` are sheets. `seam_share` is of the
    chips to fetch: those that more than one image makes up. `n_bytes` is three bytes
    for each pixel of the sheets. `hours` are at the quota; None = there is none.
    """

    source: str
    n_scenes: int
    n_covered: int
    n_uncovered: int
    n_chips: int
    n_there: int
    n_to_fetch: int
    n_requests: int
    seam_share: float
    n_bytes: int
    hours: float | None


def plan_counts(
    plan: pl.DataFrame,
    settled: Collection[str],
    limits: Mapping[str, Limits],
    limit: int | None = None,
) -> list[Forecast]:
    """A row per source of a plan, in the order of their codes.

    `settled` is what the ledger needs no fetch for (`ledger.settled`), `limits` go by
    source; a source without is read chip by chip at no quota. `limit` is the most
    chips of a run, over all sources.
    """
    chips = in_order(as_requests(plan), ())
    todo = [request for request in chips if request.request_id not in settled]
    asked = {
        source: list(group)
        for source, group in groupby(todo[:limit], key=attrgetter("source"))
    }
    by_source = plan.sort("source").group_by("source", maintain_order=True)
    found = []
    for (name,), scenes in by_source:
        source, wanted = str(name), asked.get(str(name), [])
        own = limits.get(source, Limits("", in_flight=1))
        sheets = sheets_of(wanted, own)
        covered = scenes.filter(pl.col("why_not").is_null())
        ids = set(covered["request_id"])
        seams = sum(len(request.image_ids) > 1 for request in wanted)
        found.append(
            Forecast(
                source=source,
                n_scenes=scenes.height,
                n_covered=covered.height,
                n_uncovered=scenes.height - covered.height,
                n_chips=len(ids),
                n_there=len(ids & set(settled)),
                n_to_fetch=len(wanted),
                n_requests=len(sheets),
                seam_share=seams / len(wanted) if wanted else 0.0,
                n_bytes=sum(map(_n_bytes, sheets)),
                hours=_hours(len(sheets), own),
            )
        )
    return found


def _n_bytes(sheet: Sheet) -> int:
    return BYTES_PER_PIXEL * sheet.grid.width_px * sheet.grid.height_px


def _hours(n_requests: int, limits: Limits) -> float | None:
    if limits.per_second is None:
        return None
    return n_requests / (limits.per_second * SHARE) / 3600
