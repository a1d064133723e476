"""The caption columns of the catalog, in every style, as texts by their digest."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.catalog import Catalog
from skyloom.errors import UsageError

# Each with the published table that it stands in.
TABLES = {
    "title": "captions",
    "title_multi_objects": "captions",
    "polished": "polished_captions",
}
COLUMNS = tuple(TABLES)


def parse_columns(text: str) -> tuple[str, ...]:
    """The caption columns of a flag, with commas between.

    Raises:
        UsageError: one of them is none, or none is named.
    """
    names = tuple(
        dict.fromkeys(name.strip() for name in text.split(",") if name.strip())
    )
    wrong = [name for name in names if name not in TABLES]
    if wrong or not names:
        raise UsageError(
            f"there is no caption column {(wrong or [text])[0]!r}",
            remedy=f"name some of {', '.join(COLUMNS)}",
        )
    return names


def captions_sql(columns: Sequence[str]) -> str:
    """scene_id, text and its digest for each scene, style and column."""
    parts = [f"select scene_id, {name} as text from {TABLES[name]}" for name in columns]
    return f"""
        select scene_id, text, sha256(text) as text_sha256
        from ({" union all ".join(parts)}) as captions
        where text is not null
    """


def caption_texts(catalog: Catalog, columns: Sequence[str]) -> dict[str, str]:
    """The distinct texts of scenes with an image, by digest, in order of digests."""
    rows = catalog.query(f"""
        select distinct text_sha256, text
        from ({captions_sql(columns)}) as captions
        where scene_id in (select scene_id from images)
        order by text_sha256
    """).fetchall()
    return dict(rows)
