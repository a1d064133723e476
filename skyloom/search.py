"""Images that look like a text or another image, and images much like each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skyloom import duck
from skyloom.embedded import (
    KnownModel,
    find_model,
    known_vector,
    literal,
    open_vectors,
    read_file,
)
from skyloom.errors import UsageError
from skyloom.lake import Lake

if TYPE_CHECKING:
    from skyloom.clip_models import ClipRequest

IMAGES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")
BLOCK = 1024
# How far float32 products may be off; what is that near is computed anew.
SLACK = 1e-4


def nearest(
    lake: Lake, like: str, request: ClipRequest, *, model: str | None, limit: int
) -> duckdb.DuckDBPyConnection:
    """The published images most like a text, or like an image file.

    `like` is a file where its name ends as an image's does. What the lake has a vector
    of needs no model; for anything else the model has to be the one of the lake's
    vectors.

    Raises:
        UsageError: the file is no image, or the weights are those of another model.
        SkyloomError: the lake has no vectors, or the weights cannot be had.
    """
    con = open_vectors(lake)
    found = find_model(con, model)
    wanted = literal(_vector(con, found, like, request))
    con.execute(f"set variable wanted = {wanted}")
    return con.execute(f"""
        with seen as (
            select content_sha256, min(vector) as vector
            from vectors
            where kind = 'image' and model = {duck.quoted(found.model)}
            group by content_sha256
        ),
        titles as (
            select scene_id, arg_min(title, style) as title
            from captions
            group by scene_id
        )
        select
            images.image_id,
            round(list_inner_product(seen.vector::double[], getvariable('wanted')), 6)
                as similarity,
            titles.title,
            images.filepath
        from images
        inner join seen on images.sha256 = seen.content_sha256
        left join titles on images.scene_id = titles.scene_id
        order by similarity desc, images.image_id
        limit {limit}
    """)


def near_duplicates(
    lake: Lake, threshold: float, *, model: str | None, limit: int
) -> duckdb.DuckDBPyConnection:
    """Pairs of published images of at least that cosine, the most alike first.

    Exact: every pair is compared, in blocks. All vectors of a model are in memory.
    """
    con = open_vectors(lake)
    found = find_model(con, model)
    rows = con.execute(f"""
        with seen as (
            select content_sha256, min(vector) as vector
            from vectors
            where kind = 'image' and model = {duck.quoted(found.model)}
            group by content_sha256
        )
        select images.image_id, images.filepath, seen.vector
        from images
        inner join seen on images.sha256 = seen.content_sha256
        order by images.image_id
    """).to_arrow_table()
    flat = rows["vector"].combine_chunks().flatten().to_numpy()
    vectors = flat.reshape(rows.num_rows, -1) if rows.num_rows else flat.reshape(0, 1)
    pairs = list(alike(vectors, threshold))
    names, files = rows["image_id"].to_pylist(), rows["filepath"].to_pylist()
    table = pa.table(
        {
            "image_id": pa.array([names[a] for a, _, _ in pairs], pa.string()),
            "other_image_id": pa.array([names[b] for _, b, _ in pairs], pa.string()),
            "similarity": pa.array([s for _, _, s in pairs], pa.float64()),
            "filepath": pa.array([files[a] for a, _, _ in pairs], pa.string()),
            "other_filepath": pa.array([files[b] for _, b, _ in pairs], pa.string()),
        }
    )
    con.register("alike", table)
    return con.execute(f"""
        from alike
        order by similarity desc, image_id, other_image_id
        limit {limit}
    """)


def alike(
    vectors: NDArray[np.float32], threshold: float
) -> Iterator[tuple[int, int, float]]:
    """Places of two unit vectors with at least that cosine, and the cosine."""
    for top in range(0, len(vectors), BLOCK):
        block = vectors[top : top + BLOCK]
        for left in range(top, len(vectors), BLOCK):
            cosines = block @ vectors[left : left + BLOCK].T
            places = np.argwhere(cosines >= threshold - SLACK) + np.array([top, left])
            for row, column in places:
                if row < column:
                    wide = vectors[row].astype(np.float64) * vectors[column]
                    cosine = round(float(wide.sum()), 6)
                    if cosine >= threshold:
                        yield int(row), int(column), cosine


def _vector(
    con: duckdb.DuckDBPyConnection, found: KnownModel, like: str, request: ClipRequest
) -> Any:
    is_file = Path(like).suffix.lower() in IMAGES
    content = read_file(Path(like)) if is_file else like.encode()
    if not content.strip():
        raise UsageError("--like is empty", remedy="give a text or an image file")
    kind = "image" if is_file else "text"
    known = known_vector(con, kind, found.model, content)
    return known or _embedded(found, like, request, is_file=is_file)


def _embedded(
    found: KnownModel, like: str, request: ClipRequest, *, is_file: bool
) -> Any:
    """The vector by the model itself, in full precision."""
    from skyloom.clip_models import load_clip
    from skyloom.clip_vectors import Picture, embed_pictures, embed_texts

    if not request.checkpoint and not request.pretrained:
        if not found.pretrained:
            raise UsageError(
                f"the vectors are of {found.model}, with weights of a file",
                remedy=f"name that file: --checkpoint {found.checkpoint}",
            )
        request = replace(request, pretrained=found.pretrained)
    name = request.model if request.model.endswith(".json") else found.name
    clip = load_clip(
        replace(request, model=name, quick_gelu=found.quick_gelu, precision="fp32")
    )
    if clip.digest != found.digest:
        raise UsageError(
            f"the weights are {clip.label}, the lake's vectors of {found.model}",
            remedy="name the weights that `skyloom embed` was run with",
        )
    if not is_file:
        return embed_texts(clip, [like], batch_size=1)[0]
    (made,) = embed_pictures(clip, [Picture(Path(like))], batch_size=1, workers=0)
    if made.faults:
        raise UsageError(made.faults[0][1], where=like)
    return made.vectors[0]
