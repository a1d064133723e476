"""Metadata that comes in one file, `metadata.jsonl` or `meta.json`, found by name.

Millions of records do not fit into memory, so they lie in a SQLite file meanwhile.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from threading import Lock

from load.skyscript_names import RECORD_FILES
from skyloom.errors import UsageError

MOST_BYTES = 2**28
"""Of a `meta.json`, which is read whole."""


class Records:
    """Records by the name of their image; safe to ask from several threads."""

    def __init__(self, con: sqlite3.Connection, digest: str) -> None:
        self._con, self._lock = con, Lock()
        self.digest = digest

    def find(self, name: str) -> object | None:
        """The record of an image, or None."""
        with self._lock:
            row = self._con.execute(
                "select record from records where name = ?", (name,)
            ).fetchone()
        return json.loads(row[0]) if row else None


@contextmanager
def open_records(folder: Path, scratch: Path) -> Iterator[Records]:
    """The records of a folder's files, if it has any.

    Raises:
        UsageError: a file of records is no JSON, or too large to be read whole.
    """
    scratch.unlink(missing_ok=True)
    con = sqlite3.connect(scratch, check_same_thread=False)
    digest = hashlib.sha256()
    try:
        con.execute("create table records (name text primary key, record text)")
        for name in RECORD_FILES:
            file = folder / name
            if file.is_file():
                con.executemany(
                    "insert or ignore into records values (?, ?)", _records(file)
                )
                with file.open("rb") as opened:
                    digest.update(hashlib.file_digest(opened, "sha256").digest())
        con.commit()
        yield Records(con, digest.hexdigest())
    finally:
        con.close()
        scratch.unlink(missing_ok=True)


def _records(file: Path) -> Iterator[tuple[str, str]]:
    if file.suffix == ".jsonl":
        yield from _lines(file)
        return
    if file.stat().st_size > MOST_BYTES:
        raise UsageError(
            "too large to be read whole",
            where=str(file),
            remedy="write it as metadata.jsonl, a record with a `filepath` a line",
        )
    try:
        records = json.loads(file.read_bytes())
        items = list(records.items())
    except (ValueError, RecursionError, AttributeError):
        raise UsageError("no JSON object of records by name", where=str(file)) from None
    for name, record in items:
        yield name, json.dumps(record)


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    with file.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                name = PurePosixPath(record["filepath"]).stem
            except (ValueError, RecursionError, KeyError, TypeError):
                raise UsageError(
                    "no JSON record with a `filepath`", where=f"{file}:{number}"
                ) from None
            yield name, line.decode()
