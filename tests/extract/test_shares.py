"""Shares of a fetch come to the bytes of one fetch, within the quota of one."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from extract import ledger
from extract.chips import FetchError, Limits, RawChip, Sheet
from extract.fetcher import FetchResult, fetch, gather_shares
from extract.files import FileSource
from extract.footprints import index_files
from extract.shares import Share, gather
from extract.tables import read
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.raw_tables import ATTEMPTS, FOOTPRINTS, LEDGER, REQUESTS
from skyloom.shards.place import Place
from tests.extract.builders import StandIn, lonlat_box, noise, scene, write_image
from tests.extract.earthengine_place import (  # noqa: F401 - two are fixtures
    Service,
    place_fixture,
    service_fixture,
)
from tests.extract.test_service_fetch import IN_FLIGHT, PER_SECOND, held, indexed

CHECKOUT = Path(__file__).resolve().parents[2]


def part(lake: Lake, number: int, count: int) -> Share:
    home = Lake.open(Place(lake, number, count).root, create=True)
    return Share(home, number, count)


class FailingOnce(FileSource):
    """A file source whose second sheet fails; each chip is read by itself."""

    limits = replace(FileSource.limits, sheet_px=0)
    reads = 0

    def fetch(self, sheet: Sheet) -> RawChip:
        self.reads += 1
        if self.reads == 2:
            raise FetchError("corrupt", "gone")
        return super().fetch(sheet)


@pytest.fixture
def catalog(tmp_path: Path) -> StandIn:
    """Eleven scenes on one image."""
    path = write_image(tmp_path / "town.tif", noise(3))
    boxes = [lonlat_box(path, 5 + 8 * k, 5 + 3 * k, 40, 30) for k in range(11)]
    return StandIn([scene(f"a{k}_LF", box) for k, box in enumerate(boxes)])


def lake_of(root: Path) -> Lake:
    lake = Lake.open(root, create=True)
    index_files(lake, [root.parent / "town.tif"], acquired="2021")
    return lake


def test_shares_of_a_fetch_gather_to_the_bytes_of_one(catalog, tmp_path) -> None:
    whole, divided = lake_of(tmp_path / "whole"), lake_of(tmp_path / "divided")
    assert fetch(whole, catalog).fetched == 11
    results = [
        fetch(divided, catalog, share=part(divided, number, 3)) for number in (3, 1, 2)
    ]
    assert [result.fetched for result in results] == [4, 3, 4]
    assert read(divided, LEDGER).is_empty()
    assert gather_shares(divided, catalog)
    assert held(divided) == held(whole)
    assert read(divided, REQUESTS).equals(read(whole, REQUESTS))
    assert not gather_shares(divided, catalog)
    assert held(divided) == held(whole)


def test_a_share_tries_again_what_failed_and_nothing_else(catalog, tmp_path) -> None:
    lake = lake_of(tmp_path / "lake")
    readers = {"file": FailingOnce(read(lake, FOOTPRINTS))}
    share = part(lake, 1, 2)
    first = fetch(lake, catalog, share=share, readers=readers, workers=1)
    assert first == FetchResult(5, 4, 0, 0, 1)
    # What another share recorded is not this one's to do, gathered or not.
    gather(lake)
    assert read(lake, LEDGER).height == 5
    second = fetch(lake, catalog, share=share, readers=readers, workers=1)
    assert second == FetchResult(5, 1, 4, 0, 0)
    gather(lake)
    assert set(read(lake, LEDGER)["status"]) == {ledger.OK}


def test_a_gathering_that_was_killed_half_way_ends_alike(
    catalog, tmp_path, monkeypatch
) -> None:
    lake = lake_of(tmp_path / "lake")
    fetch(lake, catalog, share=part(lake, 1, 2))
    fetch(lake, catalog, share=part(lake, 2, 2))

    def killed(home: Lake) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ledger, "forget", killed)
        gather(lake)
    gather(lake)
    assert read(lake, LEDGER)["scene_id"].sort().to_list() == sorted(
        f"a{k}_LF" for k in range(11)
    )
    runs = read(lake, ATTEMPTS)
    assert runs.height == runs.select("run", "request_id", "attempt").unique().height


def test_a_whole_fetch_takes_in_what_shares_have_left(catalog, tmp_path) -> None:
    lake = lake_of(tmp_path / "lake")
    fetch(lake, catalog, share=part(lake, 2, 2))
    assert fetch(lake, catalog) == FetchResult(11, 5, 6, 0, 0)


def test_no_other_command_writes_while_a_share_is_at_work(catalog, tmp_path) -> None:
    lake = lake_of(tmp_path / "lake")
    share = part(lake, 1, 2)
    code = (
        "import sys; from pathlib import Path; from skyloom.lake import Lake\n"
        "from skyloom.errors import LakeBusyError\n"
        "lake = Lake.open(Path(sys.argv[1]))\n"
        "try:\n    with lake.lock('x', shared=sys.argv[2] == 'shared'): print('in')\n"
        "except LakeBusyError: print('busy')\n"
    )

    def other(place: Lake, how: str) -> str:
        command = [sys.executable, "-c", code, str(place.root), how]
        done = subprocess.run(
            command, cwd=CHECKOUT, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    with share.at_work(lake):
        assert other(lake, "alone") == "busy"
        assert other(lake, "shared") == "in"
        assert other(share.home, "alone") == "busy"
    with lake.lock("load"):
        assert other(lake, "shared") == "busy"


def test_the_shares_of_a_limit_come_to_the_limit() -> None:
    limits = Limits("earthengine", in_flight=40, per_second=100)
    share = Share(Lake(Path("home")), 2, 6)
    assert share.limited(limits).in_flight == 6
    # A sliding second holds 17 requests that are sent at 16.67 a second.
    assert share.limited(limits).per_second == 16
    assert Share(Lake(Path("home"))).limited(limits) == limits
    none = replace(limits, per_second=None)
    assert share.limited(none).per_second is None
    for few in (replace(limits, in_flight=5), replace(limits, per_second=5)):
        with pytest.raises(UsageError, match="fewer requests than there are shares"):
            share.limited(few)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_all_shares_together_keep_to_the_quota_as_the_server_counts(
    service: Service, tmp_path: Path, count: int
) -> None:
    lake = indexed(service, tmp_path / "lake")
    service.order(latency_s=0.1)
    shares = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.extract.shareholder"),
                *(service.url, str(service.folder), str(lake.root)),
                *(str(number), str(count), "120"),
            ],
            cwd=CHECKOUT,
        )
        for number in range(1, count + 1)
    ]
    assert [share.wait(timeout=120) for share in shares] == [0] * count
    gather(lake)
    assert read(lake, LEDGER).filter(pl.col("status") == "ok").height == 120
    seen = service.stats()
    assert seen["paths"]["getPixels"] == 120
    assert set(seen["answers"]) == {"200"}
    assert seen["duplicates"] == 0
    assert seen["max_in_flight"] <= IN_FLIGHT
    # On a busy machine one request of each share may come late, among the next ones.
    assert seen["max_in_a_second"] <= PER_SECOND + count
