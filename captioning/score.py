"""`skyloom score`: how like each image is to each of its captions, to one model.

In: the published images and captions, raw `embeddings`. Out: raw `scores`. A score is
the dot product of two unit vectors, summed in double precision and rounded, so that
it is the same however the rows are divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from captioning.caption_columns import captions_sql
from captioning.embed import PART, Embeddings, Pace, embed
from captioning.embedding_table import IMAGE, TEXT, table_sql, write_named
from skyloom import duck, progress
from skyloom.catalog import Catalog
from skyloom.lake import Lake
from skyloom.raw_tables import EMBEDDINGS, SCORES

if TYPE_CHECKING:
    from skyloom.clip_models import ClipModel

PAIRS = 100_000
DECIMALS = 6


@dataclass(frozen=True)
class Scores:
    """What came of a run; `n_without` pairs have an image that cannot be read."""

    model: str
    n_scored: int
    n_known: int
    n_without: int
    embedded: Embeddings

    @property
    def is_partial(self) -> bool:
        """Whether a pair that was asked for has no score."""
        return bool(self.n_without)

    def summary(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**asdict(self), "embedded": self.embedded.summary()}

    def __str__(self) -> str:
        lines = [
            str(self.embedded),
            f"{self.n_scored:,} pairs scored, {self.n_known:,} were there",
        ]
        if self.n_without:
            lines.append(f"{self.n_without:,} pairs have no vector of their image")
        return "\n".join(lines)


def score(
    lake: Lake,
    clip: ClipModel,
    columns: Sequence[str],
    pace: Pace,
    *,
    part: int = PART,
    pairs: int = PAIRS,
) -> Scores:
    """Score the published pairs that this model has not scored.

    What lacks a vector is embedded first. A killed run loses at most `pairs` scores.
    """
    embedded = embed(lake, clip, columns, pace, part=part)
    catalog = Catalog.open(lake)
    with catalog.connect() as con:
        n_all, n_missing = _prepare(con, lake, clip.label, columns)
        n_open = _count(con, "lacking")
        with progress.track("scoring", n_open) as step:
            for start in range(0, n_open, pairs):
                con.execute(_scored(start, min(start + pairs, n_open)))
                rows = con.execute("select * from scored").to_arrow_table()
                columns_sql = f"""
                    image_sha256, text_sha256,
                    {duck.quoted(clip.label)} as model, similarity
                """
                order = "image_sha256, text_sha256"
                write_named(lake, SCORES, clip.label, rows, columns_sql, order)
                step(rows.num_rows)
    return Scores(clip.label, n_open, n_all - n_missing, n_missing - n_open, embedded)


def _prepare(
    con: duckdb.DuckDBPyConnection, lake: Lake, model: str, columns: Sequence[str]
) -> tuple[int, int]:
    """Make the tables of vectors and of lacking pairs; pairs in all, and unscored."""
    con.execute(f"""
        create temp table asked as
        select distinct images.sha256 as image_sha256, captions.text_sha256
        from images
        inner join ({captions_sql(columns)}) as captions
            on images.scene_id = captions.scene_id
    """)
    con.execute(f"""
        create temp table unscored as
        from asked
        where (image_sha256, text_sha256) not in (
            select (image_sha256, text_sha256)
            from {table_sql(lake, SCORES)}
            where model = {duck.quoted(model)}
        )
    """)
    con.execute(f"""
        create temp view vectors as
        select * from {table_sql(lake, EMBEDDINGS)}
        where model = {duck.quoted(model)}
    """)
    con.execute(f"""
        create temp table lacking as
        select row_number() over (order by image_sha256, text_sha256) - 1 as place, *
        from unscored
        where (image_sha256, '{IMAGE}') in (select (content_sha256, kind) from vectors)
            and (text_sha256, '{TEXT}') in (select (content_sha256, kind) from vectors)
    """)
    return _count(con, "asked"), _count(con, "unscored")


def _scored(first: int, end: int) -> str:
    return f"""
        create or replace temp table scored as
        with chosen as (
            from lacking where place >= {first} and place < {end}
        ),
        images as (
            select content_sha256, min(vector)::double[] as vector
            from vectors
            where kind = '{IMAGE}'
                and content_sha256 in (select image_sha256 from chosen)
            group by content_sha256
        ),
        texts as (
            select content_sha256, min(vector)::double[] as vector
            from vectors
            where kind = '{TEXT}'
                and content_sha256 in (select text_sha256 from chosen)
            group by content_sha256
        )
        select
            chosen.image_sha256,
            chosen.text_sha256,
            round(list_inner_product(images.vector, texts.vector), {DECIMALS})
                as similarity
        from chosen
        inner join images on chosen.image_sha256 = images.content_sha256
        inner join texts on chosen.text_sha256 = texts.content_sha256
    """


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0
