"""Perceptual hashes of the chips, by which near-duplicate images are found in SQL.

The hash is the 64-bit DCT hash of Zauner, "Implementation and Benchmarking of
Perceptual Image Hash Functions" (2010): the lowest frequencies of a 32 x 32 grey image
but the very lowest, each above or not above their median. Whole numbers throughout, so
that no processor's rounding shows.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image, UnidentifiedImageError

from skyloom import progress
from skyloom.duck import quoted
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import IMAGE_HASHES, LEDGER

SIDE = 32
FREQUENCIES = slice(1, 9)
# The cosines as whole numbers of 14 bits: products of three stay far below 2^63.
SCALE = 1 << 14
# What a decoder may shrink to while it reads: a cheaper way to nearly the same pixels.
DRAFT_SIDE = 2 * SIDE
# Images of one file: what a killed run may lose.
PART = 20_000
_SCHEMA = {"image_sha256": pl.String, "phash": pl.UInt64}


@dataclass(frozen=True)
class Hashed:
    """What a run wrote; an unreadable image has a row without a hash."""

    n_images: int
    n_unreadable: int

    def __str__(self) -> str:
        unread = f", {self.n_unreadable:,} unreadable" if self.n_unreadable else ""
        return f"{self.n_images:,} images hashed{unread}"


def hash_images(lake: Lake, *, threads: int) -> Hashed:
    """Hash every chip of the ledger that has no hash yet; call it with the lock held.

    Each part is written whole and named by its rows, so that a killed run goes on.

    Raises:
        SkyloomError: a part could not be written.
    """
    missing = _missing(lake)
    unreadable = 0
    with (
        progress.track("hash images", len(missing)) as step,
        ThreadPoolExecutor(threads) as pool,
    ):
        for start in range(0, len(missing), PART):
            part = missing[start : start + PART]
            hashes: list[int | None] = []
            for one in pool.map(lambda chip: _hash_file(lake.root / chip[1]), part):
                hashes.append(one)
                step(1)
            unreadable += hashes.count(None)
            _write(lake, [sha256 for sha256, _ in part], hashes)
    return Hashed(len(missing), unreadable)


def perceptual_hash(image: Image.Image) -> int:
    """The 64 bits of an image of any size and mode; the lowest frequency is the first.

    A JPEG that is not decoded yet is decoded small.
    """
    image.draft("L", (DRAFT_SIDE, DRAFT_SIDE))
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    pixels = np.asarray(grey, dtype=np.int64)
    low = (_COSINES @ pixels @ _COSINES.T).ravel()
    ordered = np.sort(low)
    above = 2 * low > ordered[31] + ordered[32]
    return int.from_bytes(np.packbits(above).tobytes(), "big")


def _cosines() -> npt.NDArray[np.int64]:
    """The DCT-II's rows of the frequencies in use, (8, 32)."""
    frequency = np.arange(SIDE)[FREQUENCIES, None]
    place = 2 * np.arange(SIDE)[None] + 1
    cosines = np.cos(np.pi * frequency * place / (2 * SIDE))
    rows: npt.NDArray[np.int64] = np.rint(SCALE * cosines).astype(np.int64)
    return rows


_COSINES = _cosines()


def _hash_file(path: Path) -> int | None:
    try:
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            return perceptual_hash(image)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _missing(lake: Lake) -> list[tuple[str, str]]:
    """Digest and path of each chip without a hash, in order of digests."""
    ledger, hashes = (
        ", ".join(quoted(file) for file in lake.files(table))
        for table in (LEDGER, IMAGE_HASHES)
    )
    with duckdb.connect() as con:
        found = con.execute(f"""
            select sha256, min(filepath)
            from read_parquet([{ledger}], union_by_name = true)
            where
                status = 'ok' and sha256 is not null
                and sha256 not in (
                    select image_sha256 from read_parquet([{hashes}])
                    where image_sha256 is not null
                )
            group by sha256
            order by sha256
        """).fetchall()
    return [(str(sha256), str(path)) for sha256, path in found]


def _write(lake: Lake, sha256s: Sequence[str], hashes: Iterable[int | None]) -> None:
    rows = {"image_sha256": sha256s, "phash": list(hashes)}
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    name = hashlib.sha256(frame.write_csv().encode()).hexdigest()[:16]
    path = lake.root / IMAGE_HASHES.pattern.replace("*", name)
    with duckdb.connect() as con:
        con.register("hashed", frame.to_arrow())
        write_parquet(con, "select * from hashed", path, order_by="image_sha256")
