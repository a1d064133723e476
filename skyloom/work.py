"""A command at work on a lake: locked, recorded, and tidy when it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skyloom.errors import SkyloomError
from skyloom.lake import MARKER, Lake, command_line
from skyloom.raw_tables import SNAPSHOTS
from skyloom.runs import Log, recorded


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
