"""What differs between two runs of a catalog: tables, rows and columns.

Files are named by their content, so a table whose file is the same in both runs is the
same and is not read. Rows are matched by the table's key as `table_columns` says it;
without a key they are counted as whole rows, and none as changed.
"""

from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from skyloom import duck
from skyloom.catalog_runs import Run
from skyloom.described import WORDS
from skyloom.duck import quoted
from skyloom.errors import SkyloomError
from skyloom.place import Place

Kinds = dict[str, str]

# A key's column may be null, which is then a value like any other.
BY_KEY = """
with older as (select {columns}, true as is_there from read_parquet({before})),

newer as (select {columns}, true as is_there from read_parquet({after}))

select
    count(*) filter (where older.is_there is null),
    count(*) filter (where newer.is_there is null),
    count(*) filter (where older.is_there and newer.is_there and ({differs}))
from older
full join newer on {same_key}
"""
AS_WHOLE = """
with older as (select {columns} from read_parquet({before})),

newer as (select {columns} from read_parquet({after}))

select
    (select count(*) from (from newer except all from older)),
    (select count(*) from (from older except all from newer)),
    null
"""


@dataclass(frozen=True)
class TableDifference:
    """A table whose file differs.

    `n_before`, `n_after`: rows, None where a run has no such table. `n_changed` is None
    where the key is not known. Rows are compared in the columns of one type in both
    runs; the other columns are in `columns_added`, `columns_lost`, `columns_retyped`.
    """

    table: str
    n_before: int | None
    n_after: int | None
    n_added: int | None = None
    n_removed: int | None = None
    n_changed: int | None = None
    key: tuple[str, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_lost: tuple[str, ...] = ()
    columns_retyped: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogDifference:
    """Two runs compared; `same` are the tables that share one file."""

    before: str
    after: str
    tables: tuple[TableDifference, ...]
    same: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """What machines read: plain values, ready for JSON."""
        return asdict(self)


def compare(place: Place, old: Run, new: Run) -> CatalogDifference:
    """Compare the tables of two runs.

    Raises:
        SkyloomError: a file of a run is gone or cannot be read.
    """
    names = sorted(old.files.keys() | new.files.keys())
    same = [name for name in names if old.files.get(name) == new.files.get(name)]
    con = place.con or duck.connect()
    try:
        keys = _keys(con, place, new) or _keys(con, place, old)
        tables = tuple(
            _difference(con, place, old, new, name, keys.get(name, ()))
            for name in names
            if name not in same
        )
    except duckdb.Error as error:
        raise SkyloomError(
            f"the runs cannot be compared ({str(error).splitlines()[0]})",
            where=place.base,
            remedy="compare other runs",
        ) from None
    return CatalogDifference(old.run_id, new.run_id, tables, tuple(same))


def _difference(
    con: duckdb.DuckDBPyConnection,
    place: Place,
    old: Run,
    new: Run,
    name: str,
    key: tuple[str, ...],
) -> TableDifference:
    counts = old.n_rows.get(name), new.n_rows.get(name)
    if name not in old.files or name not in new.files:
        return TableDifference(name, *counts)
    before, after = (quoted(place.file(run.files[name])) for run in (old, new))
    kinds_before, kinds_after = _kinds(con, before), _kinds(con, after)
    shared = [one for one in kinds_after if kinds_before.get(one) == kinds_after[one]]
    if not set(key) <= set(shared):
        key = ()
    rows = con.execute(_counts(before, after, shared, key)).fetchone()
    added, removed, changed = rows or (None, None, None)
    return TableDifference(
        name,
        *counts,
        added,
        removed,
        changed,
        key,
        tuple(one for one in kinds_after if one not in kinds_before),
        tuple(one for one in kinds_before if one not in kinds_after),
        tuple(one for one in kinds_after if one in kinds_before and one not in shared),
    )


def _counts(before: str, after: str, shared: list[str], key: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in shared)
    if not key:
        return AS_WHOLE.format(columns=columns, before=before, after=after)
    rest = [name for name in shared if name not in key]
    return BY_KEY.format(
        columns=columns,
        before=before,
        after=after,
        differs=" or ".join(
            f'older."{name}" is distinct from newer."{name}"' for name in rest
        )
        or "false",
        same_key=" and ".join(
            f'older."{name}" is not distinct from newer."{name}"' for name in key
        ),
    )


def _kinds(con: duckdb.DuckDBPyConnection, file: str) -> Kinds:
    rows = con.execute(f"describe (from read_parquet({file}))").fetchall()
    return {name: kind for name, kind, *_ in rows}


def _keys(
    con: duckdb.DuckDBPyConnection, place: Place, run: Run
) -> dict[str, tuple[str, ...]]:
    if WORDS not in run.files:
        return {}
    file = quoted(place.file(run.files[WORDS]))
    rows = con.execute(
        f"select table_name, list(column_name order by position) "
        f"from read_parquet({file}) where in_key group by table_name"
    ).fetchall()
    return {table: tuple(columns) for table, columns in rows}
