"""Catalogs on disk with the columns that the contracts promise, filled with SQL."""

import csv
from pathlib import Path

import duckdb
import yaml

from skyloom import duck
from skyloom.lake import Lake
from skyloom.publish import publish

PROJECT = Path(__file__).parents[2] / "dbt_project"
SEEDS = ("attribute_keys", "caption_styles", "tag_rules")
FIRST_COLUMNS = 3


def typed_tables() -> duckdb.DuckDBPyConnection:
    """A database in memory with every public table, empty, as the contracts type it."""
    con = duck.connect()
    for file in sorted((PROJECT / "models" / "marts").glob("*.yml")):
        for model in yaml.safe_load(file.read_text())["models"]:
            columns = {one["name"]: one["data_type"] for one in model["columns"]}
            meta = model.get("config", {}).get("meta", {})
            _create(con, meta.get("published_as", model["name"]), columns)
    for seed in SEEDS:
        with (PROJECT / "seeds" / f"{seed}.csv").open(encoding="utf-8") as rows:
            _create(con, seed, dict.fromkeys(next(csv.reader(rows)), "varchar"))
    return con


def publish_tables(con: duckdb.DuckDBPyConnection, root: Path) -> Lake:
    """Publish every table of a database as the catalog of a lake; images lie by id."""
    lake = Lake.open(root, create=True)
    names = [name for (name,) in con.execute("show tables").fetchall()]
    order = {name: ", ".join(_columns(con, name)[:FIRST_COLUMNS]) for name in names}
    publish(lake, con, {name: name for name in names}, order, {})
    return lake


def _columns(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    return [
        column for column, *_ in con.execute(f"from {name} limit 0").description or ()
    ]


def _create(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str]) -> None:
    typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    con.execute(f"create table {name} ({typed})")
