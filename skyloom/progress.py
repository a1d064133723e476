"""What a person sees on stderr while a command works: bars, or plain lines."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from skyloom.errors import printable

PLAIN_EVERY_S = 10.0
_quiet = False


class Step(Protocol):
    """Units done, how many of what is counted beside them, and what else to show."""

    def __call__(self, units: int, others: int = 0, note: str = "", /) -> None:  # noqa: D102
        ...


def be_quiet(quiet: bool) -> None:
    """Silence progress for the rest of the process; errors still speak."""
    global _quiet
    _quiet = quiet


def say(line: str) -> None:
    """One line of progress on stderr."""
    if not _quiet:
        print(printable(line), file=sys.stderr, flush=True)


@contextmanager
def track(
    title: str, total: int, *, unit: str = "", counted: str = ""
) -> Iterator[Step]:
    """Show work of a known size; the block calls the step with units done.

    On a terminal this is a bar with the time left, elsewhere a line now and then. With
    the unit "B" units are bytes, shown with their rate. The step's second argument
    adds to a count of something else, called `counted`; its third is text that stands
    behind the numbers.
    """
    if _quiet:
        yield lambda _, __=0, ___="": None
    elif sys.stderr.isatty():
        with _bar(title, total, unit, counted) as step:
            yield step
    else:
        yield _plain_lines(title, total, unit, counted)


@contextmanager
def _bar(title: str, total: int, unit: str, counted: str) -> Iterator[Step]:
    # Rich takes a tenth of a second to import, and pipes have no use for it.
    from rich import progress
    from rich.console import Console

    sizes = (
        (progress.DownloadColumn(), progress.TransferSpeedColumn())
        if unit == "B"
        else (progress.MofNCompleteColumn(),)
    )
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        *sizes,
        progress.TextColumn("{task.fields[note]}"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, note="")
        done = tally = 0
        start = time.monotonic()

        def step(units: int, others: int = 0, note: str = "", /) -> None:
            nonlocal done, tally
            done += units
            tally += others
            # A rate, where the rest of the line is for somebody who watches rates.
            rate = done / max(1e-9, time.monotonic() - start)
            parts = [_count(tally, counted), f"{rate:.1f}/s" if note else "", note]
            bar.update(task, advance=units, note=", ".join(filter(None, parts)))

        yield step


def _plain_lines(title: str, total: int, unit: str, counted: str) -> Step:
    done = tally = 0
    start = last = time.monotonic()

    def step(units: int, others: int = 0, note: str = "", /) -> None:
        nonlocal done, tally, last
        done += units
        tally += others
        now = time.monotonic()
        if done < total and now - last >= PLAIN_EVERY_S:
            last = now
            rate = done / max(1e-9, now - start)
            parts = [f"{title}: {_size(done, unit)} of {_size(total, unit)}"]
            parts += filter(None, [_count(tally, counted)])
            left = f"{(total - done) / rate:.0f} s left" if rate else "none yet"
            parts += [f"{_size(rate, unit)}/s", left, *filter(None, [note])]
            say(", ".join(parts))

    return step


def _size(units: float, unit: str) -> str:
    return f"{units / 1e6:.1f} MB" if unit == "B" else f"{units:.0f}"


def _count(tally: int, counted: str) -> str:
    return f"{tally:,} {counted}" if counted else ""
