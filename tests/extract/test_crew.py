import threading
import time

from extract.chips import Sheet
from extract.crew import Landed, Threads
from extract.lanes import Job
from extract.maker import Made
from tests.extract.services import chip


def test_jobs_wait_for_one_of_the_threads() -> None:
    crew, lock, flying, most = Threads(), threading.Lock(), 0, 0

    def work(sheet: Sheet) -> Made:
        nonlocal flying, most
        with lock:
            flying += 1
            most = max(most, flying)
        time.sleep(0.01)
        with lock:
            flying -= 1
        return Made(n_bytes=7)

    for k in range(20):
        crew.start("disk", Job(Sheet.of(chip(k))), work, 3)
    assert crew.busy() == {"disk"}
    landed: list[Landed] = []
    while len(landed) < 20:
        landed += crew.landed(None)
    assert most == 3
    assert {one.job.sheet.chips[0].request_id for one in landed} == {
        chip(k).request_id for k in range(20)
    }
    assert all(one.elapsed_s >= 0.01 and one.made.n_bytes == 7 for one in landed)
    assert crew.busy() == set()
    crew.close()
    assert crew.landed(crew.now()) == []


def test_a_thread_that_hangs_holds_up_nobody() -> None:
    crew, held = Threads(), threading.Event()

    def work(sheet: Sheet) -> Made:
        if sheet.chips[0] == chip(0):
            held.wait(30)
        return Made()

    for k in range(2):
        crew.start("slow", Job(Sheet.of(chip(k))), work, 2)
    (landed,) = crew.landed(crew.now() + 10)
    assert landed.job.sheet.chips == (chip(1),)
    began = time.monotonic()
    assert crew.landed(crew.now() + 0.05) == []
    assert time.monotonic() - began < 5
    assert crew.busy() == {"slow"}
    crew.close()
    held.set()


def test_an_error_of_a_job_is_handed_over() -> None:
    def work(sheet: Sheet) -> Made:
        raise KeyboardInterrupt

    crew = Threads()
    crew.start("a", Job(Sheet.of(chip(0))), work, 1)
    (landed,) = crew.landed(None)
    assert isinstance(landed.crash, KeyboardInterrupt)
