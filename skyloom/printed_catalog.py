"""What the catalog's commands print: tables, columns, runs, differences."""

from collections.abc import Sequence

from skyloom.answers import print_table
from skyloom.catalog_diff import CatalogDifference, TableDifference
from skyloom.catalog_runs import Listed
from skyloom.described import Described
from skyloom.errors import printable


def print_description(one: Described) -> None:
    """One table: its grain, its key, its columns."""
    print(f"{one.table}: {printable(one.grain or 'not described by this catalog')}")
    key = f", known by {', '.join(one.key)}" if one.key else ""
    print(f"{one.n_rows:,} rows{key}")
    print_table(
        ("column", "type", "meaning"),
        ((column.name, column.type, column.meaning) for column in one.columns),
    )


def print_runs(runs: Sequence[Listed]) -> None:
    """A line for each run, the last published first."""
    print_table(
        ("run", "written", "tables", "rows", ""),
        (
            (
                run.run_id,
                run.written.strftime("%Y-%m-%d %H:%M:%SZ") if run.written else "",
                run.n_tables,
                f"{run.n_rows:,}",
                "current" if run.is_current else "",
            )
            for run in runs
        ),
    )


def print_difference(found: CatalogDifference) -> None:
    """A line for each table that differs."""
    print(f"{found.before} -> {found.after}: {len(found.same)} tables are the same")
    if not found.tables:
        return
    print_table(
        ("table", "rows before", "after", "added", "removed", "changed", "columns"),
        (
            (
                one.table,
                *(
                    "" if number is None else f"{number:,}"
                    for number in (
                        *(one.n_before, one.n_after),
                        *(one.n_added, one.n_removed, one.n_changed),
                    )
                ),
                _columns(one),
            )
            for one in found.tables
        ),
    )


def _columns(one: TableDifference) -> str:
    marks = (
        ("+", one.columns_added),
        ("-", one.columns_lost),
        ("~", one.columns_retyped),
    )
    return " ".join(f"{mark}{name}" for mark, names in marks for name in names)
