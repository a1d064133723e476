"""What a command did to a lake: runs/<run>/manifest.json and log.jsonl."""

import json
import os
import platform
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from skyloom import __version__
from skyloom.errors import SkyloomError
from skyloom.lake import Lake, command_line

Log = Callable[..., None]


@contextmanager
def recorded(lake: Lake) -> Iterator[Log]:
    """Record a command; the block calls `log(event, **values)` as it goes.

    Times stand here and in no table, so that the same inputs give the same bytes.
    """
    started = _now()
    folder = lake.root / "runs" / f"{started.strftime('%Y%m%dT%H%M%SZ')}-{os.getpid()}"
    folder.mkdir(parents=True)
    manifest: dict[str, Any] = {
        "command": command_line(),
        "skyloom": __version__,
        "python": platform.python_version(),
        "started": started.isoformat(),
    }

    def log(event: str, **values: Any) -> None:
        line = {"time": _now().isoformat(), "event": event, **values}
        with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    outcome = "interrupted"
    try:
        yield log
        outcome = "ok"
    except Exception as error:
        outcome = f"failed: {error}"
        if not isinstance(error, SkyloomError):
            log("defect", traceback=traceback.format_exc())
        raise
    finally:
        manifest |= {"ended": _now().isoformat(), "outcome": outcome}
        # A full disk may be why the command failed: that error must reach the user.
        try:
            (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
        except OSError:
            if outcome == "ok":
                raise


def _now() -> datetime:
    return datetime.now(UTC)
