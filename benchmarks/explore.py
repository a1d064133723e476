"""What the explorer's gallery costs over a synthetic catalog, beside bare DuckDB.

`python -m benchmarks.explore [--rows 1000000] [--rounds 5] [--lake LAKE]`

The application is served in a process of its own on loopback, and the bare queries run
in another; times are what their client waits, starts and first requests apart.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.explore_bare import COUNT_BY_TAG, PAGES
from benchmarks.measure import CHECKOUT, figure
from tests.explore.synthetic_catalog import write_catalog

PAGE_MS, COUNT_MS = 300, 1000
# Where a page begins matters: the middle of the ids and near their end.
STARTS = {"first": "", "middle": "after=w1015000000", "back": "before=w1015000000"}
FILTERS = {
    "none": "",
    "source": "source=AT",
    "country": "country=CH",
    "split": "split=test",
    "frequent tag": "key=building&value=kind_0",
    "rare tag": "key=military&value=kind_399",
    "rule": "rule=building_0",
    "words": "q=grass",
    "kept": "selection=top30&kept=yes",
    "all at once": "source=US&split=train&key=building&selection=top30&kept=yes",
}


@dataclass(frozen=True)
class Timed:
    """Milliseconds of one page, of its bare query, and of the server's processor."""

    page_ms: float
    bare_ms: float
    page_cpu_ms: float


class Server:
    """The application in its own process."""

    def __init__(self, port: int, pid: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.pid = pid

    def get(self, address: str) -> str:
        """The text of one page."""
        with urllib.request.urlopen(self.root + address) as answer:
            return str(answer.read().decode())

    def cpu_s(self) -> float:
        """User and system seconds so far, of threads and ended children too."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(lake: Path) -> Iterator[Server]:
    """Serve the explorer of a lake for a while, on a port of the system's choice."""
    command = (
        "-m",
        "skyloom.cli",
        "explore",
        "--lake",
        lake,
        "--no-browser",
        "--port",
        "0",
    )
    with subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=CHECKOUT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            said = process.stderr.readline() if process.stderr else ""
            found = re.search(r"127\.0\.0\.1:(\d+)", said)
            if not found:
                raise SystemExit(f"the explorer did not start: {said}")
            yield Server(int(found[1]), process.pid)
        finally:
            process.terminate()


class Bare:
    """DuckDB alone, in its own process: a query in, milliseconds out."""

    def __init__(self, lake: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.explore_bare", str(lake)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ms(self, query: str) -> float:
        """How long one query takes, all its rows fetched."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(query) + "\n")
        self._process.stdin.flush()
        return float(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def measured(
    server: Server, bare: Bare, address: str, query: str, rounds: int
) -> Timed:
    """Medians of so many rounds in turns, after one that does not count."""
    pages, bares, cpus = [], [], []
    for number in range(rounds + 1):
        before, began = server.cpu_s(), time.perf_counter()
        # A parameter that is empty asks for nothing, and is asked again each time.
        server.get(address)
        took, used = time.perf_counter() - began, server.cpu_s() - before
        other = bare.ms(query)
        if number:
            pages.append(1000 * took)
            cpus.append(1000 * used)
            bares.append(other)
    return Timed(
        statistics.median(pages), statistics.median(bares), statistics.median(cpus)
    )


def gallery(server: Server, bare: Bare, rounds: int) -> dict[str, Timed]:
    """Each filter's first page, and pages in the middle, forth and back."""
    table = {}
    for name, asked in FILTERS.items():
        for place, start in STARTS.items():
            if asked and place == "back":
                continue
            address = "/?" + "&".join(part for part in (asked, start) if part)
            timed = measured(server, bare, address, PAGES[name][place], rounds)
            table[f"{name}, {place}"] = timed
            told(f"{name}, {place}", timed)
    return table


def told(name: str, timed: Timed) -> None:
    """One line of the table."""
    print(
        f"{name:28} {timed.page_ms:8.0f} ms {timed.page_cpu_ms:8.0f} CPU-ms "
        f"{timed.bare_ms:8.0f} ms bare {timed.page_ms / timed.bare_ms:8.1f}",
        flush=True,
    )


def verdict(table: dict[str, Timed]) -> list[dict[str, Any]]:
    """The figures that have a bar."""
    later = max(table["none, middle"].page_ms, table["none, back"].page_ms)
    counted = table["SQL, count by tag"].page_ms
    return [
        figure(
            "gallery: first page, ms", table["none, first"].page_ms, f"<= {PAGE_MS}"
        ),
        figure("gallery: next pages, ms", later, f"<= {PAGE_MS}"),
        figure("SQL: count by tag, ms", counted, f"<= {COUNT_MS}"),
    ]


def main() -> None:
    """Make the catalog where none is named, measure, and end with one JSON line."""
    parser = argparse.ArgumentParser(prog="benchmarks.explore")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lake", type=Path, help="a synthetic catalog that is there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lake = asked.lake or write_catalog(Path(folder) / "lake", asked.rows).root
        with served(lake) as server:
            began = time.perf_counter()
            server.get("/")
            print(f"the very first page of a run: {time.perf_counter() - began:.1f} s")
            bare = Bare(lake)
            table = gallery(server, bare, asked.rounds)
            address = "/sql?" + urlencode({"q": COUNT_BY_TAG})
            timed = measured(server, bare, address, COUNT_BY_TAG, asked.rounds)
            table["SQL, count by tag"] = timed
            told("SQL, count by tag", timed)
            bare.close()
            figures = verdict(table)
    load = os.getloadavg()[0]
    print(f"machine: {os.cpu_count()} cores, load {load:.1f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
