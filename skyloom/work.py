"""A command at work on a lake: by its flags, locked, recorded, tidy when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyloom.errors import SkyloomError
from skyloom.lake import MARKER, Lake, command_line
from skyloom.raw_tables import SNAPSHOTS
from skyloom.runs import Log, recorded

if TYPE_CHECKING:
    from skyloom.settings import Settings


@dataclass(frozen=True)
class Job:
    """How a command works: the flags that go before lake.toml."""

    variables: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None
    workers: int | None = None
    memory_limit: str | None = None

    def settings(self, lake: Lake | None) -> Settings:
        """The settings that hold, read at the edge."""
        from skyloom.settings import read_settings

        return read_settings(
            lake,
            threads=self.threads,
            workers=self.workers,
            memory_limit=self.memory_limit,
        )


@contextmanager
def at_work(folder: Path, *, create: bool = False) -> Iterator[tuple[Lake, Log]]:
    """Open a lake for writing; the block gets it and the log of its run.

    A lake that a failed command made and loaded nothing into is taken away again.
    """
    folder = folder.expanduser()
    is_new, had_folder = not (folder / MARKER).exists(), folder.exists()
    lake = Lake.open(folder, create=create)
    with lake.lock(command_line()):
        try:
            with recorded(lake) as log:
                yield lake, log
        except SkyloomError:
            loaded = len(lake.files(SNAPSHOTS)) > 1 or lake.images.exists()
            if is_new and not loaded:
                lake.unmake(keep_root=had_folder)
            raise
