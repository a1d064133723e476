"""What goes wrong at the loopback server, when, and what it has seen."""

import hashlib
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

SETTLE_S = 0.2


class ServiceError(Exception):
    """An answer as the service refuses: HTTP code, message, status in capitals."""

    def __init__(self, code: int, message: str, status: str = "") -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(message)


@dataclass
class Weather:
    """What a test orders by POST /control; all of it is fine weather by default.

    `first` are the faults of the first requests, in order. `shares` are the parts of
    requests that meet a fault, told by a hash of the body, of how often it came, and
    of `seed`: so the same run meets the same faults in whatever order. A fault is one
    of 429, 500, 503, drop, break, truncate, slow, trickle, or {status, message}.
    """

    seed: int = 0
    latency_s: float = 0.0
    slow_s: float = 3.0
    where: str = "Pixels"
    first: list[Any] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    retry_after: str | None = None
    restricted: bool = False
    needs_token: bool = False
    token_refused: bool = False
    max_in_flight: int | None = None
    max_per_second: int | None = None

    def fault(self, path: str, body: bytes, times_seen: int, number: int) -> Any:
        """The fault of a request, if it meets one; `number` is 0 for the first."""
        if self.where not in path:
            return None
        if number < len(self.first):
            return self.first[number]
        for name, answer in self.images.items():
            if name in path or name.encode() in body:
                return answer
        text = f"{self.seed}|{path}|{times_seen}|".encode() + body
        draw = int.from_bytes(hashlib.sha256(text).digest()[:8]) / 2**64
        for name, share in self.shares.items():
            draw -= share
            if draw < 0:
                return name
        return None


class Arrivals:
    """Counts of requests; safe to call from several threads."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        self._paths: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._bodies: Counter[bytes] = Counter()
        self._served: Counter[bytes] = Counter()
        self._recent: deque[float] = deque()
        self._flying = self._peak = self._busiest = self._pixels = 0
        self._bytes = self._connections = 0
        self.last: dict[str, Any] = {}

    def connect(self) -> None:
        with self._counting:
            self._connections += 1

    def arrive(self, kind: str, key: bytes) -> tuple[int, int, int, int]:
        """Now in flight, in the last second, how often this came, its number."""
        now = time.monotonic()
        with self._counting:
            self._paths[kind] += 1
            if not kind.endswith("Pixels"):
                return 0, 0, 0, self._paths[kind] - 1
            self._recent.append(now)
            while self._recent[0] <= now - 1:
                self._recent.popleft()
            self._flying += 1
            self._peak = max(self._peak, self._flying)
            self._busiest = max(self._busiest, len(self._recent))
            self._bodies[key] += 1
            self._pixels += 1
            times = self._bodies[key]
            return self._flying, len(self._recent), times, self._pixels - 1

    def leave(self, kind: str, key: bytes, outcome: str, n_bytes: int) -> None:
        with self._counting:
            self._codes[outcome] += 1
            self._bytes += n_bytes
            if kind.endswith("Pixels"):
                self._flying -= 1
                self._served[key] += outcome == "200"

    def settle(self) -> None:
        """Wait a moment for what is in flight."""
        end = time.monotonic() + SETTLE_S
        while self._flying and time.monotonic() < end:
            time.sleep(0.001)

    def stats(self) -> dict[str, Any]:
        """What GET /stats answers; `duplicates` were answered well more than once."""
        with self._counting:
            return {
                "requests": self._paths.total(),
                "paths": dict(self._paths),
                "answers": dict(self._codes),
                "connections": self._connections,
                "in_flight": self._flying,
                "max_in_flight": self._peak,
                "max_in_a_second": self._busiest,
                "bytes": self._bytes,
                "distinct": len(self._bodies),
                "duplicates": sum(times > 1 for times in self._served.values()),
                "last": self.last,
            }
