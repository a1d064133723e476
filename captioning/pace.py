"""How fast an endpoint is asked: a rate, and pauses that it asks for."""

from __future__ import annotations

import threading
import time


class StoppedError(Exception):
    """The work is to end: no more turns."""


class Pace:
    """Turns for several threads; none is handed out after `stop`."""

    def __init__(self, per_minute: float | None) -> None:
        """Without a rate only pauses count."""
        self._gap_s = 60 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._next = 0.0

    def wait(self) -> None:
        """Sleep until it is this thread's turn.

        Raises:
            StoppedError: there is none any more.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                if now >= self._next:
                    self._next = now + self._gap_s
                    break
                left = self._next - now
            self._sleep(left)
        self._sleep(0)

    def hold(self, seconds: float, *, everyone: bool) -> None:
        """Sleep, and let all others wait as long where `everyone` is to.

        Raises:
            StoppedError: meanwhile, or before.
        """
        if everyone:
            with self._lock:
                self._next = max(self._next, time.monotonic() + seconds)
        self._sleep(seconds)

    def stop(self) -> None:
        """Wake all who wait, and let none go on."""
        self._stopped.set()

    def _sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise StoppedError
