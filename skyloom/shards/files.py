"""What a shard has to say and what it has made, as files that never change."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from skyloom.geoparquet import write_parquet

DIGEST_LETTERS = 16


def write_files(
    folder: Path,
    group: str,
    con: duckdb.DuckDBPyConnection,
    queries: Mapping[str, str],
    order_by: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Write each query's rows below a shard's folder, and a list of the files last.

    Files are named by their bytes; those that `group` listed before and lists no more
    are taken away.
    """
    entries = []
    for name, query in sorted(queries.items()):
        draft = folder / group / f"{name}.draft"
        rows = write_parquet(con, query, draft, order_by=order_by[name])
        digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:DIGEST_LETTERS]
        file = draft.with_name(f"{name}-{digest}.parquet")
        draft.replace(file)
        entries.append({"name": name, "file": file.name, "rows": rows})
    listed = folder / f"{group}.json"
    part = listed.with_name(f".{listed.name}.part")
    part.write_text(json.dumps(entries, indent=1))
    part.replace(listed)
    current = {entry["file"] for entry in entries}
    for file in (folder / group).iterdir():
        if file.name not in current:
            file.unlink()
    return entries


def read_files(folder: Path, group: str) -> dict[str, Path]:
    """The files of a shard by the table that they hold rows of.

    Raises:
        OSError: the shard has listed none.
    """
    entries = json.loads((folder / f"{group}.json").read_text())
    return {entry["name"]: folder / group / entry["file"] for entry in entries}
