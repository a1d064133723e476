"""The threads that make sheets, and the clock that a run goes by."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Protocol

from extract.chips import Sheet
from extract.lanes import Job
from extract.maker import Made

Work = Callable[[Sheet], Made]


@dataclass(frozen=True, slots=True)
class Landed:
    """A job that came back: what was made, or the error that ends the run."""

    lane: str
    job: Job
    started: datetime
    elapsed_s: float
    made: Made = field(default_factory=Made)
    crash: BaseException | None = None


class Crew(Protocol):
    """Who does the work, and what time it is; a test may simulate both."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def start(self, lane: str, job: Job, work: Work, threads: int) -> None:
        """Begin a job on one of so many threads of the lane's own; returns at once."""
        ...

    def landed(self, until: float | None) -> list[Landed]:
        """Jobs that came back, at least one unless it gets as late as `until`."""
        ...

    def busy(self) -> set[str]:
        """Lanes that still have a job under way."""
        ...

    def close(self) -> None:
        """Let idle threads end; one that hangs is left behind."""
        ...


class Threads:
    """Threads that die with the process: one that hangs holds up nobody."""

    def __init__(self) -> None:
        """Threads are started as jobs need them and stay for the next job."""
        self._inboxes: dict[str, SimpleQueue[tuple[Job, Work] | None]] = {}
        self._threads: Counter[str] = Counter()
        self._flying: Counter[str] = Counter()
        self._landed: SimpleQueue[Landed] = SimpleQueue()

    def now(self) -> float:
        """The time since some moment."""
        return time.monotonic()

    def start(self, lane: str, job: Job, work: Work, threads: int) -> None:
        """Begin a job, or have it wait for a thread."""
        inbox = self._inboxes.setdefault(lane, SimpleQueue())
        self._flying[lane] += 1
        if min(threads, self._flying[lane]) > self._threads[lane]:
            self._threads[lane] += 1
            name = f"{lane}-{self._threads[lane]}"
            task = (lane, inbox, self._landed)
            threading.Thread(target=_serve, args=task, name=name, daemon=True).start()
        inbox.put((job, work))

    def landed(self, until: float | None) -> list[Landed]:
        """Wait for jobs; Ctrl-C gets through."""
        wait = None if until is None else max(0.0, until - self.now())
        found: list[Landed] = []
        try:
            found.append(self._landed.get(timeout=wait))
            while True:
                found.append(self._landed.get_nowait())
        except Empty:
            pass
        for one in found:
            self._flying[one.lane] -= 1
        return found

    def busy(self) -> set[str]:
        """Lanes with a job that has not been handed over."""
        return {lane for lane, flying in self._flying.items() if flying}

    def close(self) -> None:
        """End the threads."""
        for lane, threads in self._threads.items():
            for _ in range(threads):
                self._inboxes[lane].put(None)


def _serve(
    lane: str,
    inbox: "SimpleQueue[tuple[Job, Work] | None]",
    landed: "SimpleQueue[Landed]",
) -> None:
    while (task := inbox.get()) is not None:
        job, work = task
        started, begun = datetime.now(UTC), time.monotonic()
        made, crash = Made(), None
        try:
            made = work(job.sheet)
        except BaseException as error:
            crash = error
        elapsed = time.monotonic() - begun
        landed.put(Landed(lane, job, started, elapsed, made, crash))
