"""What the main job costs: load beside QuackOSM, and a second run beside the first.

Runs take turns and medians are compared, since machines are shared and noisy.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import CHECKOUT, Cost, conclude, cost, figure, median

ROUNDS = 3  # or the first argument
SKYLOOM = (sys.executable, "-m", "skyloom.cli")
QUACKOSM = (sys.executable, "-m", "benchmarks.peers.with_quackosm")


def extract() -> Path | None:
    """The real extract to load, where there is one."""
    data = Path(os.environ.get("SKYLOOM_DATA", CHECKOUT.parent / "shared" / "data"))
    file = data / "osm" / "bench_merged.osm.pbf"
    return file if file.is_file() else None


def main() -> None:
    """Measure, print the table, and end with the figures."""
    costs: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = ("demo", "--lake", folder / "demo" / "lake")
        pbf = extract()
        for number in range(int(sys.argv[1]) if sys.argv[1:] else ROUNDS):
            shutil.rmtree(folder / "demo", ignore_errors=True)
            costs.setdefault("demo, first run", []).append(cost([*SKYLOOM, *demo]))
            costs.setdefault("demo, second run", []).append(cost([*SKYLOOM, *demo]))
            town = folder / "demo" / "town" / "town.osm.pbf"
            ours = ("load", pbf or town, "--lake", folder / f"lake{number}")
            costs.setdefault("load, Skyloom", []).append(cost([*SKYLOOM, *ours]))
            work = folder / f"quack{number}"
            work.mkdir()
            theirs = (*QUACKOSM, pbf or town, work)
            costs.setdefault("load, QuackOSM", []).append(cost(theirs))
    table = {name: median(several) for name, several in costs.items()}
    loaded, quack = table["load, Skyloom"], table["load, QuackOSM"]
    first, second = table["demo, first run"], table["demo, second run"]
    print(f"extract: {pbf.name if pbf else 'the drawn town'}")
    conclude(
        table,
        [
            figure("load: CPU, QuackOSM / Skyloom", quack.cpu_s / loaded.cpu_s, ">= 1"),
            figure(
                "load: peak, Skyloom / QuackOSM", loaded.peak_mb / quack.peak_mb, "<= 2"
            ),
            figure(
                "second run: CPU, of the first", second.cpu_s / first.cpu_s, "<= 0.5"
            ),
        ],
    )


if __name__ == "__main__":
    main()
