"""A fetch through the real Earth Engine client, in a process of its own.

`python -m benchmarks.extract_service LAKE URL CHIPS PER_SECOND TIMEOUT_S OUT`

The service is the loopback server of the tests; client, reader, pace, gates, encoder,
files and journal are what a user runs. Every chip is a request of its own.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer

from benchmarks.extract_files import CHIP_PX, CRS, STEP, write_file
from benchmarks.measure import CHECKOUT
from extract.earthengine import EarthEngineSource
from extract.earthengine_index import images_of
from extract.earthengine_session import close_session, open_session
from extract.fetcher import FetchOptions, fetch
from extract.service_index import index_service
from extract.tables import read
from skyloom.lake import Lake
from skyloom.progress import be_quiet
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import StandIn, scene, source_row
from tests.extract.earthengine_place import NAIP, Service, known, serving

SIDE_PX = 3000
SOURCE, IMAGE = "US", "m_west"
# A box a little smaller than its chip is not rounded up to another pixel.
INSET_PX = 0.4
IN_FLIGHT = 40


@dataclass(frozen=True)
class Run:
    """How a client is started; `probe` is off, so that all chips are alike."""

    lake: Path
    url: str
    chips: int
    per_second: float
    timeout_s: float
    out: Path

    def start(self) -> "subprocess.Popen[bytes]":
        """Begin; the client tells its result in `out` when it ends."""
        given = [str(value) for value in asdict(self).values()]
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.extract_service", *given], cwd=CHECKOUT
        )

    def finish(self) -> dict[str, Any]:
        """Run to the end and return what it tells."""
        if self.start().wait():
            raise SystemExit("the client failed")
        told: dict[str, Any] = json.loads(self.out.read_text())
        return told


@contextmanager
def place(folder: Path) -> Iterator[tuple[Service, Path]]:
    """A server with one image, and a lake that has it indexed, to be copied."""
    (folder / "place").mkdir()
    write_file(folder / "place" / "image.tif", SIDE_PX)
    bands = {name: ["image.tif", k + 1] for k, name in enumerate("RGB")}
    day = {name: "2021-06-01T00:00:00Z" for name in ("startTime", "updateTime")}
    images = {NAIP: [{"id": IMAGE, "bands": bands, **day}]}
    (folder / "place" / "collections.json").write_text(json.dumps(images))
    with quiet_serving(folder / "place") as service:
        lake = Lake.open(folder / "indexed", create=True)
        lists = partial(images_of, service.open(), known(SOURCE))
        everywhere = shapely.box(8.9, 36.9, 9.1, 37.1)
        index_service(
            lake,
            known(SOURCE),
            lists,
            via="earthengine",
            area=everywhere,
            first=None,
            last=None,
        )
        yield service, lake.root
        close_session()


@contextmanager
def quiet_serving(folder: Path) -> Iterator[Service]:
    """The server, whose threads would tell of each client that was killed."""
    kept = os.dup(sys.stderr.fileno())
    with ExitStack() as stack:
        try:
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), sys.stderr.fileno())
            service = stack.enter_context(serving(folder))
        finally:
            os.dup2(kept, sys.stderr.fileno())
            os.close(kept)
        yield service


def town(count: int) -> StandIn:
    """Scenes of one image, no two alike; neighbours overlap."""
    places = np.random.default_rng(5).permutation((SIDE_PX - CHIP_PX) ** 2)[:count]
    to_lonlat = Transformer.from_crs(CRS, "OGC:CRS84", always_xy=True)
    scenes = []
    for number, one in enumerate(places.tolist()):
        row, col = divmod(one, SIDE_PX - CHIP_PX)
        ends = np.array([INSET_PX, CHIP_PX - INSET_PX])
        cols, rows = np.meshgrid(col + ends, row + ends)
        x, y = STEP.c + STEP.a * cols, STEP.f + STEP.e * rows
        lon, lat = to_lonlat.transform(x.ravel(), y.ravel())
        box = min(lon), min(lat), max(lon), max(lat)
        scenes.append(scene(f"a{number}_{SOURCE}", box, SOURCE))
    return StandIn(scenes, [source_row(SOURCE, "earthengine")])


def client(run: Run) -> None:
    """Fetch, and tell counts, CPU seconds and time of the fetch alone."""
    be_quiet(True)
    lake, catalog = Lake.open(run.lake), town(run.chips)
    session = open_session(
        run.url,
        "a-benchmark",
        "anonymous",
        in_flight=IN_FLIGHT,
        timeout_s=run.timeout_s,
    )
    reader = EarthEngineSource(read(lake, FOOTPRINTS), session, {}, run.per_second)
    reader.limits = replace(reader.limits, sheet_px=0)
    before, began = used(), time.monotonic()
    told = fetch(
        lake,
        catalog,
        readers={"earthengine": reader},
        options=FetchOptions(probe=0),
    )
    cost = {"cpu_s": used() - before, "wall_s": time.monotonic() - began}
    run.out.write_text(json.dumps(asdict(told) | cost | {"start_cpu_s": before}))


def used() -> float:
    """CPU seconds of this process so far."""
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def main() -> None:
    """Be the client of a run."""
    lake, url, chips, per_second, timeout_s, out = sys.argv[1:]
    run = Run(
        Path(lake), url, int(chips), float(per_second), float(timeout_s), Path(out)
    )
    client(run)


if __name__ == "__main__":
    main()
