"""Which of its captions a pair has in an epoch: columns mixed by weight."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from train.pairs import Pairs


class CaptionMix:
    """Chooses by the md5 of seed, epoch and pair, and by nothing that runs."""

    def __init__(self, pairs: Pairs, weights: Mapping[str, float], seed: int) -> None:
        self._columns = [
            (pairs.captions[name], weight)
            for name, weight in sorted(weights.items())
            if weight > 0
        ]
        self._seed = seed

    def __call__(self, epoch: int, place: int) -> str:
        """The caption of a pair; "" where no column with weight has one."""
        has = [(texts[place], w) for texts, w in self._columns if texts[place]]
        if len(has) < 2:
            return has[0][0] if has else ""
        left = fraction(f"caption {self._seed} {epoch} {place}") * sum(
            w for _, w in has
        )
        for text, weight in has:
            left -= weight
            if left < 0:
                return text
        return has[-1][0]


def fraction(text: str) -> float:
    """A number from 0 up to 1 that the text decides."""
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:7]) / (1 << 56)


def caption_id(text: str) -> int:
    """A 63-bit number; equal captions, and practically no others, have the same."""
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:8]) >> 1
