"""Publishing: the last step of `dbt build`, from warehouse tables to the catalog."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from skyloom import geoparquet
from skyloom.catalog import POINTER, VIEWS, write_views
from skyloom.history import remember_run
from skyloom.lake import Lake

DIGEST_LETTERS = 16
# What incremental models know their rows by; it says nothing to a reader.
FINGERPRINT = "fingerprint"
# Which inputs each current file was written from.
WRITTEN = "written.json"


def publish(
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, str],
    order_by: Mapping[str, str],
    made_from: Mapping[str, str],
) -> dict[str, Any]:
    """Write each relation as an immutable file and move the pointer last.

    `tables` maps a public name to its relation in the warehouse, `order_by` to the
    columns of its total order, `made_from` to a digest of its inputs where one is
    known: a table with the same digest as last time is not written again. Files are
    named by their bytes, so an unchanged table keeps its file, and a run is named by
    its files: unchanged tables, no new run. Each move of the pointer is one line of the
    history.
    """
    written = _written(lake)
    writer = hashlib.sha256(Path(geoparquet.__file__).read_bytes()).hexdigest()
    entries = []
    for name, relation in sorted(tables.items()):
        digest = made_from.get(name)
        inputs = f"{name} {digest} {order_by[name]} {writer}" if digest else ""
        entry = written.get(inputs)
        if entry is None:
            folder = lake.catalog / "files"
            entry = _publish_table(folder, con, name, relation, order_by[name])
            if inputs:
                written[inputs] = entry
        entries.append(entry)
    text = json.dumps({"tables": entries}, indent=1, sort_keys=True)
    run_id = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LETTERS]
    pointer = lake.catalog / POINTER
    unchanged = (
        pointer.is_file()
        and (lake.catalog / VIEWS).is_file()
        and (lake.catalog / "runs" / f"{run_id}.json").is_file()
        and pointer.read_text() == json.dumps({"run_id": run_id})
    )
    if not unchanged:
        _write(lake.catalog / "runs" / f"{run_id}.json", text)
        write_views(
            lake, {one["name"]: lake.catalog / "files" / one["file"] for one in entries}
        )
        # Before the pointer: what is current is always in the history.
        remember_run(lake.catalog, run_id)
        _write(pointer, json.dumps({"run_id": run_id}))
    kept = {inputs: entry for inputs, entry in written.items() if entry in entries}
    _write(lake.catalog / WRITTEN, json.dumps(kept, indent=1, sort_keys=True))
    return {"run_id": run_id, "changed": not unchanged, "tables": entries}


def _written(lake: Lake) -> dict[str, dict[str, Any]]:
    """The last run's files by the inputs that they were written from."""
    try:
        written = json.loads((lake.catalog / WRITTEN).read_text())
    except (OSError, ValueError):
        return {}
    files = lake.catalog / "files"
    return {
        inputs: entry
        for inputs, entry in written.items()
        if (files / entry["file"]).is_file()
    }


def _publish_table(
    folder: Path,
    con: duckdb.DuckDBPyConnection,
    name: str,
    relation: str,
    order_by: str,
) -> dict[str, Any]:
    draft = folder / f"{name}.draft"
    columns = f"columns(name -> name <> '{FINGERPRINT}')"
    query = f"select {columns} from {relation}"
    rows = geoparquet.write_parquet(con, query, draft, order_by=order_by)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    file = f"{name}-{digest[:DIGEST_LETTERS]}.parquet"
    draft.replace(folder / file)
    return {"name": name, "file": file, "sha256": digest, "rows": rows}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text)
    part.replace(path)
