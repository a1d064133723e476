"""Files of rows that a user names: Parquet or CSV by their suffix."""

from pathlib import Path

import duckdb

from skyloom.duck import quoted
from skyloom.errors import SkyloomError, UsageError

SUFFIXES = (".parquet", ".csv")


def check_suffix(path: Path) -> None:
    """Refuse a file that rows cannot be written to.

    Raises:
        UsageError: the suffix is another than SUFFIXES.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            "rows cannot be written to such a file",
            where=str(path),
            remedy=f"let its name end in {' or '.join(SUFFIXES)}",
        )


def part_of(path: Path) -> Path:
    """Where a file is written before it is whole."""
    return path.with_name(f".{path.name}.part")


def write_csv(con: duckdb.DuckDBPyConnection, select: str, path: Path) -> int:
    """Write a query's rows, whole or not at all, and return how many there are.

    Raises:
        SkyloomError: the file could not be written.
    """
    return copy_whole(con, select, path, "format csv, header")


def write_json(con: duckdb.DuckDBPyConnection, select: str, path: Path) -> int:
    """Write a query's rows as one JSON array; otherwise as `write_csv`."""
    return copy_whole(con, select, path, "format json, array true")


def copy_whole(
    con: duckdb.DuckDBPyConnection, select: str, path: Path, options: str
) -> int:
    """Copy a query's rows to a file that appears whole or not at all.

    `options` are those of DuckDB's COPY. Returns how many rows there are.

    Raises:
        SkyloomError: the file could not be written, for instance on a full disk.
    """
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        row = con.execute(f"copy ({select}) to {quoted(part)} ({options})").fetchone()
        part.replace(path)
    except (duckdb.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise SkyloomError(
            f"could not be written ({str(error).splitlines()[0]})",
            where=str(path),
            remedy="free some space or check the permissions, then run again",
        ) from None
    return int(row[0]) if row else 0
