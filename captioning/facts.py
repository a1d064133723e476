"""What a language model may be told of scenes: facts of the published catalog.

Which words are facts is decided in dbt (`scene_facts.sql`); here they are only read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from skyloom.duck import quoted
from skyloom.errors import SkyloomError, UsageError

if TYPE_CHECKING:
    from skyloom.catalog import Catalog

FOCUS = "focus"
_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Fact:
    """One object of a scene as the caption says it; a count where it is known."""

    id: str
    role: str
    says: tuple[str, ...]
    count: int | None = None


@dataclass(frozen=True)
class Facts:
    """What scenes have in common; `text` is the JSON that a model is sent."""

    digest: str
    text: str
    facts: tuple[Fact, ...]
    n_scenes: int


def parse_facts(digest: str, text: str, n_scenes: int = 1) -> Facts:
    """The facts of a row of `scene_facts`."""
    facts = tuple(
        Fact(one["id"], one["role"], tuple(one["says"]), one.get("count"))
        for one in json.loads(text)
    )
    return Facts(digest, text, facts, n_scenes)


def read_facts(
    catalog: Catalog, *, style: str = "skyscript", all_scenes: bool = False
) -> list[Facts]:
    """Each set of facts once, those of the most scenes first.

    Without `all_scenes` only those of scenes that have an image.

    Raises:
        UsageError: the style is not built.
        SkyloomError: the catalog has no facts; an older build made it.
    """
    if "scene_facts" not in catalog.files:
        raise SkyloomError(
            "this catalog has no facts of scenes", remedy="run `skyloom build`"
        )
    with connect(catalog, "scene_facts", "images") as con:
        found = rows(con, "facts", style=style, all_scenes=all_scenes)
        if not found:
            styles = [
                str(name)
                for (name,) in con.execute(
                    "select distinct style from scene_facts order by style"
                ).fetchall()
            ]
            if styles and style not in styles:
                raise UsageError(
                    f"no scene has facts in the style {style!r}",
                    remedy=f"the styles are {', '.join(styles)}",
                )
    return [parse_facts(str(d), str(t), int(n)) for d, t, n in found]


def connect(catalog: Catalog, *tables: str) -> duckdb.DuckDBPyConnection:
    """A database in memory with views of some published tables."""
    # Words need no spatial functions, which take a moment to load.
    con = duckdb.connect()
    for table in tables:
        file = quoted(catalog.path(table))
        con.execute(f"create view {table} as from read_parquet({file})")
    return con


def rows(
    con: duckdb.DuckDBPyConnection, name: str, **variables: str | bool
) -> list[tuple[Any, ...]]:
    """The rows of a file of captioning/sql, with its variables set."""
    for variable, value in variables.items():
        literal = quoted(value) if isinstance(value, str) else str(value).lower()
        con.execute(f"set variable {variable} = {literal}")
    return con.execute((_SQL / f"{name}.sql").read_text()).fetchall()
