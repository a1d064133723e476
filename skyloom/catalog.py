"""The published catalog: immutable Parquet files and a pointer to the current run.

catalog/current.json          which run is current
catalog/runs/<run_id>.json    one run: its tables, each a file with its digest
catalog/files/*.parquet       the tables, named by content, shared between runs
catalog/catalog.duckdb        views over the current files, for any DuckDB client
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from skyloom import duck, gate
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake

if TYPE_CHECKING:
    import polars as pl

POINTER = "current.json"
VIEWS = "catalog.duckdb"


@dataclass(frozen=True)
class Catalog:
    """One published run, read without any lock."""

    folder: Path
    run_id: str
    files: dict[str, Path]
    n_rows: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, lake: Lake) -> Catalog:
        """Open the current run.

        Raises:
            SkyloomError: nothing is published yet, or a file of the run is missing.
        """
        pointer = lake.catalog / POINTER
        if not pointer.is_file():
            raise SkyloomError(
                "nothing is published in this lake yet",
                where=str(lake.root),
                remedy="run `skyloom build`",
            )
        try:
            run_id = json.loads(pointer.read_text())["run_id"]
            run = json.loads((lake.catalog / "runs" / f"{run_id}.json").read_text())
            files = {
                name: lake.catalog / "files" / file
                for name, file in files_of(run).items()
            }
        except (OSError, ValueError, KeyError) as error:
            raise SkyloomError(
                f"the catalog is damaged ({type(error).__name__})",
                where=str(lake.catalog),
                remedy="run `skyloom build`",
            ) from None
        for file in files.values():
            if not file.is_file():
                raise SkyloomError(
                    "a published file is missing",
                    where=str(file),
                    remedy="run `skyloom build`",
                )
        return cls(lake.catalog, run_id, files, rows_of(run))

    def path(self, table: str) -> Path:
        """The Parquet file of one table."""
        if table not in self.files:
            raise unknown_table(table, self.files)
        return self.files[table]

    def frame(self, table: str) -> pl.DataFrame:
        """One table as a polars frame; geometry is WKB, longitude before latitude."""
        with duck.connect() as con:
            relation = con.execute(
                f"select * from read_parquet({duck.quoted(self.path(table))})"
            )
            kinds = {name: str(kind) for name, kind, *_ in relation.description or ()}
            geometry = [name for name, kind in kinds.items() if "GEOMETRY" in kind]
            wkb = ", ".join(f"st_aswkb({name}) as {name}" for name in geometry)
            replace = f" replace ({wkb})" if wkb else ""
            return con.execute(
                f"select *{replace} from read_parquet({duck.quoted(self.path(table))})"
            ).pl()

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A database in memory with one view for each published table."""
        con = duck.connect()
        for table, file in sorted(self.files.items()):
            con.execute(view(table, file))
        return con

    def connect_for(self, sql: str) -> duckdb.DuckDBPyConnection:
        """A database with the tables that a statement may read: all of them."""
        return self.connect()

    def query(
        self, sql: str, parameters: Mapping[str, str] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Run one statement that a user typed, able to read the catalog and no more.

        Raises:
            UsageError: not a single SELECT, or DuckDB refuses it.
        """
        return gate.ask(self.connect(), sql, self.files.values(), parameters)


def relink(lake: Lake) -> Path:
    """Write the database of views anew, with the paths of where the lake lies."""
    return write_views(lake, Catalog.open(lake).files)


def write_views(lake: Lake, files: Mapping[str, Path]) -> Path:
    """Replace the database of views; `files` are the tables by their public names."""
    part = lake.catalog / f".{VIEWS}.part"
    part.unlink(missing_ok=True)
    with duck.connect(part) as con:
        for table, file in sorted(files.items()):
            con.execute(view(table, file))
    return part.replace(lake.catalog / VIEWS)


def files_of(run: dict[str, Any]) -> dict[str, str]:
    """The names of the files of a run's record, by table."""
    return {table["name"]: table["file"] for table in run["tables"]}


def rows_of(run: dict[str, Any]) -> dict[str, int]:
    """The rows of each table of a run's record that says them."""
    return {one["name"]: one["rows"] for one in run["tables"] if "rows" in one}


def unknown_table(table: str, known: Iterable[str]) -> UsageError:
    """What to say of a table that is not published."""
    return UsageError(
        f"there is no table {table!r}",
        remedy=f"the tables are {', '.join(sorted(known))}",
    )


def view(table: str, file: str | Path) -> str:
    """SQL for the view of one table."""
    source = f"read_parquet({duck.quoted(file)})"
    return f'create or replace view "{table}" as select * from {source}'
