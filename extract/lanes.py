"""One lane per service: what waits, what is in flight, and what follows a failure."""

import hashlib
import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from extract.breaker import Breaker
from extract.chips import FetchError, Limits, Sheet
from extract.failures import POLICIES, Policy
from extract.ledger import FAILED, REJECTED
from extract.pace import LONGEST_S, START, Bucket, Pause, Width

TRIES = 6
# Jobs per thread where no service counts them: one is made, one waits.
AHEAD = 2
# After which a sheet is given up, and a service that does nothing but throttle.
PATIENCE_S = 600.0


@dataclass(frozen=True, slots=True)
class Job:
    """A sheet on its way; `tries` are its failures that a retry may cure."""

    sheet: Sheet
    attempt: int = 1
    tries: int = 0
    first_sent: float | None = None
    sent: float = 0.0


class Lane:
    """The pace and the queue of one service. Only the dispatcher calls it."""

    def __init__(self, limits: Limits, *, adaptive: bool) -> None:
        """`adaptive` is for services: careful at first, and stopped if they fail.

        Elsewhere each of the threads finds its next job waiting.
        """
        self.name = limits.service
        self.adaptive = adaptive
        self.threads = limits.in_flight
        self.stopped: tuple[str, str] | None = None
        self._queue: deque[Job] = deque()
        self._retries: list[tuple[float, int, Job]] = []
        self._retried = 0
        self._flying = 0
        self._bucket = Bucket(limits.per_second)
        slots = limits.in_flight if adaptive else AHEAD * limits.in_flight
        self._width = Width(slots, START if adaptive else slots)
        self._pause = Pause()
        self._breaker = Breaker()
        self._last_success: float | None = None

    def add(self, sheets: Iterable[Sheet]) -> None:
        """Queue sheets; a stopped lane takes none."""
        if self.stopped is None:
            self._queue.extend(Job(sheet) for sheet in sheets)

    @property
    def waits(self) -> bool:
        """Whether anything is left to send."""
        return bool(self._queue or self._retries)

    def wake_at(self) -> float | None:
        """When a job can be taken; None = not before another one ends, or never."""
        if self._flying >= self._width.size or not self.waits:
            return None
        due = 0.0 if self._queue else self._retries[0][0]
        return max(due, self._bucket.ready_at, self._pause.until)

    def take(self, now: float) -> Job:
        """The next job, which is in flight from here on; not before `wake_at`."""
        retry = self._retries and self._retries[0][0] <= now
        job = heapq.heappop(self._retries)[2] if retry else self._queue.popleft()
        self._bucket.take(now)
        self._flying += 1
        if self._last_success is None:
            self._last_success = now
        first = now if job.first_sent is None else job.first_sent
        return replace(job, first_sent=first, sent=now)

    def free(self) -> None:
        """A job's slot is free again: what became of it is on the disk."""
        self._flying -= 1

    def stop(self, reason: str, detail: str) -> None:
        """Send nothing more; what waits stays untried."""
        if self.stopped is None:
            self.stopped = (reason, detail)
        self._queue.clear()
        self._retries.clear()

    def succeeded(self, job: Job, now: float) -> None:
        """Take note of a job that came back with pixels."""
        self._last_success = now
        self._width.succeeded()
        self._pause.succeeded(job.sent)
        self._breaker.note(failed=False)

    def failed(self, job: Job, error: FetchError, now: float) -> str | None:
        """The status that a failed job's chips get; None = they have none yet."""
        policy = POLICIES.get(error.reason, Policy.FAIL)
        self._count(job, policy, error)
        again = replace(job, attempt=job.attempt + 1)
        match policy:
            case Policy.STOP:
                self.stop(error.reason, error.detail)
            case Policy.THROTTLE:
                self._throttled(again, error, now)
            case Policy.SPLIT | Policy.ALONE if len(job.sheet.chips) > 1:
                self._split(again)
            case Policy.SPLIT | Policy.REFUSE:
                return REJECTED
            case Policy.RETRY if self._bears_retry(job, now):
                pause = max(backoff_s(job), error.retry_after_s or 0.0)
                self._again(replace(again, tries=job.tries + 1), now + pause)
            case _:
                return FAILED
        return None

    def _count(self, job: Job, policy: Policy, error: FetchError) -> None:
        if policy in (Policy.RETRY, Policy.FAIL, Policy.ALONE):
            image = "" if policy is Policy.RETRY else job.sheet.image_ids[0]
            self._breaker.note(failed=True, image=image)
        elif policy in (Policy.SPLIT, Policy.REFUSE):
            alone = policy is Policy.SPLIT and len(job.sheet.chips) == 1
            self._breaker.note(failed=alone)
        if self.adaptive and self._breaker.tripped:
            last = f"{error.reason}: {error.detail}"
            self.stop("failing", f"{self._breaker}, at last with {last}")

    def _bears_retry(self, job: Job, now: float) -> bool:
        since = now if job.first_sent is None else job.first_sent
        return job.tries + 1 < TRIES and now - since < PATIENCE_S

    def _throttled(self, again: Job, error: FetchError, now: float) -> None:
        self._width.throttled(again.sent, now)
        self._pause.throttled(again.sent, now, error.retry_after_s)
        since = now if self._last_success is None else self._last_success
        if self._pause.until - since > PATIENCE_S:
            waited, ahead = now - since, self._pause.until - now
            told = f"no picture for {waited:.0f} s and {ahead:.0f} s more to wait"
            self.stop(error.reason, f"{error.detail}; {told}")
        self._again(again, self._pause.until)

    def _again(self, job: Job, due: float) -> None:
        if self.stopped is None:
            self._retried += 1
            heapq.heappush(self._retries, (due, self._retried, job))

    def _split(self, again: Job) -> None:
        # The first chip keeps counting: its request names the sheet's attempts too.
        first, *rest = (Sheet.of(chip) for chip in again.sheet.chips)
        if self.stopped is None:
            self._queue.extendleft(reversed([Job(sheet) for sheet in rest]))
            self._queue.appendleft(Job(first, attempt=again.attempt))


def backoff_s(job: Job) -> float:
    """A share of 1, 2, 4 ... 60 seconds that hangs on the request and the attempt."""
    seed = f"{job.sheet.chips[0].request_id}:{job.attempt}"
    share = int(hashlib.md5(seed.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    return share * min(LONGEST_S, 2.0**job.tries)
