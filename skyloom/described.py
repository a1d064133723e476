"""What the published tables are: one row is what, which columns, what they mean.

The words are dbt's own, published as the table `table_columns`. A catalog from before
that table has names, types and rows all the same.
"""

from dataclasses import dataclass
from typing import Any

from skyloom.duck import quoted
from skyloom.opened import AnyCatalog

WORDS = "table_columns"
COLUMNS = """
with columns as (
    select
        column_name,
        column_type,
        row_number() over () as position
    from (describe "{table}")
),

words as ({words})

select
    columns.column_name,
    columns.column_type,
    words.meaning,
    coalesce(words.in_key, false) as in_key
from columns
left join words on columns.column_name = words.column_name
order by columns.position
"""
KNOWN = f"select column_name, meaning, in_key from {WORDS} where table_name = {{name}}"
UNKNOWN = """
select ''::varchar as column_name, null::varchar as meaning, false as in_key
"""


@dataclass(frozen=True)
class Column:
    """One column; `meaning` holds its unit, null = the catalog does not say."""

    name: str
    type: str
    meaning: str | None
    in_key: bool


@dataclass(frozen=True)
class Described:
    """One published table; `grain` says what one row is."""

    table: str
    grain: str | None
    n_rows: int
    columns: tuple[Column, ...]

    @property
    def key(self) -> list[str]:
        """The columns that no two rows have the same; empty = not known."""
        return [column.name for column in self.columns if column.in_key]

    def summary(self) -> dict[str, Any]:
        """What machines read: plain values, ready for JSON."""
        return {
            "table_name": self.table,
            "grain": self.grain,
            "n_rows": self.n_rows,
            "key": self.key,
            "columns": [vars(column) for column in self.columns],
        }


def describe(catalog: AnyCatalog, table: str) -> Described:
    """One table of a catalog.

    Raises:
        UsageError: there is no such table.
    """
    catalog.path(table)
    known = WORDS in catalog.files
    words = KNOWN.format(name=quoted(table)) if known else UNKNOWN
    rows = catalog.query(COLUMNS.format(table=table, words=words)).fetchall()
    return Described(
        table,
        grains(catalog).get(table),
        count(catalog, table),
        tuple(Column(*row) for row in rows),
    )


def grains(catalog: AnyCatalog) -> dict[str, str]:
    """What one row is, of each table that the catalog describes."""
    if WORDS not in catalog.files:
        return {}
    sql = f"select distinct table_name, grain from {WORDS} order by all"
    return dict(catalog.query(sql).fetchall())


def count(catalog: AnyCatalog, table: str) -> int:
    """The rows of a table: as its run says, or else counted."""
    if table in catalog.n_rows:
        return catalog.n_rows[table]
    row = catalog.query(f'select count(*) from "{table}"').fetchone()
    return int(row[0]) if row else 0
