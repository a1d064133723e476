"""What a person sees on stderr while a command works: bars, or plain lines."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

PLAIN_EVERY_S = 10.0
_quiet = False


def be_quiet(quiet: bool) -> None:
    """Silence progress for the rest of the process; errors still speak."""
    global _quiet
    _quiet = quiet


def say(line: str) -> None:
    """One line of progress on stderr."""
    if not _quiet:
        print(line, file=sys.stderr, flush=True)


@contextmanager
def track(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show work of a known size; the block calls the step with units done.

    On a terminal this is a bar with the time left, elsewhere a line now and then.
    """
    if _quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(title, total=total)
            yield lambda units: bar.advance(task, units)
    else:
        yield _plain_lines(title, total)


def _plain_lines(title: str, total: int) -> Callable[[int], None]:
    done, last = 0, time.monotonic()

    def step(units: int) -> None:
        nonlocal done, last
        done += units
        now = time.monotonic()
        if done < total and now - last >= PLAIN_EVERY_S:
            last = now
            say(f"{title}: {done} of {total}")

    return step
