"""Which chips go to which service, in which order and in which sheets."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

from extract.chips import ChipRequest, ImageSource, Limits, Sheet
from extract.lanes import Lane
from extract.probe import Probe, split
from extract.sheets import sheets

SERVICES = ("earthengine", "stac")


@dataclass(slots=True)
class Routes:
    """The lanes by service, queued; `lane_of` and `probes` go by source."""

    lanes: dict[str, Lane] = field(default_factory=dict)
    lane_of: dict[str, str] = field(default_factory=dict)
    probes: dict[str, Probe] = field(default_factory=dict)
    n_chips: int = 0


def in_order(
    requests: Iterable[ChipRequest], failed: Collection[str]
) -> list[ChipRequest]:
    """Each request once; those that failed before come last.

    Two scenes with one box, to the last digit, share a chip. A service that is
    stopped over the same few chips in each run would never get to the others.
    """
    first: dict[str, ChipRequest] = {}
    for request in requests:
        first.setdefault(request.request_id, request)
    return sorted(
        first.values(), key=lambda one: (one.request_id in failed, _place(one))
    )


def _place(request: ChipRequest) -> tuple[object, ...]:
    """Chips of one image side by side, row by row, so that handles and blocks serve."""
    _, _, x, _, _, y = request.grid.transform
    return request.source, request.image_ids, -y, x, request.request_id


def is_service(kind: str, limits: Limits) -> bool:
    """Whether a source's pixels come from somebody else's machine."""
    return kind in SERVICES or limits.per_second is not None


def sheets_of(requests: Sequence[ChipRequest], limits: Limits) -> list[Sheet]:
    """The windows that chips of one source are read with, in the chips' order."""
    place = {request.request_id: place for place, request in enumerate(requests)}
    return sorted(
        sheets(requests, limits),
        key=lambda one: min(place[chip.request_id] for chip in one.chips),
    )


def routes(
    todo: Sequence[ChipRequest],
    readers: Mapping[str, tuple[str, ImageSource]],
    *,
    workers: int,
    n_probe: int,
    probe_only: bool,
    limited: Callable[[Limits], Limits] = lambda limits: limits,
) -> Routes:
    """Queue chips, in their order, for the kind and the reader of their source.

    `limited` says what of a service's limits this run may use.
    """
    found = Routes(lanes=_lanes(readers.values(), workers, limited))
    by_source = sorted(todo, key=attrgetter("source"))
    for source, group in groupby(by_source, key=attrgetter("source")):
        (kind, reader), chips = readers[source], list(group)
        limits = reader.limits
        found.lane_of[source] = limits.service
        if is_service(kind, limits) and n_probe:
            first, rest = split(chips, n_probe)
            if rest:
                held = [] if probe_only else sheets_of(rest, limits)
                waiting = {request.request_id for request in first}
                found.probes[source] = Probe(source, waiting, held)
                chips = first
            found.n_chips += 0 if probe_only else len(rest)
        elif probe_only:
            continue
        found.n_chips += len(chips)
        found.lanes[limits.service].add(sheets_of(chips, limits))
    return found


def _lanes(
    readers: Iterable[tuple[str, ImageSource]],
    workers: int,
    limited: Callable[[Limits], Limits],
) -> dict[str, Lane]:
    """One lane per service, with the narrowest limits that its readers name."""
    limits: dict[str, Limits] = {}
    services: set[str] = set()
    for kind, reader in readers:
        own = reader.limits
        if is_service(kind, own):
            services.add(own.service)
            own = limited(own)
        else:
            own = replace(own, in_flight=workers)
        limits[own.service] = _narrower(limits.get(own.service, own), own)
    return {
        service: Lane(one, adaptive=service in services)
        for service, one in limits.items()
    }


def _narrower(one: Limits, other: Limits) -> Limits:
    rates = [one.per_second, other.per_second]
    return replace(
        one,
        in_flight=min(one.in_flight, other.in_flight),
        per_second=min((rate for rate in rates if rate is not None), default=None),
    )
