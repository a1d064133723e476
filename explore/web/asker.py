"""Visitors' SQL runs in a process of its own, which a limit can end.

DuckDB's memory limit does not count one very long string or list, and a single
expression is not interrupted. So the process has a limit of the system's, and is killed
when time is up. It knows no setting and no secret of this one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from explore.web.asked import Answer
from skyloom.errors import SkyloomError, UsageError

CHECKOUT = Path(__file__).parents[2]
KEPT = ("PATH", "HOME", "LANG", "TZ", "LD_LIBRARY_PATH")
# What a process needs beside DuckDB's own memory, in bytes: code, threads, the answer.
ROOM = 1_500_000_000
Form = Literal["screen", "csv", "parquet"]


class TooMuchError(UsageError):
    """A query needed more time or memory than a visitor has."""


@dataclass(frozen=True)
class Order:
    """One query; `files` are the tables' files by name, `memory` is in bytes."""

    sql: str
    form: Form
    rows: int
    files: dict[str, str]
    memory: int = 1_000_000_000
    threads: int = 2


class Asker:
    """Runs one query in each process; a spare one waits, so that none starts late."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._lock = threading.Lock()
        self._spare: subprocess.Popen[bytes] | None = None

    def screen(self, order: Order, timeout_s: float) -> Answer:
        """The first rows, as texts.

        Raises:
            UsageError: DuckDB refuses the query, or it needs too much.
        """
        told = json.loads(self.file(order, timeout_s))
        return Answer(
            tuple((name, kind) for name, kind in told["columns"]),
            tuple(tuple(row) for row in told["rows"]),
            told["more"],
        )

    def file(self, order: Order, timeout_s: float) -> bytes:
        """The answer in the form that was ordered.

        Raises:
            UsageError: DuckDB refuses the query, or it needs too much.
        """
        process = self._take()
        try:
            answer, _ = process.communicate(
                json.dumps(asdict(order)).encode(), timeout_s
            )
        except subprocess.TimeoutExpired:
            raise TooMuchError(
                f"the answer took longer than {timeout_s:g} s and was stopped",
                remedy="ask for less, or with `skyloom query`",
            ) from None
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            raise TooMuchError(
                "the query needed more memory than a visitor has",
                remedy="ask for less, or with `skyloom query`",
            )
        verdict, _, content = answer.partition(b"\n")
        if verdict != b"ok":
            raise UsageError(content.decode("utf-8", "replace"))
        return content

    def warm(self) -> None:
        """Have a process wait for the next query."""
        with self._lock:
            if self._spare is None or self._spare.poll() is not None:
                self._spare = _start()

    def close(self) -> None:
        """End the process that waits."""
        with self._lock:
            if self._spare is not None:
                self._spare.kill()
                self._spare.communicate()
            self._spare = None

    def _take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            spare, self._spare = self._spare, None
        ready = spare if spare is not None and spare.poll() is None else _start()
        self.warm()
        return ready


def _start() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "explore.web.asked_apart"],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise SkyloomError(f"no process could be started ({error.strerror})") from None
