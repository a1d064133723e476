"""Models as dbt compiles them, run by plain DuckDB over tables of one's own.

`python -m benchmarks.models MANIFEST TABLES OUT MODEL [--memory-limit 1GB]` writes one
model's rows. TABLES holds a folder for each schema with a Parquet file for each table
that is given; what else the model reads is made of the compiled SQL, and costs.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import CHECKOUT
from skyloom.dbt_run import DBT
from skyloom.duck import connect, quoted

DATABASE = "warehouse"


def compile_models(project: Path, lake: Path) -> Path:
    """Compile the project against a lake that was never built; return the manifest.

    There no model has a table, so that a model which adds to its table says what it
    does to fill it.
    """
    environment = os.environ | {
        "SKYLOOM_LAKE": str(lake),
        "DBT_TARGET_PATH": str(lake / "target"),
        "DBT_LOG_PATH": str(lake / "logs"),
    }
    where = ("--project-dir", str(project), "--profiles-dir", str(project))
    subprocess.run(
        [sys.executable, "-c", DBT, "compile", "--quiet", *where],
        cwd=CHECKOUT,
        env=environment,
        check=True,
    )
    return lake / "target" / "manifest.json"


class Models:
    """The models of a manifest beside the tables that are given."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, manifest: Path, tables: Path
    ) -> None:
        self.con, self.tables = con, tables
        self.nodes: dict[str, Any] = json.loads(manifest.read_text())["nodes"]
        self.made: set[str] = set()
        con.execute(f"attach ':memory:' as {DATABASE}")

    def write(self, model: str, out: Path) -> None:
        """Write a model's rows; the tables before it are made first."""
        node = self._need(f"model.skyloom.{model}")
        self.con.execute(
            f"copy ({node['compiled_code']}) to {quoted(out)} "
            "(format parquet, compression zstd)"
        )

    def _need(self, name: str) -> Any:
        """A model, once all that it reads is there."""
        for parent in self.nodes[name]["depends_on"]["nodes"]:
            if parent not in self.made:
                self._make(parent)
                self.made.add(parent)
        return self.nodes[name]

    def _make(self, name: str) -> None:
        if name.startswith("source."):
            return  # files of the lake, named in the SQL
        node = self.nodes[name]
        relation = f'{DATABASE}."{node["schema"]}"."{node["alias"]}"'
        self.con.execute(f'create schema if not exists {DATABASE}."{node["schema"]}"')
        given = self.tables / node["schema"] / f"{node['alias']}.parquet"
        if given.is_file():
            self.con.execute(f"create view {relation} as {select_all(self.con, given)}")
            return
        if node["resource_type"] == "seed":
            raise FileNotFoundError(given)
        kind = "view" if node["config"]["materialized"] == "view" else "table"
        self._need(name)
        self.con.execute(f"create {kind} {relation} as {node['compiled_code']}")


def select_all(con: duckdb.DuckDBPyConnection, file: Path) -> str:
    """A query of a file's rows with the CRS taken off its geometry, as staging does."""
    rows = con.execute(f"describe from {quoted(file)}").fetchall()
    shapes = [name for name, kind, *_ in rows if kind.startswith("GEOMETRY")]
    plain = ", ".join(f"{name}::geometry as {name}" for name in shapes)
    replaced = f"replace ({plain})" if plain else ""
    return f"select * {replaced} from {quoted(file)}"


def main() -> None:
    """Write one model's rows; what does not fit into memory spills beside them."""
    parser = argparse.ArgumentParser(prog="benchmarks.models")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("tables", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("model")
    parser.add_argument("--memory-limit", default="1GB")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    with connect(
        threads=asked.threads,
        memory_limit=asked.memory_limit,
        temp_directory=asked.out.parent / "spill",
    ) as con:
        Models(con, asked.manifest, asked.tables).write(asked.model, asked.out)


if __name__ == "__main__":
    main()
