"""What a visitor asks in SQL: one SELECT over the published tables, within limits."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from skyloom import gate
from skyloom.duck import named
from skyloom.errors import UsageError

CELL_LETTERS = 500
DOWNLOAD_ROWS = 200_000
DOWNLOAD_BYTES = 200_000_000
GEOMETRY = "GEOMETRY"


@dataclass(frozen=True)
class Answer:
    """Rows as texts, cut at `CELL_LETTERS`; `more` says that rows were left out."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str | None, ...], ...]
    more: bool


def ask(con: duckdb.DuckDBPyConnection, sql: str, rows: int) -> Answer:
    """Run a query for the screen.

    Raises:
        UsageError: not one SELECT, or DuckDB refuses it.
    """
    sql = _one(sql)
    with _told():
        columns = _columns(con, sql)
        shown = (
            f"left(cast({_text(name, kind)} as varchar), {CELL_LETTERS})"
            for name, kind in columns
        )
        found = con.execute(
            f"select {', '.join(shown)} from (\n{sql}\n) limit {rows + 1}"
        ).fetchall()
        return Answer(columns, tuple(found[:rows]), len(found) > rows)


def as_csv(con: duckdb.DuckDBPyConnection, sql: str) -> bytes:
    """The answer as CSV; geometry is WKT, longitude first, lists and maps are texts.

    Raises:
        UsageError: not one SELECT, DuckDB refuses it, or it is too large.
    """
    table = _table(con, sql, lambda name, kind: f"cast({_text(name, kind)} as varchar)")
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(table, buffer)
    return buffer.getvalue()


def as_parquet(con: duckdb.DuckDBPyConnection, sql: str) -> bytes:
    """The answer as Parquet; geometry is WKB, longitude first.

    Raises:
        UsageError: not one SELECT, DuckDB refuses it, or it is too large.
    """
    table = _table(con, sql, _typed)
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _table(
    con: duckdb.DuckDBPyConnection, sql: str, written: Callable[[str, str], str]
) -> pa.Table:
    """The whole answer, each column as `written` says of its name and type."""
    sql = _one(sql)
    with _told():
        columns = (
            f"{written(name, kind)} as {named(name)}"
            for name, kind in _columns(con, sql)
        )
        return _bounded(con, f"select {', '.join(columns)} from (\n{sql}\n)")


def _one(sql: str) -> str:
    """The query without the semicolon that may end it."""
    return sql.strip().removesuffix(";")


def _columns(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[tuple[str, str], ...]:
    _check(con, sql)
    inside = f"select * from (\n{sql}\n) limit 0"
    # What closes the brackets early would be another statement than the one judged.
    _check(con, inside)
    found = con.execute(inside).description or ()
    return tuple((str(name), str(kind)) for name, kind, *_ in found)


def _check(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    if "\0" in sql:
        raise UsageError("a query holds no NUL")
    gate.one_select(con, sql)


def _bounded(con: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    reader = con.execute(f"{query} limit {DOWNLOAD_ROWS + 1}").to_arrow_reader()
    batches, rows, size = [], 0, 0
    for batch in reader:
        batches.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows > DOWNLOAD_ROWS or size > DOWNLOAD_BYTES:
            raise UsageError(
                f"a download has at most {DOWNLOAD_ROWS:,} rows "
                f"and {DOWNLOAD_BYTES // 1_000_000} MB",
                remedy="add a limit, or ask with `skyloom query --out FILE`",
            )
    return pa.Table.from_batches(batches, reader.schema)


def _text(name: str, kind: str) -> str:
    return f"st_astext({named(name)})" if kind.startswith(GEOMETRY) else named(name)


def _typed(name: str, kind: str) -> str:
    plain = named(name)
    return f"st_aswkb({plain})::blob" if kind.startswith(GEOMETRY) else plain


@contextmanager
def _told() -> Iterator[None]:
    """DuckDB's refusals in words."""
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(f"the query failed: {error}") from None
