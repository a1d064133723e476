"""The raw tables of vectors and of the models behind them: append-only, by content.

Nothing here has a geometry: a plain connection starts faster than one with spatial.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pyarrow as pa

from skyloom import duck
from skyloom.errors import SkyloomError
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import EMBEDDINGS, MODELS, RawTable

if TYPE_CHECKING:
    from skyloom.clip_models import ClipModel
    from skyloom.clip_vectors import Vectors

IMAGE, TEXT = KINDS = ("image", "text")
DIGEST_LETTERS = 16


def known_contents(lake: Lake, kind: str, model: str) -> frozenset[str]:
    """The contents that have a vector of the model.

    Raises:
        SkyloomError: a file of the table cannot be read.
    """
    with duckdb.connect() as con:
        rows = con.execute(f"""
            select distinct content_sha256
            from {table_sql(lake, EMBEDDINGS)}
            where kind = {duck.quoted(kind)} and model = {duck.quoted(model)}
        """).fetchall()
    return frozenset(content for (content,) in rows)


def write_part(
    lake: Lake, kind: str, model: str, contents: Sequence[str], vectors: Vectors
) -> Path:
    """Write one file of vectors, whole or not at all, named by what is in it."""
    flat = pa.array(vectors.reshape(-1))
    rows = pa.table(
        {
            "content_sha256": pa.array(contents, pa.string()),
            "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )
    columns = f"""
        content_sha256,
        {duck.quoted(kind)} as kind,
        {duck.quoted(model)} as model,
        vector::float[] as vector
    """
    return write_named(
        lake, EMBEDDINGS, f"{model}-{kind}", rows, columns, "content_sha256"
    )


def write_named(
    lake: Lake,
    table: RawTable,
    stem: str,
    rows: pa.Table,
    columns: str,
    order_by: str,
) -> Path:
    """Add a file to a raw table, named by its bytes; the same rows are one file."""
    folder = (lake.root / table.pattern).parent
    draft = folder / f"{stem}.draft"
    with duckdb.connect() as con:
        con.register("part", rows)
        write_parquet(con, f"select {columns} from part", draft, order_by=order_by)
    digest = sha256(draft.read_bytes()).hexdigest()[:DIGEST_LETTERS]
    return draft.replace(folder / f"{stem}-{digest}.parquet")


def register_model(lake: Lake, clip: ClipModel) -> None:
    """Note which model a name in the tables stands for; a noted one stays."""
    path = lake.root / MODELS.pattern.replace("*", clip.label)
    if path.is_file():
        return
    row = {
        "model": clip.label,
        "name": clip.name,
        "pretrained": clip.pretrained,
        "checkpoint": clip.checkpoint,
        "digest": clip.digest,
        "precision": clip.precision,
        "quick_gelu": bool(clip.model_cfg["quick_gelu"]),
        "dim": clip.dim,
        "context_length": clip.context_length,
        "preprocessing": json.dumps(dict(clip.preprocess_cfg), sort_keys=True),
    }
    types = ", ".join(
        f"{name}::{kind} as {name}" for name, kind in MODELS.columns.items()
    )
    with duckdb.connect() as con:
        con.register("row", pl.DataFrame([row], schema_overrides=_TEXTS).to_arrow())
        write_parquet(con, f"select {types} from row", path, order_by="all")


_TEXTS = {"pretrained": pl.String, "checkpoint": pl.String}


def table_sql(lake: Lake, table: RawTable) -> str:
    """A raw table as a relation of DuckDB.

    Raises:
        SkyloomError: a file has other columns.
    """
    files = ", ".join(duck.quoted(file) for file in lake.files(table))
    relation = f"read_parquet([{files}], union_by_name = true)"
    with duckdb.connect() as con:
        try:
            con.execute(f"select {', '.join(table.columns)} from {relation} limit 0")
        except duckdb.Error as error:
            raise SkyloomError(
                f"{table.name} cannot be read ({str(error).splitlines()[0][:150]})",
                where=str((lake.root / table.pattern).parent),
                remedy="take the faulty file away",
            ) from None
    return relation
