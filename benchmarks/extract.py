"""What fetching chips costs, how it keeps to a quota, and what it survives.

`python -m benchmarks.extract [--parts quota,storm,kills,files] [--rounds 3]`

A loopback server in a process of its own speaks Earth Engine's protocol to the real
client; it counts what arrives and refuses what is over the quota.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.extract_kills import killed, stormy
from benchmarks.extract_service import IN_FLIGHT, Run, place
from benchmarks.measure import CHECKOUT, figure
from tests.extract.earthengine_place import Service

LATENCY_S, PER_SECOND, SECONDS = 0.3, 100, 60
# Until so many requests have come a run is still widening.
WARM, EVERY_S = 500, 0.5
TIMEOUT_S = 60.0
Figures = list[dict[str, Any]]


def quota(folder: Path, rounds: int) -> Figures:
    """A minute at full pace, as the server counts, and the client's CPU."""
    seen: list[dict[str, float]] = []
    with place(folder) as (service, lake):
        for number in range(rounds):
            service.order(
                latency_s=LATENCY_S,
                max_in_flight=IN_FLIGHT,
                max_per_second=PER_SECOND,
            )
            own = shutil.copytree(lake, folder / f"quota{number}")
            told = folder / f"quota{number}.json"
            count = PER_SECOND * SECONDS
            run = Run(own, service.url, count, PER_SECOND, TIMEOUT_S, told)
            seen.append(paced(service, run))
            print("quota:", *(f"{name} {seen[-1][name]:.2f}" for name in seen[-1]))
            shutil.rmtree(own)

    def of(name: str) -> float:
        return statistics.median(one[name] for one in seen)

    def most(name: str) -> float:
        return max(one[name] for one in seen)

    return [
        figure("quota: sustained requests/s, of the quota", of("share"), ">= 0.9"),
        figure("quota: most in flight", most("in_flight"), f"<= {IN_FLIGHT}"),
        figure("quota: most in a second", most("in_a_second"), f"<= {PER_SECOND}"),
        figure("quota: requests refused as too many", most("refused"), "<= 0"),
        figure("quota: client's CPU, ms per chip", of("cpu_ms"), "<= 5"),
    ]


def paced(service: Service, run: Run) -> dict[str, float]:
    """Run, and watch the server's counts from the warm start to the last requests."""
    process = run.start()
    counts: list[tuple[float, int]] = []
    while process.poll() is None:
        time.sleep(EVERY_S)
        arrived = service.stats()["paths"].get("getPixels", 0)
        if WARM <= arrived < run.chips:
            counts.append((time.monotonic(), arrived))
    if process.returncode:
        raise SystemExit("the client failed")
    (began, first), (ended, last) = counts[0], counts[-1]
    stats, told = service.stats(), json.loads(run.out.read_text())
    if told["fetched"] != run.chips:
        raise SystemExit(f"not all chips came: {told}")
    return {
        "share": (last - first) / (ended - began) / run.per_second,
        "in_flight": stats["max_in_flight"],
        "in_a_second": stats["max_in_a_second"],
        "refused": stats["answers"].get("429", 0),
        "cpu_ms": 1000 * told["cpu_s"] / run.chips,
        "wall_s": told["wall_s"],
        "start_cpu_s": told["start_cpu_s"],
    }


def storm(folder: Path, rounds: int) -> Figures:
    """One run in a storm beside one in fine weather, whatever the rounds."""
    with place(folder) as (service, lake):
        return stormy(service, lake, folder)


def kills(folder: Path, rounds: int) -> Figures:
    """One run killed ten times beside one left alone, whatever the rounds."""
    with place(folder) as (service, lake):
        return killed(service, lake, folder)


def files(folder: Path, rounds: int) -> Figures:
    """Chips from a large file, as `benchmarks.extract_files` has it."""
    command = ("-m", "benchmarks.extract_files", "--rounds", str(rounds))
    done = subprocess.run(
        [sys.executable, *command],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    table, figures = done.stdout.rstrip().rsplit("\n", 1)
    print(table, flush=True)
    found: Figures = json.loads(figures)
    return found


PARTS: dict[str, Callable[[Path, int], Figures]] = {
    "quota": quota,
    "storm": storm,
    "kills": kills,
    "files": files,
}


def main() -> None:
    """Measure the parts, and end with the figures as one JSON line."""
    parser = argparse.ArgumentParser(prog="benchmarks.extract")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    wanted = asked.parts.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    figures: Figures = []
    for part in wanted:
        with tempfile.TemporaryDirectory() as folder:
            figures += PARTS[part](Path(folder), asked.rounds)
    print(f"machine: {os.cpu_count()} cores, page size {resource.getpagesize()}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
