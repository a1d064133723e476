"""A fetch in a process of its own, to be interrupted and killed by a test.

python -m tests.extract.victim LAKE IMAGE LOG N_SCENES [hang]
"""

import random
import signal
import sys
import threading
from pathlib import Path

import rasterio

from extract.chips import FetchError, Limits, RawChip, Sheet
from extract.fetcher import FetchOptions, FetchResult, fetch
from extract.files import FileSource
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import StandIn, lonlat_box, scene, source_row

IN_FLIGHT = 6


def town(image: Path, n_scenes: int) -> StandIn:
    """Scenes side by side on one image, as of a service."""
    with rasterio.open(image) as file:
        wide = file.width // 9 - 2
    scenes = [
        scene(f"a{k}_LF", lonlat_box(image, 2 + k % wide * 9, 2 + k // wide * 9, 12, 9))
        for k in range(n_scenes)
    ]
    return StandIn(scenes, [source_row(kind="earthengine")])


class Remote:
    """A service over a file: slow, faulty, and noting in a log whatever it serves."""

    name = "earthengine"
    limits = Limits("earthengine", in_flight=IN_FLIGHT, per_second=500)

    def __init__(self, lake: Lake, log: Path, hang: bool) -> None:
        self._inner = FileSource(read(lake, FOOTPRINTS))
        self._log = log.open("a", buffering=1)
        self._lot, self._hang, self._lock = random.Random(), hang, threading.Lock()

    def fetch(self, sheet: Sheet) -> RawChip:
        with self._lock:
            throw = self._lot.random()
        threading.Event().wait(0.005 + 0.02 * throw)
        if self._hang and throw < 0.1:
            self._note("hangs")
            threading.Event().wait()
        if throw < 0.03:
            raise FetchError("http", "503", http_status=503)
        if throw < 0.05:
            raise FetchError("throttled", "429", retry_after_s=0.05)
        raw = self._inner.fetch(sheet)
        self._note(sheet.chips[0].request_id)
        return raw

    def _note(self, line: str) -> None:
        with self._lock:
            self._log.write(f"{line}\n")

    def close(self) -> None:
        self._inner.close()


def run(lake: Path, image: Path, log: Path, n_scenes: int, hang: bool) -> FetchResult:
    opened = Lake.open(lake)
    remote = Remote(opened, log, hang)
    return fetch(
        opened,
        town(image, n_scenes),
        readers={"earthengine": remote},
        options=FetchOptions(probe=5),
    )


if __name__ == "__main__":
    # A child of a process that ignores Ctrl-C is born deaf to it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    where, image, log, n_scenes, *hang = sys.argv[1:]
    print(run(Path(where), Path(image), Path(log), int(n_scenes), bool(hang)))
