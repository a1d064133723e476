import random

import pytest

from extract.pace import LONGEST_S, Bucket, Pause, Width


def most_in_a_second(times: list[float]) -> int:
    most, first = 0, 0
    for last, moment in enumerate(times):
        while times[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize("quota", [1, 3, 10, 40, 100, 250])
@pytest.mark.parametrize("late_s", [0.0, 0.004, 0.2])
def test_no_sliding_second_holds_more_than_the_quota(quota: int, late_s: float) -> None:
    bucket, now, times = Bucket(quota), 50.0, []
    lot = random.Random(quota)
    for _ in range(20 * quota):
        now = max(now, bucket.ready_at) + lot.random() * late_s
        bucket.take(now)
        times.append(now)
    assert most_in_a_second(times) <= quota
    assert quota > 1 or len(times) == 20


def test_a_late_start_of_a_few_milliseconds_costs_no_speed() -> None:
    bucket, now = Bucket(100), 0.0
    for _ in range(1000):
        now = max(now, bucket.ready_at) + 0.005
        bucket.take(now)
    assert 1000 / now > 94


def test_without_a_quota_nothing_waits() -> None:
    bucket = Bucket(None)
    bucket.take(10.0)
    assert bucket.ready_at <= 10.0


def test_width_grows_by_one_a_round_up_to_the_limit() -> None:
    width = Width(6)
    assert width.size == 4
    for _ in range(4):
        width.succeeded()
    assert width.size == 5
    for _ in range(50):
        width.succeeded()
    assert width.size == 6
    assert Width(2).size == 2


def test_width_is_halved_once_for_what_flew_together() -> None:
    width = Width(40, start=40)
    for k in range(40):
        width.throttled(sent=9.0 + k / 100, now=10 + k / 100)
    assert width.size == 20
    width.throttled(sent=11.0, now=12.0)
    assert width.size == 10
    for k in range(8):
        width.throttled(sent=13.0 + k, now=13.5 + k)
    assert width.size == 1


def test_a_pause_is_what_the_service_asks_or_grows() -> None:
    pause = Pause()
    pause.throttled(sent=0.0, now=10.0, retry_after_s=None)
    assert pause.until == 11.0
    pause.throttled(sent=0.5, now=10.2, retry_after_s=None)
    assert pause.until == 11.2, "one storm is one step"
    pause.throttled(sent=11.5, now=12.0, retry_after_s=None)
    assert pause.until == 14.0
    pause.throttled(sent=14.5, now=15.0, retry_after_s=30.0)
    assert pause.until == 45.0
    pause.throttled(sent=45.5, now=46.0, retry_after_s=1.0)
    assert pause.until == 47.0
    pause.succeeded(sent=47.5)
    pause.throttled(sent=48.0, now=49.0, retry_after_s=None)
    assert pause.until == 50.0
    for k in range(20):
        pause.throttled(sent=100.0 + 100 * k, now=150 + 100 * k, retry_after_s=None)
    assert pause.until == 150 + 1900 + LONGEST_S
