"""One share of a fetch that several machines divide, and how all are gathered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from extract import attempts, ledger
from extract.chips import ChipRequest, Limits
from skyloom.errors import UsageError
from skyloom.lake import Lake, command_line
from skyloom.shards.place import homes


@dataclass(frozen=True, slots=True)
class Share:
    """Share `number` of `count`; its journal and ledger lie in the lake `home`."""

    home: Lake
    number: int = 1
    count: int = 1

    @property
    def is_part(self) -> bool:
        """Whether others fetch at the same time."""
        return self.count > 1

    def of(self, planned: Sequence[ChipRequest]) -> Sequence[ChipRequest]:
        """Its chips: neighbours in the order of reading, so that blocks are shared."""
        ends = (self.number - 1, self.number)
        first, end = (len(planned) * end // self.count for end in ends)
        return planned[first:end]

    @contextmanager
    def at_work(self, lake: Lake) -> Iterator[None]:
        """Hold the lake's lock: alone, or with other shares and the folder's own."""
        with (
            lake.lock(command_line(), shared=self.is_part),
            self.home.lock(command_line()),
        ):
            yield

    def limited(self, limits: Limits) -> Limits:
        """Its part of what a service allows a project: all shares together keep it.

        Whole requests a second: of each fraction, every share would send one more.

        Raises:
            UsageError: there are more shares than requests allowed.
        """
        if not self.is_part:
            return limits
        rate = limits.per_second
        if min(limits.in_flight, rate or limits.in_flight) < self.count:
            raise UsageError(
                f"{limits.service} allows fewer requests than there are shares "
                f"({limits.in_flight} at a time, {rate or 'any number'} a second)",
                remedy="divide the fetch into fewer",
            )
        return replace(
            limits,
            in_flight=limits.in_flight // self.count,
            per_second=None if rate is None else float(rate // self.count),
        )


def gather(lake: Lake) -> int:
    """Move what the shares have recorded into the lake; returns how many rows came.

    Call it with the lake's lock held, which no share works under. Killed in between,
    it goes on from there.
    """
    gathered = 0
    for home in homes(lake):
        rows = ledger.compact(home)
        if rows.is_empty():
            continue
        attempts.move(home, lake)
        ledger.add(lake, rows)
        ledger.forget(home)
        gathered += rows.height
    return gathered
