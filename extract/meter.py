"""What a person sees of a run while it works."""

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from extract.ledger import REJECTED, Entry

LAST = 500
SHOWN = 4


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them do not exceed."""
    return sorted_values[max(0, math.ceil(share * len(sorted_values)) - 1)]


def latency(values: Iterable[float]) -> str:
    """Half of the requests and nearly all took at most this long."""
    ordered = sorted(values)
    if not ordered:
        return ""
    half, nearly = percentile(ordered, 0.5), percentile(ordered, 0.95)
    return f"p50 {half:.2f} s, p95 {nearly:.2f} s"


class Meter:
    """Latency of the last requests, throttlings, and refusals by reason."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._latencies: deque[float] = deque(maxlen=LAST)
        self._refused: Counter[str] = Counter()
        self._throttles = 0

    def attempt(self, elapsed_s: float, reason: str | None) -> None:
        """One request's end."""
        self._latencies.append(elapsed_s)
        self._throttles += reason == "throttled"

    def chips(self, entries: Iterable[Entry]) -> None:
        """Chips that have got their row."""
        for entry in entries:
            if entry.status == REJECTED:
                self._refused[str(entry.reason)] += 1

    def note(self, in_flight: int) -> str:
        """One line's worth; the most frequent refusals alone."""
        refused = sorted(self._refused.items(), key=lambda one: (-one[1], one[0]))
        parts = [f"{in_flight} in flight", latency(self._latencies)]
        parts += [f"{self._throttles} throttled"] if self._throttles else []
        parts += [f"{count} {reason}" for reason, count in refused[:SHOWN]]
        return ", ".join(filter(None, parts))
