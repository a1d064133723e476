"""Layout of bars, histograms and steps of axes; the templates draw them as SVG."""

from dataclasses import dataclass

from explore.figures import Tally, ValueCount

MOST_BINS = 14
PLOT_WIDTH, PLOT_HEIGHT, PLOT_TOP = 336.0, 104.0, 20.0
GAP = 3.0


@dataclass(frozen=True)
class Bar:
    """One line of a bar chart; shares are in percent of the longest bar."""

    label: str
    n: int
    share: float
    focus_share: float


@dataclass(frozen=True)
class Bin:
    """One column of a histogram, in the units of its view box."""

    label: str
    values: str
    n: int
    x: float
    y: float
    width: float
    height: float


def bars(tallies: tuple[Tally, ...]) -> tuple[Bar, ...]:
    """Bars in the order given, the longest one over the full width."""
    most = max((tally.n for tally in tallies), default=0)
    return tuple(
        Bar(
            tally.label,
            tally.n,
            round(100 * tally.n / most, 2),
            round(100 * tally.n_focus / most, 2),
        )
        for tally in tallies
    )


def histogram(counts: tuple[ValueCount, ...], *, per: int = 1) -> tuple[Bin, ...]:
    """Columns of equal width over whole numbers, at most `MOST_BINS`.

    With `per` the numbers are so many parts of one, and labelled as decimals.
    """
    if not counts:
        return ()
    low, high = min(c.value for c in counts), max(c.value for c in counts)
    step = bin_width(low, high)
    first = low // step
    totals = [0] * (high // step - first + 1)
    for count in counts:
        totals[count.value // step - first] += count.n
    width = min(PLOT_WIDTH / len(totals), PLOT_WIDTH / 4)
    most = max(max(totals), 1)
    return tuple(
        Bin(
            label=_label((first + i) * step, per),
            values=_span((first + i) * step, step, per),
            n=n,
            x=round(i * width + GAP / 2, 2),
            y=round(PLOT_TOP + PLOT_HEIGHT * (1 - n / most), 2),
            width=round(width - GAP, 2),
            height=round(PLOT_HEIGHT * n / most, 2),
        )
        for i, n in enumerate(totals)
    )


def bin_width(low: int, high: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... that needs at most `MOST_BINS` bins."""
    scale = 1
    while True:
        for digit in (1, 2, 5):
            step = digit * scale
            if high // step - low // step < MOST_BINS:
                return step
        scale *= 10


def ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Round numbers (1, 2 or 5 times a power of ten apart) between two bounds."""
    for exponent in range(-6, 4):
        for digit in (1, 2, 5):
            step = digit * 10.0**exponent
            first, last = -int(-low // step), int(high // step)
            if last - first < most:
                places = max(0, -exponent)
                return tuple(round(i * step, places) for i in range(first, last + 1))
    return ()


def _label(value: int, per: int) -> str:
    return f"{value:,}" if per == 1 else f"{value / per:.2f}"


def _span(start: int, step: int, per: int) -> str:
    if per > 1:
        return f"{_label(start, per)} to below {_label(start + step, per)}"
    return f"{start:,}" if step == 1 else f"{start:,} to {start + step - 1:,}"
