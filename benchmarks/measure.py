"""CPU seconds and peak memory of a command, its children included."""

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cost:
    """What a process tree used.

    `cpu_s` is user and system seconds of all; `peak_mb` the peak of the largest
    process, by the kernel; `tree_mb` the peak of all at one time, sampled (on Linux;
    elsewhere, and at the least, that of the largest). MB are 2**20 bytes.
    """

    cpu_s: float
    peak_mb: float
    tree_mb: float


def cost(command: Sequence[object]) -> Cost:
    """Run a command to its end; its output is dropped, its failure raised."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.watch", *map(str, command)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    cpu_s, peak_kb, tree_kb = json.loads(done.stdout)
    return Cost(cpu_s, peak_kb / 1024, tree_kb / 1024)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(
        statistics.median(cost.cpu_s for cost in costs),
        statistics.median(cost.peak_mb for cost in costs),
        statistics.median(cost.tree_mb for cost in costs),
    )


def figure(name: str, value: float, bar: str) -> dict[str, Any]:
    """One line of a benchmark's verdict; `bar` is like '>= 4' or '<= 0.5'."""
    sign, limit = bar.split()
    holds = value >= float(limit) if sign == ">=" else value <= float(limit)
    return {"figure": name, "value": round(value, 3), "bar": bar, "holds": holds}


def conclude(table: Mapping[str, Cost], figures: Sequence[Mapping[str, Any]]) -> None:
    """Print the table for people and, last, the figures as one JSON line."""
    for name, one in table.items():
        print(f"{name:32} {one.cpu_s:8.2f} CPU-s {one.peak_mb:8.0f} MB")
    print(f"machine: {os.cpu_count()} cores, page size {resource.getpagesize()}")
    print(json.dumps(list(figures)))
