"""Runs that are stopped from outside: by Ctrl-C, and by the kernel."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from extract.footprints import index_files
from extract.ledger import compact
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import ATTEMPTS, LEDGER
from tests.extract.builders import noise, write_image
from tests.extract.victim import IN_FLIGHT, run

CHECKOUT = Path(__file__).resolve().parents[2]
N = 160


@pytest.fixture
def image(lake: Lake, tmp_path: Path) -> Path:
    path = write_image(tmp_path / "town.tif", noise(3, 150, 240))
    index_files(lake, [path], acquired="2021")
    return path


def start(lake: Lake, image: Path, *more: str) -> "subprocess.Popen[str]":
    log = image.with_name("log")
    log.touch()
    arguments = [str(lake.root), str(image), str(log), str(N), *more]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.extract.victim", *arguments],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(victim: "subprocess.Popen[str]", image: Path, lines: int) -> list[str]:
    """The log once it has that many lines; a victim that ended is told."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = image.with_name("log").read_text().splitlines()
        if len(found) >= lines:
            return found
        if victim.poll() is not None:
            raise AssertionError(victim.communicate())
        time.sleep(0.005)
    victim.kill()
    raise AssertionError("it came to nothing")


def held(lake: Lake) -> dict[str, bytes]:
    files = [lake.root / "ledger" / "ledger.parquet", *lake.images.rglob("*")]
    kept = (file for file in files if file.is_file())
    return {str(file.relative_to(lake.root)): file.read_bytes() for file in kept}


def test_killed_again_and_again_it_ends_with_the_same_bytes(
    lake: Lake, image: Path, tmp_path: Path
) -> None:
    calm = Lake(tmp_path / "calm")
    shutil.copytree(lake.root, calm.root)
    whole = run(calm.root, image, tmp_path / "calm_log", N, hang=False)
    assert (whole.planned, whole.fetched) == (N, N)
    lot, kills = random.Random(), 2
    log = image.with_name("log")
    for _ in range(kills):
        lines = len(log.read_text().splitlines()) if log.exists() else 0
        victim = start(lake, image)
        wait_for(victim, image, lines + lot.randrange(10, 60))
        victim.kill()
        victim.communicate()
    last = run(lake.root, image, log, N, hang=False)
    assert last.fetched + last.skipped == N
    assert last.skipped > 0
    assert held(lake) == held(calm)
    served = log.read_text().splitlines()
    assert len(set(served)) == N
    assert len(served) - N <= kills * IN_FLIGHT
    rows = read(lake, ATTEMPTS)
    assert rows["reason"].is_null().sum() >= N
    assert rows["reason"].is_null().sum() <= len(served)


def test_ctrl_c_ends_within_seconds_though_a_request_hangs(
    lake: Lake, image: Path
) -> None:
    victim = start(lake, image, "hang")
    found = wait_for(victim, image, 2)
    deadline = time.monotonic() + 30
    while "hangs" not in found and time.monotonic() < deadline:
        found = wait_for(victim, image, len(found) + 1)
    assert "hangs" in found
    asked = time.monotonic()
    victim.send_signal(signal.SIGINT)
    _, said = victim.communicate(timeout=60)
    # Two seconds of grace, and what a busy machine takes to compact.
    assert time.monotonic() - asked < 20
    assert "KeyboardInterrupt" in said
    assert "run again to go on from there" in said
    served = [
        one for one in image.with_name("log").read_text().split() if one != "hangs"
    ]
    assert not list((lake.root / "journal").glob("*"))
    ledger = read(lake, LEDGER)
    recorded = set(ledger["request_id"])
    assert recorded
    assert recorded <= set(served)
    # A chip may be served as the grace ends; no more than what was under way is lost.
    assert len(set(served) - recorded) < IN_FLIGHT
    assert compact(lake).equals(ledger)
