"""The loop that sends sheets to their services and records what comes back."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from extract.attempts import Attempt, plain_detail, stamp
from extract.crew import Crew, Landed
from extract.ledger import Entry, Journal
from extract.maker import ChipMaker
from extract.meter import Meter
from extract.routes import Routes
from skyloom.errors import SkyloomError
from skyloom.progress import Step, say

# What is under way when a run is stopped may still land.
GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Guards:
    """What a run may spend at services; None = as much as it takes."""

    max_requests: int | None = None
    max_bytes: int | None = None


class Dispatcher:
    """Owns the state of a run; all of it changes on the thread that calls `run`."""

    def __init__(
        self,
        maker: ChipMaker,
        journal: Journal,
        crew: Crew,
        ways: Routes,
        guards: Guards,
        step: Step,
    ) -> None:
        """`ways` has what is to be sent, already queued."""
        self.counts: Counter[str] = Counter()
        self._maker, self._journal, self._crew = maker, journal, crew
        self._lanes, self._lane_of, self._probes = ways.lanes, ways.lane_of, ways.probes
        self._guards, self._step, self._meter = guards, step, Meter()
        self._batch: list[Landed] = []
        self._flying = self._n_requests = self._n_bytes = 0

    @property
    def stopped(self) -> tuple[tuple[str, str, str], ...]:
        """Why what is left was left: service, reason, detail."""
        return tuple(
            (lane.name, lane.stopped[0], plain_detail(lane.stopped[1]))
            for _, lane in sorted(self._lanes.items())
            if lane.stopped
        )

    def run(self) -> None:
        """Work until nothing waits and nothing is under way.

        Raises:
            SkyloomError: a chip or the journal could not be written.
            KeyboardInterrupt: the user stopped it; what landed soon is recorded.
        """
        try:
            while True:
                until = self._send()
                if until is None and not self._flying:
                    return
                self._batch = self._crew.landed(until)
                self._record()
        except BaseException:
            self._last_landings()
            raise

    def _send(self) -> float | None:
        """Start what may start; when there will be more to start."""
        wakes = []
        for lane in self._lanes.values():
            while lane.waits:
                if lane.adaptive and (spent := self._spent()):
                    lane.stop(spent, "the run has used what it was given")
                    break
                now, wake = self._crew.now(), lane.wake_at()
                if wake is None:
                    break
                if wake > now:
                    wakes.append(wake)
                    break
                job = lane.take(now)
                self._crew.start(lane.name, job, self._maker.make, lane.threads)
                self._flying += 1
                self._n_requests += lane.adaptive
        return min(wakes, default=None)

    def _spent(self) -> str | None:
        """The guard that stops the run, if one does."""
        most = self._guards
        if most.max_requests is not None and self._n_requests >= most.max_requests:
            return "max_requests"
        if most.max_bytes is not None and self._n_bytes >= most.max_bytes:
            return "max_bytes"
        return None

    def _record(self, *, last: bool = False) -> None:
        """Write a batch through to the disk; only then are its slots free."""
        done = [one for one in self._batch if one.crash is None]
        entries = [entry for one in done for entry in self._entries(one)]
        if done:
            self._journal.append(entries, [self._attempt(one) for one in done])
        crashes = [one.crash for one in self._batch if one.crash]
        landed, self._batch = self._batch, []
        for one in landed:
            self._lanes[one.lane].free()
            self._flying -= 1
        self._tell(done, entries)
        if crashes and not last:
            raise crashes[0]

    def _entries(self, one: Landed) -> Sequence[Entry]:
        lane, now, error = self._lanes[one.lane], self._crew.now(), one.made.error
        if error is None:
            lane.succeeded(one.job, now)
            return one.made.entries
        status = lane.failed(one.job, error, now)
        if status is None:
            return ()
        return [
            self._maker.entry(chip, status, error.reason, error.detail)
            for chip in one.job.sheet.chips
        ]

    def _attempt(self, one: Landed) -> Attempt:
        sheet, error = one.job.sheet, one.made.error
        return Attempt(
            request_id=sheet.chips[0].request_id,
            source=sheet.source,
            run=self._journal.run,
            attempt=one.job.attempt,
            n_chips=len(sheet.chips),
            reason=error.reason if error else None,
            detail=plain_detail(error.detail) if error else None,
            http_status=error.http_status if error else None,
            elapsed_ms=round(one.elapsed_s * 1000),
            n_bytes=one.made.n_bytes,
            started=stamp(one.started),
        )

    def _tell(self, done: Sequence[Landed], entries: Sequence[Entry]) -> None:
        self.counts.update(entry.status for entry in entries)
        self._meter.chips(entries)
        for one in done:
            error = one.made.error
            self._n_bytes += one.made.n_bytes
            self._meter.attempt(one.elapsed_s, error.reason if error else None)
            if probe := self._probes.get(one.job.sheet.source):
                probe.attempt(one.elapsed_s, one.made.n_bytes)
        self._step(len(entries), 0, self._meter.note(self._flying))
        for source, probe in list(self._probes.items()):
            probe.chips(entry for entry in entries if entry.source == source)
            if probe.done:
                say(probe.line())
                self._lanes[self._lane_of[source]].add(probe.held)
                del self._probes[source]

    def _last_landings(self) -> None:
        """Record what lands soon; on a full disk there is no more to do."""
        until = self._crew.now() + GRACE_S
        with suppress(SkyloomError):
            self._record(last=True)
            while self._flying and self._crew.now() < until:
                self._batch = self._crew.landed(until)
                self._record(last=True)
