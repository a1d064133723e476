"""The one place that opens DuckDB with the spatial extension loaded."""

import importlib.util
from pathlib import Path

import duckdb

from skyloom.errors import SkyloomError

EXTENSION = "spatial"


def ensure_spatial() -> None:
    """Install the spatial extension, as `ensure` does.

    Afterwards `install spatial` and `load spatial` work without a network, also
    inside dbt and QuackOSM.
    """
    ensure(EXTENSION, remedy="run `make setup`, which brings it as a wheel")


def ensure(extension: str, *, remedy: str) -> None:
    """Install an extension of DuckDB from its wheel, once per home directory.

    Without the wheel, DuckDB's own download is used.

    Raises:
        SkyloomError: neither the wheel nor a download gives the extension.
    """
    with duckdb.connect() as con:
        # No parameter: to bind one, DuckDB's client imports pandas, for two seconds.
        row = con.execute(
            "select installed from duckdb_extensions() "
            f"where extension_name = '{extension}'"
        ).fetchone()
        if row and row[0]:
            return
        wheel = _wheel_file(extension)
        try:
            con.execute(f"install '{wheel}'" if wheel else f"install {extension}")
        except duckdb.Error as error:
            raise SkyloomError(
                f"DuckDB's {extension} extension could not be installed ({error})",
                remedy=remedy,
            ) from None


def _wheel_file(extension: str) -> Path | None:
    spec = importlib.util.find_spec(f"duckdb_extension_{extension}")
    if spec is None or spec.origin is None:
        return None
    # The engine refuses an extension built for any other version of itself.
    folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
    file = folder / f"{extension}.duckdb_extension"
    return file if file.exists() else None


def connect(
    database: Path | str = ":memory:",
    *,
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_directory: Path | None = None,
    read_only: bool = False,
) -> duckdb.DuckDBPyConnection:
    """Open a database with spatial loaded.

    `memory_limit` is in DuckDB's words ("4GB"); what does not fit spills into
    `temp_directory`.
    """
    config: dict[str, str | bool | int | float | list[str]] = {}
    if threads:
        config["threads"] = threads
    if memory_limit:
        config["memory_limit"] = memory_limit
    if temp_directory:
        config["temp_directory"] = str(temp_directory)
    con = duckdb.connect(str(database), read_only=read_only, config=config)
    try:
        con.execute(f"load {EXTENSION}")
    except duckdb.Error:
        ensure_spatial()
        con.execute(f"load {EXTENSION}")
    # A progress bar of DuckDB's own would be drawn across ours.
    con.execute("set enable_progress_bar = false")
    return con


def memory_limit(con: duckdb.DuckDBPyConnection) -> int:
    """The connection's memory limit in bytes."""
    row = con.execute(
        "select parse_formatted_bytes(current_setting('memory_limit'))"
    ).fetchone()
    return int(row[0]) if row else 0


def quoted(text: str | Path) -> str:
    """A SQL string literal for places where DuckDB takes no parameter."""
    return "'" + str(text).replace("'", "''") + "'"


def named(column: str) -> str:
    """A column's name as SQL, whatever stands in it."""
    return '"' + column.replace('"', '""') + '"'


if __name__ == "__main__":
    ensure_spatial()
