"""What dbt-duckdb calls before it connects, so that bare `dbt build` works alone."""

import contextlib
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from skyloom.duck import ensure_spatial
from skyloom.lake import Lake

# Holds the lake's lock until the process ends.
_until_exit = contextlib.ExitStack()


class Plugin(BasePlugin):
    """Installs spatial, makes the lake where there is none, and takes its lock."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Run before `duckdb.connect`; `creds.path` is the lake's warehouse."""
        ensure_spatial()
        lake = Lake.open(Path(creds.path).parent, create=True)
        _until_exit.enter_context(lake.lock("dbt"))
