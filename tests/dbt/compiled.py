"""Running one compiled dbt model over rows of one's own, in memory."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from skyloom.duck import connect

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"

NUMBERS = {"tag_order": ["n_worldwide"], "clip_tokens": ["n_tokens"]}


class Models:
    """Tables stand in for a warehouse; models are read from the fixture `compiled`."""

    def __init__(self, compiled: Path) -> None:
        self.folder = compiled / "target" / "compiled" / "skyloom" / "models"
        self.con: duckdb.DuckDBPyConnection = connect()
        self.con.execute("attach ':memory:' as warehouse")
        self.con.execute("create schema warehouse.main_seeds")
        self.con.execute("use warehouse.main")

    def seed(self, name: str) -> None:
        self.con.execute(
            f"create table main_seeds.{name} as "
            f"from read_csv('{SEEDS / name}.csv', all_varchar = true)"
        )
        for column in NUMBERS.get(name, ()):
            self.con.execute(
                f"alter table main_seeds.{name} alter {column} type bigint"
            )

    def table(self, name: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        self.con.execute(f"create table {name} ({columns})")
        marks = ", ".join("?" for _ in columns.split(","))
        data = [list(row) for row in rows]
        if data:
            self.con.executemany(f"insert into {name} values ({marks})", data)

    def build(self, name: str) -> None:
        (file,) = self.folder.rglob(f"{name}.sql")
        self.con.execute(f"create table {name} as {file.read_text()}")
