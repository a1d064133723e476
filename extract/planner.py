"""Scenes and footprints in, requests out: which image gives which chip. No I/O."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import shapely

from extract.choice import NEAREST, eligible, ranked
from extract.holding import Chip, held_by_one
from extract.pixel_boxes import Grounds, unwrapped
from extract.seams import held_by_several
from extract.tables import schema
from skyloom.errors import SkyloomError
from skyloom.raw_tables import REQUESTS

NO_COVERAGE = "no_coverage"
SIDES = ("west", "south", "east", "north")


def plan(
    scenes: pl.DataFrame,
    footprints: pl.DataFrame,
    sources: pl.DataFrame,
    snapshots: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One request per scene, ordered by scene_id; the order of the inputs is nothing.

    A chip is the pixel-aligned envelope of the scene's box on the grid of the image
    that its source prefers among those that hold the whole box, or else of several
    images on one lattice that hold it together. A scene that none hold has a null
    grid and the reason in `why_not`. `snapshots` says of which day each snapshot is.

    Raises:
        SkyloomError: a source prefers by the snapshots' days, which are not given.
    """
    wanted = schema(REQUESTS)
    parts = [
        _answers(group, ranked(images, choice, day))
        for group, images, choice, day in _groups(
            scenes.sort("scene_id"), footprints, sources, snapshots
        )
    ]
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


def _groups(
    scenes: pl.DataFrame,
    footprints: pl.DataFrame,
    sources: pl.DataFrame,
    snapshots: pl.DataFrame | None,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, str, date | None]]:
    """Scenes that share one order of preference, with their source's images."""
    rules = {row["source"]: row for row in sources.iter_rows(named=True)}
    for (source,), group in scenes.group_by("source", maintain_order=True):
        rule = rules[str(source)]
        images = footprints.filter(pl.col("source") == source)
        images, choice = eligible(images, rule), rule["image_choice"]
        if choice != NEAREST:
            yield group, images, choice, None
            continue
        if snapshots is None:
            raise SkyloomError(
                f"source {source} prefers the images nearest to the snapshot, whose "
                "day is not known here",
                remedy="build the lake, so that its snapshots are published",
            )
        days = snapshots.select(
            pl.col("snapshot").alias("osm_snapshot"), pl.col("snapshot_date")
        )
        dated = group.join(days, on="osm_snapshot", how="left", maintain_order="left")
        for (day,), some in dated.group_by("snapshot_date", maintain_order=True):
            yield some, images, choice, day


def _answers(scenes: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """Scenes with the images and the grid of their chips, best images first."""
    sides = unwrapped(scenes.select(pl.col(SIDES).cast(pl.Float64)).to_numpy())
    rows = images.to_dicts()
    grounds = Grounds(rows)
    chips: list[Chip | None] = [None] * scenes.height
    tree = shapely.STRtree(shapely.box(*sides.T))
    held_by_one(sides, tree, rows, grounds, chips)
    open_ones = np.array([k for k, chip in enumerate(chips) if chip is None], np.int64)
    if open_ones.size:
        found = held_by_several(sides[open_ones], rows, grounds)
        for k, chip in zip(open_ones.tolist(), found, strict=True):
            chips[k] = chip
    return (
        scenes.select("scene_id", "box_id", "source")
        .with_row_index("scene")
        .join(_columns(chips, images), on="scene", how="left")
        .with_columns(
            pl.when(pl.col("crs").is_null()).then(pl.lit(NO_COVERAGE)).alias("why_not")
        )
        .drop("scene")
    )


def _columns(chips: Sequence[Chip | None], images: pl.DataFrame) -> pl.DataFrame:
    """The columns of the chips there are, by `scene`, the place in the sequence."""
    there = [(scene, chip) for scene, chip in enumerate(chips) if chip]
    # Lists are made by polars: a million of Python's take it minutes to read.
    used = pl.DataFrame(
        {
            "scene": [scene for scene, chip in there for _ in chip.images],
            "image": [image for _, chip in there for image in chip.images],
        },
        schema={"scene": pl.UInt32, "image": pl.UInt32},
    )
    sides = [[*chip.transform, chip.width_px, chip.height_px] for _, chip in there]
    grids = pl.DataFrame(
        np.array(sides, np.float64).reshape(-1, 8),
        schema=[*"abcdef", "width_px", "height_px"],
    ).select(
        pl.Series("scene", [scene for scene, _ in there], dtype=pl.UInt32),
        pl.concat_list(*"abcdef").alias("transform"),
        pl.col("width_px", "height_px").cast(pl.Int32),
    )
    named = images.select("source_image_id", "sha256", "crs").with_row_index("image")
    return (
        used.join(named, on="image", how="left", maintain_order="left")
        .group_by("scene", maintain_order=True)
        .agg(
            pl.col("source_image_id").alias("source_image_ids"),
            pl.col("sha256").alias("source_image_sha256s"),
            pl.col("crs").first(),
        )
        .join(grids, on="scene")
    )


def _request_id(row: dict[str, Any]) -> str:
    images = ",".join(
        f"{image}@{content}"
        for image, content in zip(
            row["source_image_ids"] or (),
            row["source_image_sha256s"] or (),
            strict=True,
        )
    )
    # Ten decimals: two machines may differ in the last bits of a double.
    transform = ",".join(f"{number:.10e}" for number in row["transform"] or ())
    size = f"{row['width_px']}x{row['height_px']}"
    parts = [row["box_id"], images, row["crs"], transform, size, row["recipe"]]
    return hashlib.md5("|".join(str(part) for part in parts).encode()).hexdigest()
