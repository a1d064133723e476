"""Vectors in the lake, as readers see them: which models, and whose vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from skyloom import duck
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.raw_tables import EMBEDDINGS, MODELS, RawTable


@dataclass(frozen=True)
class KnownModel:
    """A row of the raw table `models`."""

    model: str
    name: str
    pretrained: str | None
    checkpoint: str | None
    digest: str
    quick_gelu: bool


def open_vectors(lake: Lake) -> duckdb.DuckDBPyConnection:
    """The published tables, and beside them `vectors` and `clip_models` of the lake."""
    con = Catalog.open(lake).connect()
    for name, table in (("vectors", EMBEDDINGS), ("clip_models", MODELS)):
        con.execute(f"create temp view {name} as from {_relation(lake, table)}")
    return con


def find_model(con: duckdb.DuckDBPyConnection, asked: str | None) -> KnownModel:
    """The model whose image vectors the lake has; `asked` is its name, or the start.

    Raises:
        SkyloomError: there are no vectors.
        UsageError: several models have some, or none of that name.
    """
    rows = con.execute("""
        select model, name, pretrained, checkpoint, digest, quick_gelu
        from clip_models
        where model in (select model from vectors where kind = 'image')
        order by model
    """).fetchall()
    known = [KnownModel(*row) for row in rows]
    if not known:
        raise SkyloomError(
            "no image of this lake is embedded", remedy="run `skyloom embed`"
        )
    fits = [one for one in known if not asked or one.model.startswith(asked)]
    exact = [one for one in fits if one.model == asked]
    fits = exact or fits
    if len(fits) == 1:
        return fits[0]
    names = ", ".join(one.model for one in fits or known)
    if fits:
        raise UsageError(
            "several models have vectors of the images",
            remedy=f"choose one with --model: {names}",
        )
    raise UsageError(
        f"no vectors are of a model {asked!r}", remedy=f"there are {names}"
    )


def known_vector(
    con: duckdb.DuckDBPyConnection, kind: str, model: str, content: bytes
) -> list[float] | None:
    """The vector that the lake has of these bytes, if it has one."""
    digest = sha256(content).hexdigest()
    row = con.execute(f"""
        select min(vector) from vectors
        where kind = {duck.quoted(kind)} and model = {duck.quoted(model)}
            and content_sha256 = '{digest}'
    """).fetchone()
    return list(row[0]) if row and row[0] else None


def literal(vector: Sequence[float]) -> str:
    """A vector as SQL: to bind a parameter, DuckDB's client imports pandas."""
    return f"[{', '.join(repr(float(number)) for number in vector)}]::double[]"


def read_file(path: Path) -> bytes:
    """The bytes of an image that a user names.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"could not be read ({error.strerror})", where=str(path)
        ) from None


def _relation(lake: Lake, table: RawTable) -> str:
    files = lake.files(table)
    if not files:
        # A lake that no writer has opened since the table came to be.
        columns: Mapping[str, Any] = table.columns
        nulls = ", ".join(f"null::{kind} as {name}" for name, kind in columns.items())
        return f"(select {nulls} limit 0)"
    return f"read_parquet([{', '.join(duck.quoted(file) for file in files)}])"
