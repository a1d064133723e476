"""What loading an extract costs, beside other ways to read it and as it grows.

`python -m benchmarks.load [PBF] [--rounds 3] [--no-linear] [--memory-limit GB]`

The peers take turns with Skyloom and medians are compared, since machines are shared
and noisy. They do less than it does, but for QuackOSM. Decoding alone, by libosmium
and by ST_ReadOSM, is the floor. Then the loader alone reads copies of the file.
"""

import argparse
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyogrio  # type: ignore[import-untyped]

from benchmarks.measure import Cost, conclude, cost, figure, median
from benchmarks.replicate import replicate
from benchmarks.stages import SKYLOOM, extract

BASE_MB = 300
"""What the loader may hold whatever the size of the file."""
SIZES = (1, 4, 16)
OURS, QUACKOSM = "Skyloom", "QuackOSM"
DECODERS = ("decode only, libosmium", "decode only, ST_ReadOSM")
Command = Sequence[object]


def commands(pbf: Path, folder: Path) -> dict[str, Command]:
    """Each way to read the file; what it writes goes to the folder."""

    def peer(module: str) -> Command:
        return (sys.executable, "-m", f"benchmarks.peers.{module}", pbf, folder)

    found: dict[str, Command] = {
        OURS: (*SKYLOOM, "load", pbf, "--lake", folder),
        QUACKOSM: peer("with_quackosm"),
        "pyosmium": peer("with_pyosmium"),
        "pyogrio": peer("with_gdal"),
        DECODERS[0]: peer("only_libosmium"),
        DECODERS[1]: peer("only_st_readosm"),
    }
    if tool := shutil.which("osmium"):
        text = ("-f", "pg", "-x", "tags_type=json", "-o", folder / "out.pg")
        found["osmium export"] = (tool, "export", "--no-progress", pbf, *text)
    return found


def compare(pbf: Path, rounds: int, folder: Path) -> dict[str, Cost]:
    """Medians over rounds in which each had its turn; a peer that fails is left out."""
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        for name, command in commands(pbf, folder / "out").items():
            try:
                costs.setdefault(name, []).append(once(command, folder / "out"))
            except subprocess.CalledProcessError as error:
                if name in (OURS, QUACKOSM):
                    raise
                print(f"{name}: failed with exit code {error.returncode}")
    return {name: median(several) for name, several in costs.items() if several}


def once(command: Command, out: Path) -> Cost:
    """The cost of one run into a fresh folder, which is removed again."""
    out.mkdir()
    try:
        return cost(command)
    finally:
        shutil.rmtree(out)


def compared(table: Mapping[str, Cost], mb: float) -> list[dict[str, Any]]:
    """Print the table and return the figures of Skyloom beside QuackOSM."""
    print(f"{'':24} {'CPU-s':>8} {'MB/CPU-s':>9} {'largest MB':>11} {'tree MB':>9}")
    for name, one in table.items():
        print(
            f"{name:24} {one.cpu_s:8.2f} {mb / one.cpu_s:9.2f} "
            f"{one.peak_mb:11.0f} {one.tree_mb:9.0f}"
        )
    ours, quack = table[OURS], table[QUACKOSM]
    for decoder in DECODERS:
        if decoder in table:
            share = table[decoder].cpu_s / ours.cpu_s
            print(f"{OURS} reaches {share:.1%} of the speed of {decoder}")
    return [
        figure("load: CPU, QuackOSM / Skyloom", quack.cpu_s / ours.cpu_s, ">= 4"),
        figure(
            "load: peak of the tree, Skyloom / QuackOSM",
            ours.tree_mb / quack.tree_mb,
            "<= 0.5",
        ),
        figure(
            "load: peak of the largest process, Skyloom / QuackOSM",
            ours.peak_mb / quack.peak_mb,
            "<= 0.5",
        ),
        figure(
            f"load: peak of the tree above {BASE_MB} MB, of the PBF",
            (ours.tree_mb - BASE_MB) / mb,
            "<= 10",
        ),
    ]


def grow(pbf: Path, rounds: int, limit_gb: float, folder: Path) -> list[dict[str, Any]]:
    """Load copies of the file, the smallest as often as there are rounds."""
    print(f"synthetic: {pbf.name} copied, with other ids and further east")
    limit = ("--memory-limit", f"{limit_gb:g}GB")
    limit_mb = limit_gb * 1e9 / 2**20  # DuckDB's GB
    mbs, seconds, figures = [], [], []
    for copies in SIZES:
        large = folder / f"x{copies}.osm.pbf"
        replicate(pbf, large, copies)
        command = (*SKYLOOM, "load", large, "--lake", folder / "out", *limit)
        times = rounds if copies == 1 else 1
        one = median([once(command, folder / "out") for _ in range(times)])
        mb = large.stat().st_size / 2**20
        large.unlink()
        print(
            f"{copies:2}x {mb:7.1f} MB: {one.cpu_s:8.2f} CPU-s, "
            f"{mb / one.cpu_s:6.2f} MB/CPU-s, tree {one.tree_mb:6.0f} MB",
            flush=True,
        )
        mbs.append(mb)
        seconds.append(one.cpu_s)
        figures.append(
            figure(
                f"load, {copies}x: MB of the tree above {limit[1]} and {BASE_MB} MB",
                one.tree_mb - limit_mb - BASE_MB,
                "<= 0",
            )
        )
    # The fixed cost of a start makes the whole look better than its upper end.
    print(f"exponent between the two largest: {exponent(mbs[-2:], seconds[-2:]):.3f}")
    return [
        figure("load: exponent of CPU", exponent(mbs, seconds), "<= 1.05"),
        *figures,
    ]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of log cost over log size, by least squares."""
    line = statistics.linear_regression(
        [math.log(x) for x in sizes], [math.log(x) for x in costs]
    )
    return line.slope


def main() -> None:
    """Measure, print the tables, and end with the figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.load")
    parser.add_argument("pbf", nargs="?", type=Path, default=extract())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-linear", dest="linear", action="store_false")
    parser.add_argument("--memory-limit", type=float, default=1, metavar="GB")
    asked = parser.parse_args()
    if asked.pbf is None:
        parser.error("no extract: name a PBF, or its data's folder in SKYLOOM_DATA")
    pbf = asked.pbf.resolve()
    mb = pbf.stat().st_size / 2**20
    packages = ("quackosm", "duckdb", "osmium", "pyogrio")
    print(*(f"{name} {version(name)}" for name in packages), end=", ")
    print(f"GDAL {pyogrio.__gdal_version_string__}")
    print(f"{pbf.name}: {mb:.2f} MB; MB are 2**20 bytes", flush=True)
    with tempfile.TemporaryDirectory() as name:
        figures = compared(compare(pbf, asked.rounds, Path(name)), mb)
        if asked.linear:
            figures += grow(pbf, asked.rounds, asked.memory_limit, Path(name))
    conclude({}, figures)


if __name__ == "__main__":
    main()
