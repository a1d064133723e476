"""How fast a service is asked: the spacing of requests, how many at a time, pauses.

Times are seconds of any one clock; nothing here reads a clock or sleeps.
"""

# Of the quota. A token bucket of one: requests are spaced, not sent in bursts.
SHARE = 0.95
START = 4
LONGEST_S = 60.0


class Bucket:
    """Spaces requests so that no sliding second holds more of them than the quota."""

    def __init__(self, per_second: float | None) -> None:
        """`per_second` is the quota; None = as fast as it goes."""
        self._spacing = 1 / (per_second * SHARE) if per_second else 0.0
        # A request sent late may be made up for, within half of what the share spares.
        spare = ((1 - SHARE) * per_second - 1) * self._spacing if per_second else 0.0
        self._slack = max(0.0, spare) / 2
        self.ready_at = 0.0

    def take(self, now: float) -> None:
        """Note a request that is sent; not before `ready_at`."""
        self.ready_at = max(self.ready_at, now - self._slack) + self._spacing


class Width:
    """How many requests are in flight: one more after a round, half when throttled."""

    def __init__(self, most: int, start: int = START) -> None:
        """Never above `most`."""
        self._most = most
        self.size = min(start, most)
        self._well = 0
        self._cut_at = 0.0

    def succeeded(self) -> None:
        """A request came back with what was asked."""
        self._well += 1
        if self._well >= self.size:
            self.size = min(self._most, self.size + 1)
            self._well = 0

    def throttled(self, sent: float, now: float) -> None:
        """Halve, once for all requests that were in flight together."""
        if sent < self._cut_at:
            return
        self.size = max(1, self.size // 2)
        self._well = 0
        self._cut_at = now


class Pause:
    """How long a service is left alone; longer with each throttling in a row."""

    def __init__(self) -> None:
        """No pause."""
        self.until = 0.0
        self._in_a_row = 0
        self._since = 0.0

    def throttled(self, sent: float, now: float, retry_after_s: float | None) -> None:
        """As long as the service asks for, else 1, 2, 4 ... 60 seconds."""
        if sent >= self._since:
            self._in_a_row += 1
            self._since = now
        wait = min(LONGEST_S, 2.0 ** min(self._in_a_row - 1, 10))
        self.until = max(self.until, now + (retry_after_s or wait))

    def succeeded(self, sent: float) -> None:
        """A request that was sent since the last throttling came back."""
        if sent >= self._since:
            self._in_a_row = 0
