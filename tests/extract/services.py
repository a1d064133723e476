"""A stand-in for an imagery service, and time that passes only when waited for."""

import hashlib
import heapq
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from extract.chips import ChipRequest, FetchError, Grid, Limits, RawChip, Sheet
from extract.crew import Landed, Work
from extract.gates import Gate
from extract.lanes import Job
from extract.ledger import Journal
from extract.maker import ChipMaker, Finish, Made
from extract.routes import routes
from extract.scheduler import Dispatcher, Guards
from skyloom.lake import Lake
from tests.extract.builders import noise

WORLD = noise(3, 400, 900, seed=7)
OPEN_GATE = Gate(0.0, 0.0, 1.0, 1.0)


class Virtual:
    """A crew of one thread: what a job costs is added to a clock of its own."""

    def __init__(self) -> None:
        self.time, self.cost = 1000.0, 0.0
        self._due: list[tuple[float, int, Landed]] = []
        self._count = 0

    def now(self) -> float:
        return self.time

    def start(self, lane: str, job: Job, work: Work, threads: int) -> None:
        self.cost, made, crash = 0.0, Made(), None
        began = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)
        try:
            made = work(job.sheet)
        except BaseException as error:
            crash = error
        landed = Landed(lane, job, began, self.cost, made, crash)
        self._count += 1
        heapq.heappush(self._due, (self.time + self.cost, self._count, landed))

    def landed(self, until: float | None) -> list[Landed]:
        if self._due and (until is None or self._due[0][0] <= until):
            self.time = max(self.time, self._due[0][0])
        else:
            assert until is not None, "it would wait for ever"
            self.time = max(self.time, until)
        found = []
        while self._due and self._due[0][0] <= self.time:
            found.append(heapq.heappop(self._due)[2])
        return found

    def busy(self) -> set[str]:
        return {landed.lane for _, _, landed in self._due}

    def close(self) -> None:
        pass


Fault = Callable[[Sheet, int], FetchError | None]


@dataclass
class Service:
    """Windows of a world of noise, slowly, and with the faults that are asked for.

    `fault` is given the sheet and how often it was asked for before.
    """

    limits: Limits = field(default_factory=lambda: Limits("earthengine", in_flight=40))
    crew: Virtual | None = None
    fault: Fault = lambda sheet, before: None
    latency: Callable[[Sheet], float] = lambda sheet: 0.3
    name: str = "earthengine"
    sent: list[tuple[float, float]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)

    def fetch(self, sheet: Sheet) -> RawChip:
        key = f"{sheet.chips[0].request_id}x{len(sheet.chips)}"
        before = self.asked[key]
        self.asked[key] += 1
        cost = self.latency(sheet)
        if self.crew:
            self.crew.cost = cost
            self.sent.append((self.crew.time, self.crew.time + cost))
        else:
            time.sleep(cost)
        if error := self.fault(sheet, before):
            raise error
        self.served.update(chip.request_id for chip in sheet.chips)
        return self.raw(sheet)

    def raw(self, sheet: Sheet) -> RawChip:
        grid = sheet.grid
        col, row = round(grid.transform[2]), -round(grid.transform[5])
        rows, cols = slice(row, row + grid.height_px), slice(col, col + grid.width_px)
        pixels = WORLD[:, rows, cols]
        valid = np.ones(pixels.shape[1:], dtype=np.bool_)
        return RawChip(pixels, valid, sheet.image_ids, n_bytes=pixels.nbytes)

    def close(self) -> None:
        pass

    @property
    def peak(self) -> int:
        """The most requests that were under way at one time."""
        ends = [(end, -1) for _, end in self.sent]
        moments = sorted([(start, 1) for start, _ in self.sent] + ends)
        flying, most = 0, 0
        for _, change in moments:
            flying += change
            most = max(most, flying)
        return most


def chip(number: int, source: str = "S1", image: str = "one") -> ChipRequest:
    """A chip of the world; each number has a place of its own."""
    col, row = number % 80 * 11, number // 80 * 12
    name = hashlib.md5(f"{source}{image}{number}".encode()).hexdigest()
    transform = (1.0, 0.0, float(col), 0.0, -1.0, -float(row))
    grid = Grid("EPSG:32631", transform, 16, 12)
    return ChipRequest(name, f"a{number}_{source}", name, source, (image,), grid, "r")


def several(chips: list[ChipRequest]) -> Sheet:
    """A sheet over chips."""
    corners = [(c.grid.transform[2], -c.grid.transform[5]) for c in chips]
    west, north = (min(side) for side in zip(*corners, strict=True))
    width, height = chips[0].grid.width_px, chips[0].grid.height_px
    right = max(x for x, _ in corners) + width
    below = max(y for _, y in corners) + height
    transform = (1.0, 0.0, west, 0.0, -1.0, -north)
    size = (round(right - west), round(below - north))
    grid = replace(chips[0].grid, transform=transform)
    grid = replace(grid, width_px=size[0], height_px=size[1])
    return Sheet(chips[0].source, chips[0].image_ids, grid, tuple(chips))


def maker_of(
    lake: Lake,
    service: Service,
    chips: list[ChipRequest],
    *,
    gate: Gate = OPEN_GATE,
    scale: tuple[float, float] | None = None,
) -> ChipMaker:
    """A maker of the chips of a service."""
    low, high = scale or (None, None)
    images = sorted({(one.source, one.image_ids[0]) for one in chips})
    schema = {
        "source": pl.String(),
        "source_image_id": pl.String(),
        "acquired": pl.Datetime("us"),
        "drawn": pl.Boolean(),
        "scale_min": pl.Float64(),
        "scale_max": pl.Float64(),
    }
    rows = [(*image, datetime(2021, 5, 1), False, low, high) for image in images]
    footprints = pl.DataFrame(rows, schema=schema, orient="row")
    finish = Finish(service, gate, 90)
    return ChipMaker(lake, footprints, {one.source: finish for one in chips})


def dispatch(
    lake: Lake,
    service: Service,
    chips: list[ChipRequest],
    *,
    kind: str = "earthengine",
    sheets: list[Sheet] | None = None,
    guards: Guards | None = None,
    n_probe: int = 0,
    probe_only: bool = False,
) -> Dispatcher:
    """Run chips, or sheets of them, through a service in time of its own."""
    assert service.crew
    readers = {one.source: (kind, service) for one in chips}
    ways = routes(
        [] if sheets else chips,
        readers,
        workers=3,
        n_probe=n_probe,
        probe_only=probe_only,
    )
    for sheet in sheets or ():
        ways.lanes[service.limits.service].add([sheet])
    maker = maker_of(lake, service, chips)
    with Journal(lake) as journal:
        step = lambda units, others=0, note="": None  # noqa: E731
        run = Dispatcher(maker, journal, service.crew, ways, guards or Guards(), step)
        run.run()
    return run


def dice(sheet: Sheet, before: int) -> random.Random:
    """The same throw for the same request and turn, whatever the order."""
    return random.Random(f"{sheet.chips[0].request_id}:{before}")
