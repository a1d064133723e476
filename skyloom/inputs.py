"""Whether a build would find anything that the last one did not."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from skyloom import __version__
from skyloom.catalog import POINTER, VIEWS
from skyloom.lake import Lake
from skyloom.raw_tables import EMBEDDINGS, OBJECTS, RAW_TABLES, RawTable

RECORD = "built.json"
PROJECT_FILES = ("*.sql", "*.yml", "*.csv", "*.py")


def inputs_digest(
    lake: Lake,
    project: Path,
    variables: Mapping[str, Any],
    *,
    tables: Sequence[RawTable] = RAW_TABLES,
) -> str:
    """A digest of all that a build reads: rules, models, vars, raw tables, code."""
    digest = hashlib.sha256()
    about = [__version__, duckdb.__version__, dict(variables)]
    digest.update(json.dumps(about, sort_keys=True).encode())
    for name, content in _parts(lake, project, tables):
        digest.update(f"\0{name}\0".encode() + content)
    return digest.hexdigest()


def _parts(
    lake: Lake, project: Path, tables: Sequence[RawTable]
) -> Iterator[tuple[str, bytes]]:
    code = Path(__file__).parent
    trees = [(project, PROJECT_FILES), (code, ("*.py",))]
    for folder, patterns in trees:
        for file in sorted({f for p in patterns for f in folder.rglob(p)}):
            if not {"target", "logs"} & set(file.relative_to(folder).parts):
                yield str(file.relative_to(folder)), _sha256(file)
    for table in tables:
        for file in lake.files(table):
            name = str(file.relative_to(lake.root))
            # A snapshot never changes, and its own row holds the digest of its file;
            # a file of embeddings has its digest in its name.
            size = str(file.stat().st_size).encode()
            is_named = table in (OBJECTS, EMBEDDINGS)
            yield name, size if is_named else _sha256(file)


def _sha256(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def is_built(lake: Lake, digest: str) -> bool:
    """Whether the current run was built from these inputs."""
    record = lake.catalog / RECORD
    needed = (record, lake.warehouse, lake.catalog / VIEWS)
    if not all(file.is_file() for file in needed):
        return False
    try:
        return bool(json.loads(record.read_text()) == [digest, _current(lake)])
    except ValueError:
        return False


def remember(lake: Lake, digest: str) -> None:
    """Note that the current run was built from these inputs."""
    part = lake.catalog / f".{RECORD}.part"
    part.write_text(json.dumps([digest, _current(lake)]))
    part.replace(lake.catalog / RECORD)


def _current(lake: Lake) -> str:
    pointer = lake.catalog / POINTER
    return pointer.read_text() if pointer.is_file() else ""
