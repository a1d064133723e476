"""Scenes and footprints in, requests out: which image gives which chip. No I/O."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from extract.outlines import from_lonlat
from extract.tables import schema
from skyloom.raw_tables import REQUESTS

POINTS_PER_SIDE = 9
# A box on the very edge of a pixel must not gain a pixel through rounding.
TOLERANCE_PX = 1e-6
CHUNK = 20_000
NO_COVERAGE = "no_coverage"
Floats = npt.NDArray[np.float64]
SIDES = ("west", "south", "east", "north")
TAKEN = ("source_image_id", "sha256", "crs")
WINDOW = pl.Schema(
    {
        "scene": pl.UInt32(),
        "image": pl.UInt32(),
        "transform": pl.List(pl.Float64()),
        "width_px": pl.Int64(),
        "height_px": pl.Int64(),
    }
)


def plan(
    scenes: pl.DataFrame, footprints: pl.DataFrame, sources: pl.DataFrame
) -> pl.DataFrame:
    """One request per scene, ordered by scene_id; the order of the inputs is nothing.

    A chip is the pixel-aligned envelope of the scene's box on the grid of the newest
    image that holds the whole box. A scene that no image holds has a null grid and
    the reason in `why_not`.
    """
    scenes = scenes.sort("scene_id")
    parts = []
    for (source,), group in scenes.group_by("source", maintain_order=True):
        images = footprints.filter(pl.col("source") == source).sort("source_image_id")
        for start in range(0, group.height, CHUNK):
            parts.append(_choose(group.slice(start, CHUNK), images))
    wanted = schema(REQUESTS)
    if not parts:
        return pl.DataFrame(schema=wanted)
    recipes = sources.select("source", pl.col("recipe").cast(pl.String))
    requests = pl.concat(parts).join(recipes, on="source", how="left")
    ids = [_request_id(row) for row in requests.iter_rows(named=True)]
    return (
        requests.with_columns(pl.Series("request_id", ids, dtype=pl.String))
        .select(wanted.names())
        .cast(wanted)
        .sort("scene_id")
    )


def _choose(scenes: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """The newest image that holds each scene's box; undated ones come last."""
    scenes = scenes.select("scene_id", "box_id", "source", *SIDES)
    images = images.with_row_index("image")
    held = (
        pl.concat([pl.DataFrame(schema=WINDOW), *_windows(scenes, images)])
        .join(images.select("image", "acquired", *TAKEN), on="image")
        .sort(
            ["scene", "acquired", "source_image_id"],
            descending=[False, True, False],
            nulls_last=True,
        )
        .unique("scene", keep="first", maintain_order=True)
    )
    return (
        scenes.with_row_index("scene")
        .join(held, on="scene", how="left")
        .select(
            "scene_id",
            "box_id",
            "source",
            pl.when(pl.col("image").is_not_null())
            .then(pl.concat_list("source_image_id"))
            .alias("source_image_ids"),
            pl.when(pl.col("image").is_not_null())
            .then(pl.concat_list("sha256"))
            .alias("source_image_sha256s"),
            pl.col("sha256").alias("content"),
            "crs",
            "transform",
            "width_px",
            "height_px",
            pl.when(pl.col("image").is_null())
            .then(pl.lit(NO_COVERAGE))
            .alias("why_not"),
        )
    )


def _windows(scenes: pl.DataFrame, images: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """For each image, the scenes it holds whole and their windows on its grid."""
    sides = scenes.select(pl.col(SIDES).cast(pl.Float64)).to_numpy(writable=True)
    # A box across the antimeridian has its east behind its west.
    sides[:, 2] += np.where(sides[:, 2] < sides[:, 0], 360.0, 0.0)
    tree = shapely.STRtree(shapely.box(*sides.T))
    for image in images.iter_rows(named=True):
        bounds = [image["bbox"][side] for side in ("xmin", "ymin", "xmax", "ymax")]
        near = np.sort(tree.query(shapely.box(*bounds)))
        if near.size:
            yield _held(near, sides[near], image)


def _held(
    scene: npt.NDArray[np.int64], sides: Floats, image: dict[str, Any]
) -> pl.DataFrame:
    a, _, c, _, e, f = image["transform"]
    with np.errstate(invalid="ignore"):
        x, y = from_lonlat(image["crs"]).transform(*_edges(sides))
        cols, rows = (np.asarray(x) - c) / a, (np.asarray(y) - f) / e
        left = np.floor(cols.min(axis=1) + TOLERANCE_PX)
        right = np.ceil(cols.max(axis=1) - TOLERANCE_PX)
        top = np.floor(rows.min(axis=1) + TOLERANCE_PX)
        bottom = np.ceil(rows.max(axis=1) - TOLERANCE_PX)
        # What lies outside the projection is infinite and so held by nothing.
        whole = (left >= 0) & (top >= 0) & (left < right) & (top < bottom)
        whole &= (right <= image["width_px"]) & (bottom <= image["height_px"])
    left, right, top, bottom = left[whole], right[whole], top[whole], bottom[whole]
    transforms = [
        [a, 0.0, corner_x, 0.0, e, corner_y]
        for corner_x, corner_y in zip(
            (a * left + c).tolist(), (e * top + f).tolist(), strict=True
        )
    ]
    columns = {
        "scene": scene[whole],
        "image": np.full(left.size, image["image"]),
        "transform": transforms,
        "width_px": (right - left).astype(np.int64),
        "height_px": (bottom - top).astype(np.int64),
    }
    return pl.DataFrame(columns, schema=WINDOW)


def _edges(sides: Floats) -> tuple[Floats, Floats]:
    """Points along the edges of boxes, longitudes and latitudes of (boxes, points)."""
    west, south, east, north = (side[:, None] for side in sides.T)
    part = np.linspace(0.0, 1.0, POINTS_PER_SIDE)[None, :]
    # Not west + part * (east - west): that misses the east edge by a rounding.
    lon, lat = west * (1 - part) + east * part, south * (1 - part) + north * part
    still = np.ones_like(part)
    return (
        np.concatenate([lon, lon, west * still, east * still], axis=1),
        np.concatenate([south * still, north * still, lat, lat], axis=1),
    )


def _request_id(row: dict[str, Any]) -> str:
    images = ",".join(
        f"{image}@{row['content']}" for image in row["source_image_ids"] or ()
    )
    # Ten decimals: two machines may differ in the last bits of a double.
    transform = ",".join(f"{number:.10e}" for number in row["transform"] or ())
    size = f"{row['width_px']}x{row['height_px']}"
    parts = [row["box_id"], images, row["crs"], transform, size, row["recipe"]]
    return hashlib.md5("|".join(str(part) for part in parts).encode()).hexdigest()
