"""A source's first chips, fetched before the rest, to see what the rest will cost."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from extract.chips import ChipRequest, Sheet
from extract.ledger import OK, Entry
from extract.meter import latency


def split(
    requests: Sequence[ChipRequest], n_chips: int
) -> tuple[list[ChipRequest], list[ChipRequest]]:
    """The chips to ask for first, spread over all, and the rest; both keep the order.

    A request's id is a digest, so that the least ids lie anywhere.
    """
    least = sorted(request.request_id for request in requests)[:n_chips]
    first = set(least)
    return (
        [request for request in requests if request.request_id in first],
        [request for request in requests if request.request_id not in first],
    )


@dataclass(slots=True)
class Probe:
    """What the first chips of a source have told; `held` are the sheets of the rest."""

    source: str
    waiting: set[str]
    held: Sequence[Sheet] = ()
    _latencies: list[float] = field(default_factory=list)
    _refused: Counter[str] = field(default_factory=Counter)
    _valid: list[float] = field(default_factory=list)
    _n_bytes: int = 0
    _n_ok: int = 0
    _n_chips: int = 0

    def attempt(self, elapsed_s: float, n_bytes: int) -> None:
        """One request's end."""
        self._latencies.append(elapsed_s)
        self._n_bytes += n_bytes

    def chips(self, entries: Iterable[Entry]) -> None:
        """Chips that have got their row."""
        for entry in entries:
            if entry.request_id not in self.waiting:
                continue
            self.waiting.discard(entry.request_id)
            self._n_chips += 1
            self._n_ok += entry.status == OK
            if entry.valid_fraction is not None:
                self._valid.append(entry.valid_fraction)
            if entry.reason:
                self._refused[entry.reason] += 1

    @property
    def done(self) -> bool:
        """Whether all of its chips have got their row."""
        return not self.waiting

    def line(self) -> str:
        """What a person should know before the rest is fetched."""
        parts = [latency(self._latencies)]
        parts.append(f"{self._n_bytes / max(1, self._n_chips) / 1000:.0f} kB a chip")
        if self._valid:
            share = sum(self._valid) / len(self._valid)
            parts.append(f"{share:.1%} of the pixels valid")
        parts.append(f"{self._n_ok} kept")
        refused = sorted(self._refused.items(), key=lambda one: (-one[1], one[0]))
        parts += [f"{count} {reason}" for reason, count in refused]
        return f"{self.source}: a probe of {self._n_chips} chips: {', '.join(parts)}"
