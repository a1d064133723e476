"""The loop over a service that fails in every way, in simulated time."""

import os
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from extract import lanes, scheduler
from extract.chips import FetchError, Limits, Sheet
from extract.ledger import FAILED, OK, REJECTED, compact
from extract.maker import ChipMaker
from extract.scheduler import Guards
from extract.tables import read
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from skyloom.raw_tables import ATTEMPTS
from tests.extract.services import Service, Virtual, chip, dice, dispatch, several
from tests.extract.test_pace import most_in_a_second

EE = Limits("earthengine", in_flight=40, per_second=100)


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """What survives a power cut is no matter of these tests."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def service(fault: Any = lambda sheet, before: None, **changes: Any) -> Service:
    return Service(**{"limits": EE, "crew": Virtual(), "fault": fault, **changes})


def attempts(lake: Lake) -> Any:
    compact(lake)
    return read(lake, ATTEMPTS)


def test_a_service_is_used_up_to_its_quota_and_no_further(lake: Lake) -> None:
    calm = service(latency=lambda sheet: dice(sheet, 0).uniform(0.2, 0.6))
    run = dispatch(lake, calm, [chip(k) for k in range(1500)])
    assert run.counts == {OK: 1500}
    times = [start for start, _ in calm.sent]
    assert most_in_a_second(times) <= 100
    assert calm.peak <= 40
    late = [moment for moment in times if moment > times[800]]
    assert len(late) / (late[-1] - late[0]) > 75
    first = [start for start, _ in calm.sent if start < calm.sent[0][0] + 0.2]
    assert len(first) == 4, "a service is not overrun at the start"


def test_a_storm_loses_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [
        *[FetchError("throttled", "429", http_status=429)] * 5,
        *[FetchError("http", "503 at https://h/x?sig=abc", http_status=503)] * 3,
        FetchError("http", "connection reset"),
        FetchError("truncated", "12 of 576 bytes"),
    ]

    def fault(sheet: Sheet, before: int) -> FetchError | None:
        throw = dice(sheet, before).randrange(100)
        return faults[throw] if throw < len(faults) else None

    def latency(sheet: Sheet) -> float:
        return 20.0 if dice(sheet, 99).random() < 0.02 else 0.3

    stormy = service(fault, latency=latency)
    chips = [chip(k) for k in range(2000)]
    run = dispatch(lake, stormy, chips)
    assert run.counts == {OK: 2000}
    assert run.stopped == ()
    assert set(stormy.served.values()) == {1}
    assert stormy.peak <= 40
    assert most_in_a_second([start for start, _ in stormy.sent]) <= 100
    rows = attempts(lake)
    assert rows.height == len(stormy.sent) == sum(stormy.asked.values())
    assert rows.select("request_id", "attempt").is_duplicated().sum() == 0
    reasons = Counter(rows["reason"])
    assert reasons[None] == 2000
    assert min(reasons[one] for one in ("throttled", "http", "truncated")) > 5
    assert not rows["detail"].str.contains("sig").any()
    assert stormy.crew
    calm = service(crew=Virtual())
    other = Lake.open(lake.root.parent / "other", create=True)
    dispatch(other, calm, list(reversed(chips)))
    compact(other)
    one, two = (x.root / "ledger" / "ledger.parquet" for x in (lake, other))
    assert one.read_bytes() == two.read_bytes()


def test_a_throttled_service_is_left_alone_and_then_asked_less(lake: Lake) -> None:
    def fault(sheet: Sheet, before: int) -> FetchError | None:
        assert busy.crew
        if 1010 < busy.crew.time < 1010.5:
            return FetchError("throttled", "slow down", retry_after_s=7)
        return None

    # Long enough that it is the width, not the quota, that binds.
    busy = service(fault, latency=lambda sheet: 0.6)
    run = dispatch(lake, busy, [chip(k) for k in range(1200)])
    assert run.counts == {OK: 1200}
    starts = sorted(start for start, _ in busy.sent)
    gaps = {later - start: start for start, later in pairwise(starts)}
    assert 6.9 < max(gaps) < 7.7
    stopped_at = gaps[max(gaps)]
    before = [end for start, end in busy.sent if start <= stopped_at < end]
    again = [s for s in starts if stopped_at + 1 < s < stopped_at + max(gaps) + 0.59]
    assert 0 < len(again) <= len(before) / 2 + 1


def test_a_service_that_only_throttles_is_given_up(lake: Lake) -> None:
    full = service(lambda sheet, before: FetchError("throttled", "full"))
    run = dispatch(lake, full, [chip(k) for k in range(30)])
    assert run.counts == {}
    ((name, reason, _),) = run.stopped
    assert (name, reason) == ("earthengine", "throttled")
    assert len(full.sent) < 40
    long = service(lambda s, b: FetchError("throttled", "full", retry_after_s=3600))
    run = dispatch(lake, long, [chip(k) for k in range(30)])
    assert len(long.sent) <= 4
    assert run.stopped[0][1] == "throttled"


def test_no_more_is_sent_once_credentials_are_refused(lake: Lake) -> None:
    def fault(sheet: Sheet, before: int) -> FetchError | None:
        bad = len(refusing.sent) > 60
        return FetchError("credentials", "403", http_status=403) if bad else None

    refusing = service(fault)
    run = dispatch(lake, refusing, [chip(k) for k in range(300)])
    assert run.counts == {OK: 60}, "the others are untried, not failed"
    assert run.stopped == (("earthengine", "credentials", "403"),)
    assert 60 < len(refusing.sent) <= 60 + 40
    assert attempts(lake).height == len(refusing.sent)


def test_a_service_that_fails_by_half_is_stopped(lake: Lake) -> None:
    def fault(sheet: Sheet, before: int) -> FetchError | None:
        error = FetchError("http", "502 Bad Gateway", http_status=502)
        return error if len(broken.sent) > 300 else None

    broken = service(fault)
    run = dispatch(lake, broken, [chip(k) for k in range(2000)])
    ((_, reason, detail),) = run.stopped
    assert reason == "failing"
    assert "100 of the last 200" in detail
    assert "502" in detail
    assert len(broken.sent) <= 300 + 100 + 40
    assert run.counts[OK] == 300


def test_one_image_that_is_gone_stops_no_service(lake: Lake) -> None:
    def fault(sheet: Sheet, before: int) -> FetchError | None:
        gone = sheet.image_ids[0] == "gone"
        return FetchError("not_found", "no such asset") if gone else None

    chips = [chip(k, image="gone") for k in range(250)] + [chip(k) for k in range(50)]
    run = dispatch(lake, service(fault), chips)
    assert run.counts == {OK: 50, FAILED: 250}
    assert run.stopped == ()


def test_files_are_read_to_the_end_however_many_are_gone(lake: Lake) -> None:
    disk = service(lambda s, b: FetchError("read", "no such file"))
    disk.limits = Limits("file", in_flight=4)
    run = dispatch(lake, disk, [chip(k) for k in range(300)], kind="file")
    assert run.counts == {FAILED: 300}
    assert disk.peak == 6, "two for each of three workers"


def test_a_request_is_given_up_after_six_failures(lake: Lake) -> None:
    bad = {chip(3).request_id, chip(5).request_id}

    def fault(sheet: Sheet, before: int) -> FetchError | None:
        name = sheet.chips[0].request_id
        return FetchError("timeout", "no answer") if name in bad else None

    run = dispatch(lake, service(fault), [chip(k) for k in range(60)])
    assert run.counts == {OK: 58, FAILED: 2}
    rows = attempts(lake).sort("started")
    for name in bad:
        mine = rows.filter(rows["request_id"] == name)
        assert mine["attempt"].to_list() == [1, 2, 3, 4, 5, lanes.TRIES]
        waits = mine["started"].diff().dt.total_milliseconds().to_list()[1:]
        assert waits[-1] > waits[0]
        assert max(waits) < 60_300


def test_patience_ends(lake: Lake) -> None:
    slow = service(
        lambda sheet, before: FetchError("timeout", "no answer"),
        latency=lambda sheet: 301.0,
    )
    run = dispatch(lake, slow, [chip(0)])
    assert run.counts == {FAILED: 1}
    assert len(slow.sent) == 2


def test_a_sheet_that_is_too_heavy_is_asked_for_chip_by_chip(lake: Lake) -> None:
    chips = [chip(k) for k in range(12)]
    heavy = chips[5].request_id

    def fault(sheet: Sheet, before: int) -> FetchError | None:
        names = [one.request_id for one in sheet.chips]
        bad = len(names) > 4 or heavy in names
        return FetchError("too_heavy", "User memory limit exceeded.") if bad else None

    sheets = [several(chips[:8]), several(chips[8:])]
    run = dispatch(lake, service(fault), chips, sheets=sheets)
    assert run.counts == {OK: 11, REJECTED: 1}
    ledger = compact(lake)
    (refused,) = ledger.filter(ledger["status"] == REJECTED).to_dicts()
    assert (refused["request_id"], refused["reason"]) == (heavy, "too_heavy")
    rows = attempts(lake)
    assert rows.height == 2 + 8
    assert sorted(rows["n_chips"]) == [1] * 8 + [4, 8]
    assert rows.select("request_id", "attempt").is_duplicated().sum() == 0
    whole = {row["request_id"]: row["sha256"] for row in ledger.to_dicts()}
    single = Lake.open(lake.root.parent / "single", create=True)
    dispatch(single, service(), chips)
    alone = {row["request_id"]: row["sha256"] for row in compact(single).to_dicts()}
    assert {**alone, heavy: None} == whole


def test_what_is_not_covered_is_refused_and_what_is_odd_fails(lake: Lake) -> None:
    errors: dict[str, Exception] = {
        chip(1).request_id: FetchError("no_coverage", "nothing there"),
        chip(2).request_id: FetchError("bad_request", "400"),
        chip(3).request_id: FetchError("unheard_of", "?"),
        chip(4).request_id: ValueError("a surprise at https://u:p@h/a?token=secret"),
    }

    def fault(sheet: Sheet, before: int) -> FetchError | None:
        error = errors.get(sheet.chips[0].request_id)
        if error:
            raise error
        return None

    run = dispatch(lake, service(fault), [chip(k) for k in range(40)])
    assert run.counts == {OK: 36, REJECTED: 1, FAILED: 3}
    ledger = compact(lake)
    reasons = dict(ledger.select("request_id", "reason").iter_rows())
    found = [reasons[chip(k).request_id] for k in (1, 2, 3, 4)]
    assert found == ["no_coverage", "bad_request", "unheard_of", "error"]
    detail = ledger.filter(ledger["reason"] == "error")["detail"].item()
    assert detail == "ValueError: a surprise at https://h/a"


def test_guards_are_kept(lake: Lake) -> None:
    chips = [chip(k) for k in range(200)]
    few = service()
    run = dispatch(lake, few, chips, guards=Guards(max_requests=70))
    assert (len(few.sent), run.counts[OK]) == (70, 70)
    assert run.stopped[0][:2] == ("earthengine", "max_requests")
    light = service()
    run = dispatch(lake, light, chips, guards=Guards(max_bytes=50 * 576))
    assert 50 <= run.counts[OK] <= 50 + 40
    assert run.stopped[0][1] == "max_bytes"
    whole = service()
    run = dispatch(lake, whole, chips, guards=Guards(max_requests=200))
    assert (run.counts[OK], run.stopped) == (200, ())


def test_a_probe_comes_first_and_says_what_it_found(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(scheduler, "say", said.append)

    def fault(sheet: Sheet, before: int) -> FetchError | None:
        order.append(sheet.chips[0].request_id)
        first = sorted(one.request_id for one in chips)[7]
        bad = sheet.chips[0].request_id == first
        return FetchError("no_coverage", "nothing") if bad else None

    chips, order = [chip(k) for k in range(300)], list[str]()
    run = dispatch(lake, service(fault), chips, n_probe=20)
    assert run.counts == {OK: 299, REJECTED: 1}
    assert set(order[:20]) == set(sorted(one.request_id for one in chips)[:20])
    (line,) = said
    assert line == (
        "S1: a probe of 20 chips: p50 0.30 s, p95 0.30 s, 1 kB a chip, "
        "100.0% of the pixels valid, 19 kept, 1 no_coverage"
    )
    alone = dispatch(lake, service(), chips, n_probe=20, probe_only=True)
    assert alone.counts == {OK: 20}


def test_what_is_under_way_is_recorded_when_a_disk_is_full(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    write = ChipMaker._keep

    def full(self: Any, request: Any, chip: Any, encoded: bytes) -> Any:
        written.append(encoded)
        if len(written) == 10:
            raise SkyloomError("no space left")
        return write(self, request, chip, encoded)

    monkeypatch.setattr(ChipMaker, "_keep", full)
    with pytest.raises(SkyloomError, match="no space left"):
        dispatch(lake, service(), [chip(k) for k in range(100)])
    assert compact(lake).height == len(written) - 1
