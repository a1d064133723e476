"""Which images of a source may be used, and which of them is wanted first."""

from datetime import date
from typing import Any

import polars as pl

NEAREST = "nearest_to_snapshot"
# What comes before the date; among equals the newest, and the undated last.
FIRST_KEYS = {"newest": [], "least_cloudy": ["cloud_fraction"], NEAREST: ["days_off"]}


def eligible(images: pl.DataFrame, source: dict[str, Any]) -> pl.DataFrame:
    """The footprints that a row of the sources table admits; both days belong to it.

    An image without a date is admitted only where no day is set, one that does not
    say how cloudy it is always.
    """
    taken = pl.col("acquired").dt.date()
    wanted = pl.lit(True)
    if source["acquired_from"] is not None:
        wanted &= taken >= source["acquired_from"]
    if source["acquired_to"] is not None:
        wanted &= taken <= source["acquired_to"]
    cloud = pl.col("cloud_fraction")
    return images.filter(
        wanted.fill_null(False),
        cloud.is_null() | (cloud <= source["max_image_cloud_fraction"]),
    )


def ranked(images: pl.DataFrame, choice: str, snapshot: date | None) -> pl.DataFrame:
    """Footprints in order of preference; it is total and ends in source_image_id.

    `snapshot` is the day of the scenes' OSM data, which NEAREST alone asks for;
    where it is unknown the newest image is preferred.
    """
    taken = pl.col("acquired").dt.date()
    days_off = (taken - pl.lit(snapshot, dtype=pl.Date)).dt.total_days().abs()
    first = FIRST_KEYS[choice]
    return (
        images.with_columns(days_off.alias("days_off"))
        .sort(
            [*first, "acquired", "source_image_id"],
            descending=[*(False for _ in first), True, False],
            nulls_last=True,
        )
        .drop("days_off")
    )
