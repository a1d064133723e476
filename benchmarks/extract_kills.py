"""A run in a storm and a run killed again and again, beside runs left alone."""

import random
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.extract_service import IN_FLIGHT, Run
from benchmarks.measure import figure
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import ATTEMPTS, LEDGER
from tests.extract.earthengine_place import Service

STORM_CHIPS, KILL_CHIPS, KILLS = 2000, 1000, 10
PER_SECOND, LATENCY_S, TIMEOUT_S = 100.0, 0.1, 20.0
SHARES = {"429": 0.05, "503": 0.03, "drop": 0.01, "truncate": 0.01, "slow": 0.02}
# A slow answer comes after the deadline. What a service asks for as a pause is short,
# else the storm would be waited out for minutes.
WEATHER = {"latency_s": 0.05, "slow_s": 6.0, "retry_after": "0.2"}
STORM_TIMEOUT_S = 5.0
SEED = 11
Figures = list[dict[str, Any]]


def stormy(service: Service, lake: Path, folder: Path) -> Figures:
    """The same chips in fine weather and in the storm."""
    calm = left_alone(service, lake, folder, STORM_CHIPS)
    service.order(latency_s=0.05)
    fine = calm.finish()
    wild = replace(
        calm,
        lake=shutil.copytree(lake, folder / "wild"),
        timeout_s=STORM_TIMEOUT_S,
        out=folder / "wild.json",
    )
    service.order(seed=SEED, shares=SHARES, **WEATHER)
    told = wild.finish()
    answers = service.stats()["answers"]
    print(
        f"storm: {told['wall_s']:.0f} s ({fine['wall_s']:.0f} s when fine), {answers}"
    )
    tried = read(Lake.open(wild.lake), ATTEMPTS)
    print(f"storm: attempts {dict(tried['reason'].value_counts().iter_rows())}")
    rows = read(Lake.open(wild.lake), LEDGER)
    arrived = rows.filter(pl.col("status") == "ok")["request_id"]
    return [
        figure("storm: chips missing", STORM_CHIPS - arrived.n_unique(), "<= 0"),
        figure(
            "storm: chips twice", rows.height - rows["request_id"].n_unique(), "<= 0"
        ),
        *compared("storm", calm.lake, wild.lake),
    ]


def left_alone(service: Service, lake: Path, folder: Path, n_chips: int) -> Run:
    """The run that the other is held against, on a lake of its own."""
    own = shutil.copytree(lake, folder / "calm")
    out = folder / "calm.json"
    return Run(own, service.url, n_chips, PER_SECOND, TIMEOUT_S, out)


def compared(part: str, one: Path, other: Path) -> Figures:
    """How far two lakes' chips and ledgers are from the same bytes."""
    ours, theirs = held(one), held(other)
    unlike = sum(ours.get(name) != theirs.get(name) for name in {*ours, *theirs})
    ledgers = {
        (lake / "ledger" / "ledger.parquet").read_bytes() for lake in (one, other)
    }
    return [
        figure(f"{part}: chips that differ from a run left alone", unlike, "<= 0"),
        figure(f"{part}: ledgers that differ", len(ledgers) - 1, "<= 0"),
    ]


def held(lake: Path) -> Mapping[str, bytes]:
    """The files of the chips, whatever else lies among them."""
    images = lake / "images"
    files = (file for file in images.rglob("*") if file.is_file())
    return {str(file.relative_to(images)): file.read_bytes() for file in files}


def killed(service: Service, lake: Path, folder: Path) -> Figures:
    """A run killed at moments drawn by a seed and resumed, beside one left alone."""
    calm = left_alone(service, lake, folder, KILL_CHIPS)
    service.order(latency_s=LATENCY_S)
    calm.finish()
    hurt = replace(
        calm, lake=shutil.copytree(lake, folder / "hurt"), out=folder / "hurt.json"
    )
    moments = sorted(random.Random(SEED).sample(range(KILL_CHIPS), KILLS))
    service.order(latency_s=LATENCY_S)
    wasted = []
    for moment in moments:
        process = hurt.start()
        while process.poll() is None and service.stats()["distinct"] < moment:
            time.sleep(0.01)
        if process.poll() is not None:
            raise SystemExit("the client ended before it was killed")
        process.kill()
        process.wait()
        wasted.append(waste(service))
    told = hurt.finish()
    repeated = waste(service)
    print(f"kills: at {moments} chips; requests repeated by then {wasted}")
    print(
        f"kills: the last run found {told['skipped']} chips, fetched {told['fetched']}"
    )
    return [
        *compared("kills", calm.lake, hurt.lake),
        figure("kills: chips left", told["left"] + told["failed"], "<= 0"),
        figure("kills: requests repeated", repeated, f"<= {KILLS * IN_FLIGHT}"),
    ]


def waste(service: Service) -> int:
    """Requests for pixels that had been asked for before."""
    stats = service.stats()
    return int(stats["paths"].get("getPixels", 0)) - int(stats["distinct"])
