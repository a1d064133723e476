"""The gate before SQL that a user typed: one SELECT, and no file but those named.

Files are allowed one by one: DuckDB lets `..` in a URL out of an allowed directory.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from skyloom.duck import quoted
from skyloom.errors import UsageError

ANSWER = "answer"


def ask(
    con: duckdb.DuckDBPyConnection,
    sql: str,
    files: Iterable[str | Path],
    parameters: Mapping[str, str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Run one statement that a user typed, able to read the files and no more.

    The connection stays locked.

    Raises:
        UsageError: not a single SELECT, or DuckDB refuses it.
    """
    try:
        statement = one_select(con, sql)
        lock(con, files)
        return con.execute(statement, dict(parameters or {}) or None)
    except duckdb.Error as error:
        raise UsageError(f"the query failed: {error}") from None


def ask_as_view(
    con: duckdb.DuckDBPyConnection,
    sql: str,
    files: Iterable[str | Path],
    *,
    into: Path,
) -> None:
    """Make the answer the view ANSWER, which may be copied to one file only.

    Raises:
        UsageError: as for `ask`; faults that only rows show come when it is copied.
    """
    try:
        statement = one_select(con, sql)
        lock(con, [*files, into])
        con.sql(statement).create_view(ANSWER)
    except duckdb.Error as error:
        raise UsageError(f"the query failed: {error}") from None


def one_condition(where: str) -> str:
    """A condition that a user typed, fit to stand in a query.

    Raises:
        UsageError: it is more or less than one expression.
    """
    try:
        duckdb.SQLExpression(where)
    except duckdb.Error as error:
        raise UsageError(
            f"--where is not one condition ({error})",
            remedy="like --where \"split = 'train' and gsd_m < 1\"",
        ) from None
    # Lines of its own: a comment in it cannot swallow what follows.
    return f"(\n{where}\n)"


def one_select(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """What a user typed, judged before it runs.

    Raises:
        UsageError: not a single SELECT.
        duckdb.Error: DuckDB cannot read it.
    """
    statements = con.extract_statements(sql)
    if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
        raise UsageError("a query is one SELECT statement")
    return statements[0]


def lock(con: duckdb.DuckDBPyConnection, files: Iterable[str | Path]) -> None:
    """From here on a database reads the files, and nothing else; not to be undone."""
    listed = ", ".join(quoted(file) for file in files)
    con.execute(f"set allowed_paths = [{listed}]")
    # A name that is no table is no variable of this program either.
    con.execute("set python_enable_replacements = false")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
