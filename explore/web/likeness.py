"""Images by likeness: to a text or an image, by vectors; to an image, by its look.

Vectors come from the run itself, from an uploaded image, or from a model whose weights
are on this machine. Nothing is downloaded.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb

from explore.figures import literal
from explore.remembered import Remembered
from explore.web.gallery_where import Where, set_variables
from skyloom.duck import quoted
from skyloom.embedded import KnownModel, find_model, known_vector
from skyloom.embedded import literal as vector_literal
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.raw_tables import IMAGE_HASHES

MOST_RANKED = 480
# Of the 64 bits: beyond it two images look alike by chance.
MOST_BITS = 24
UPLOADED = "sha256:"
_uploads: Remembered[tuple[float, ...]] = Remembered(64)
_loading = threading.Lock()


@dataclass(frozen=True)
class Ranked:
    """Images by rank with their likeness, and in what sense it is one."""

    images: tuple[tuple[str, float], ...]
    how: str


def model_of(con: duckdb.DuckDBPyConnection) -> KnownModel:
    """The model of the run's image vectors, the first by name where there are several.

    Raises:
        SkyloomError: no image is embedded.
    """
    con.execute("create temp view if not exists vectors as from embeddings")
    con.execute("create temp view if not exists clip_models as from models")
    first = con.execute(
        "select min(model) from vectors where kind = 'image'"
    ).fetchone()
    return find_model(con, first[0] if first else None)


def text_vector(
    con: duckdb.DuckDBPyConnection, model: KnownModel, text: str
) -> Sequence[float]:
    """The vector of a text.

    Raises:
        SkyloomError: the run has none, and no weights are at hand.
    """
    return known_vector(con, "text", model.model, text.encode()) or _embedded(
        model, text
    )


def image_vector(
    con: duckdb.DuckDBPyConnection, model: KnownModel, like_image: str
) -> Sequence[float]:
    """The vector of an image of the run, or of one that was uploaded.

    Raises:
        UsageError: there is no such image, or it is not remembered any more.
        SkyloomError: the image has no vector.
    """
    digest = digest_of(con, like_image)
    row = con.execute(
        "select min(vector) from vectors where kind = 'image' "
        f"and model = {literal(model.model)} and content_sha256 = {literal(digest)}"
    ).fetchone()
    if row and row[0]:
        return list(row[0])
    uploaded = _uploads.get((model.model, digest))
    if uploaded is not None:
        return uploaded
    if like_image.startswith(UPLOADED):
        raise UsageError(
            "the uploaded image is not remembered any more", remedy="choose it again"
        )
    raise SkyloomError("this image has no vector", remedy="run `skyloom embed`")


def digest_of(con: duckdb.DuckDBPyConnection, like_image: str) -> str:
    """The digest of the file that an image id or `sha256:...` names.

    Raises:
        UsageError: there is no such image.
    """
    if like_image.startswith(UPLOADED):
        return like_image.removeprefix(UPLOADED)
    row = con.execute(
        f"select sha256 from images where image_id = {literal(like_image)} limit 1"
    ).fetchone()
    if row is None:
        raise UsageError(f"there is no image {like_image!r}")
    return str(row[0])


def keep_upload(con: duckdb.DuckDBPyConnection, digest: str, picture: Any) -> None:
    """Remember the vector of an uploaded PIL image; a file of the run needs none.

    Raises:
        SkyloomError: no image of the run is embedded, or no weights are at hand.
    """
    row = con.execute(
        f"select 1 from images where sha256 = {literal(digest)} limit 1"
    ).fetchone()
    if row is not None:
        return
    model = model_of(con)
    if _uploads.get((model.model, digest)) is None:
        vector = _embedded(model, picture)
        _uploads.keep((model.model, digest), tuple(float(one) for one in vector))


def by_vector(
    con: duckdb.DuckDBPyConnection,
    where: Where,
    model: KnownModel,
    wanted: Sequence[float],
) -> Ranked:
    """The images whose vectors have the largest cosine with this one."""
    set_variables(con, where.variables)
    con.execute(f"set variable wanted = {vector_literal(wanted)}")
    found = con.execute(f"""
        with seen as (
            select content_sha256, min(vector) as vector
            from embeddings
            where kind = 'image' and model = {literal(model.model)}
            group by content_sha256
        )
        select
            images.image_id,
            round(list_inner_product(seen.vector::double[], getvariable('wanted')), 6)
                as similarity
        from images
        inner join seen on images.sha256 = seen.content_sha256
        where {where.text(within=False)}
        order by similarity desc, images.image_id
        limit {MOST_RANKED}
    """).fetchall()
    return Ranked(tuple((str(one), float(cosine)) for one, cosine in found), "cosine")


def by_look(
    con: duckdb.DuckDBPyConnection, lake: Lake, where: Where, digest: str
) -> Ranked:
    """The images whose perceptual hash differs least from that of a file of the lake.

    Raises:
        SkyloomError: the lake has no hash of it.
    """
    near = _near_hashes(lake, digest)
    set_variables(con, where.variables)
    con.execute(f"set variable near = {literal([one for one, _ in near])}")
    con.execute(f"set variable bits = {literal([bits for _, bits in near])}")
    found = con.execute(f"""
        with near as (
            select
                unnest(cast(getvariable('near') as varchar[])) as sha256,
                unnest(cast(getvariable('bits') as integer[])) as bits
        )
        select images.image_id, near.bits
        from images
        inner join near on images.sha256 = near.sha256
        where {where.text(within=False)}
        order by near.bits, images.image_id
        limit {MOST_RANKED}
    """).fetchall()
    return Ranked(tuple((str(one), float(bits)) for one, bits in found), "bits")


def has_hashes(lake: Lake) -> bool:
    """Whether any image of the lake may have a perceptual hash."""
    return any(file.stem != "empty" for file in lake.files(IMAGE_HASHES))


def _near_hashes(lake: Lake, digest: str) -> list[tuple[str, int]]:
    """Files and the bits that differ, the file itself first."""
    files = ", ".join(quoted(file) for file in lake.files(IMAGE_HASHES))
    # The pages' own connection reads the catalog alone, which has no hashes.
    with duckdb.connect() as con:
        found = (
            con.execute(f"""
            with hashes as (
                select image_sha256, phash
                from read_parquet([{files}])
                where phash is not null
            ),
            wanted as (
                select min(phash) as phash
                from hashes
                where image_sha256 = {literal(digest)}
            )
            select
                hashes.image_sha256,
                bit_count(xor(hashes.phash, wanted.phash))::integer as bits
            from hashes, wanted
            where bits <= {MOST_BITS}
            order by bits, hashes.image_sha256
            limit {10 * MOST_RANKED}
        """).fetchall()
            if files
            else []
        )
    if not found:
        raise SkyloomError("this image has no perceptual hash either")
    return [(str(one), int(bits)) for one, bits in found]


def _embedded(model: KnownModel, thing: Any) -> Any:
    """The vector of a text or a PIL image by the model itself."""
    from skyloom.clip_vectors import embed_images, embed_texts

    with _loading:
        clip = _clip(model)
        if isinstance(thing, str):
            return embed_texts(clip, [thing], batch_size=1)[0]
        return embed_images(clip, [thing], batch_size=1)[0]


@lru_cache(maxsize=1)
def _clip(model: KnownModel) -> Any:
    from skyloom.clip_models import ClipRequest, load_clip, need_open_clip
    from skyloom.clip_pretrained import at_hand

    need_open_clip()
    if not model.pretrained or not at_hand(model.name, model.pretrained):
        raise SkyloomError(
            f"the weights of {model.model} are not at hand on this machine",
            remedy="ask `skyloom query --like`, which takes --checkpoint",
        )
    clip = load_clip(
        ClipRequest(
            model.name,
            pretrained=model.pretrained,
            quick_gelu=model.quick_gelu,
            precision="fp32",
        )
    )
    if clip.digest != model.digest:
        raise SkyloomError(f"the weights at hand are {clip.label}, not {model.model}")
    return clip
