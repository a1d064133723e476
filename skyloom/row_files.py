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


def write_csv(con: duckdb.DuckDBPyConnection, select: str, path: Path) -> int:
    """Write a query's rows, whole or not at all, and return how many there are.

    Raises:
        SkyloomError: the file could not be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        row = con.execute(
            f"copy ({select}) to {quoted(part)} (format csv, header)"
        ).fetchone()
        part.replace(path)
    except (duckdb.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise SkyloomError(
            f"could not be written ({str(error).splitlines()[0]})", where=str(path)
        ) from None
    return int(row[0]) if row else 0
