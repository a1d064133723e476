"""A few answers kept in memory, the oldest forgotten first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
Piece = TypeVar("Piece")


class Remembered(Generic[Answer]):
    """At most `most` answers by what was asked; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asked: Hashable) -> Answer | None:
        """The answer, if it is still known."""
        with self._lock:
            if asked in self._answers:
                self._answers.move_to_end(asked)
            return self._answers.get(asked)

    def keep(self, asked: Hashable, answer: Answer) -> Answer:
        """Remember an answer and give it back."""
        with self._lock:
            self._answers[asked] = answer
            self._answers.move_to_end(asked)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer


@dataclass(frozen=True)
class Held:
    """The remembered pieces of one thing, each of its own kind."""

    remembered: Remembered[Any]
    name: Hashable

    def get(self, piece: str, make: Callable[[], Piece]) -> Piece:
        """One of them, made where it is not remembered."""
        found: Piece | None = self.remembered.get((self.name, piece))
        if found is None:
            found = self.remembered.keep((self.name, piece), make())
        return found
