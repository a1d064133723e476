"""The order of pairs: one total order for each epoch, shared out over processes.

Where a training stands is one number, its step; whatever came before does not matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Item = tuple[int, int]


@dataclass(frozen=True)
class Order:
    """Steps of `global_batch` pairs; what is left over of an epoch is not seen in it.

    The parts of a step are numbered through the processes: process 0 has the first
    `accum` of them, process 1 the next.
    """

    pairs: int
    global_batch: int
    seed: int
    epochs: int
    world: int = 1
    rank: int = 0
    accum: int = 1

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in the pairs."""
        return self.pairs // self.global_batch

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.steps_per_epoch * self.epochs

    @property
    def part(self) -> int:
        """Pairs that one process computes at one time."""
        return self.global_batch // (self.world * self.accum)

    def permutation(self, epoch: int) -> NDArray[np.int64]:
        """The order of one epoch."""
        key = hashlib.sha256(f"order {self.seed} {epoch}".encode()).digest()[:16]
        # Raw numbers of a named generator do not change between versions of numpy.
        words = np.random.Philox(key=int.from_bytes(key)).random_raw(self.pairs)
        return np.argsort(words, kind="stable").astype(np.int64)

    def parts(self, start: int = 0, end: int | None = None) -> Iterator[list[Item]]:
        """(epoch, place) of this process's pairs, part by part, from a step on."""
        epoch, order = -1, np.empty(0, np.int64)
        for step in range(start, self.steps if end is None else end):
            now, within = divmod(step, self.steps_per_epoch)
            if now != epoch:
                epoch, order = now, self.permutation(now)
            first = within * self.global_batch + self.rank * self.part * self.accum
            for part in range(self.accum):
                begin = first + part * self.part
                yield [(epoch, int(p)) for p in order[begin : begin + self.part]]
