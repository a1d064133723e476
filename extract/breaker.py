"""When a service fails so often that going on would only waste requests."""

from collections import Counter, deque

LAST = 200
FEWEST = 20
SHARE = 0.5
# An image that is gone fails all its chips, which says little of the service.
COUNTED_PER_IMAGE = 3


class Breaker:
    """Trips when half of the last attempts failed."""

    def __init__(self) -> None:
        """Whole."""
        self._failed: deque[bool] = deque(maxlen=LAST)
        self._by_image: Counter[str] = Counter()

    def note(self, failed: bool, image: str = "") -> None:
        """One attempt's end; `image` = what failed is that image, not the service."""
        if failed and image:
            self._by_image[image] += 1
            if self._by_image[image] > COUNTED_PER_IMAGE:
                return
        self._failed.append(failed)

    @property
    def tripped(self) -> bool:
        """Whether to stop; some attempts must have been made."""
        seen = len(self._failed)
        return seen >= FEWEST and sum(self._failed) >= SHARE * seen

    def __str__(self) -> str:
        return f"{sum(self._failed)} of the last {len(self._failed)} attempts failed"
