"""Image files the user named -> footprints: what each holds, on which grid."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from extract import rasters, tables
from extract.acquired import parse_acquired
from extract.identity import identity
from extract.locations import is_gone, locations, stem
from extract.outlines import grid_columns
from skyloom.errors import UsageError
from skyloom.lake import Lake, command_line
from skyloom.raw_tables import FOOTPRINTS

SOURCE_CODE = re.compile(r"[A-Z0-9]{2}")
# A source stands for one resolution: boxes are sized in its pixels.
MAX_GSD_RATIO = 1.10
Row = dict[str, Any]


def index_files(
    lake: Lake,
    files: Sequence[str | Path],
    *,
    source: str = "LF",
    acquired: str | None = None,
    license: str | None = None,  # noqa: A002 - the column's name
    attribution: str | None = None,
    bands: tuple[int, int, int] | None = None,
    scale: tuple[float, float] | None = None,
) -> int:
    """Add image files to a source and return how many images it then holds.

    Files are paths, patterns of paths, or http, https and s3 URLs. What is not given
    stays as it is for a file that is indexed already, except the date of a file whose
    content changed. `bands` are 1-based red, green, blue; `scale` the values shown as
    black and white, which values that are no bytes need.

    Raises:
        UsageError: a bad code, date, band or range; a pattern without files; a file
            that `check_raster` refuses; or different resolutions in one source.
    """
    check_source_code(source)
    moment, precision = parse_acquired(acquired) if acquired else (None, None)
    if scale and not scale[0] < scale[1]:
        raise UsageError(
            f"the range {scale[0]:g},{scale[1]:g} is empty",
            remedy="give the value of black, then the larger one of white",
        )
    given: Row = {"license": license, "attribution": attribution}
    with lake.lock(command_line()):
        rows = _known(lake, source)
        for location in locations(files):
            shown = scale or _range_of(rows, location)
            row = {**_describe(location, bands, shown), "source": source, **given}
            row |= {"acquired": moment, "acquired_precision": precision}
            _merge(rows, row)
        _check_one_gsd(rows, source)
        frame = pl.DataFrame(rows, schema=tables.schema(FOOTPRINTS))
        tables.write(
            FOOTPRINTS, frame, footprint_file(lake, source), order_by="source_image_id"
        )
    return len(rows)


def check_source_code(source: str) -> None:
    """Make sure that a code can stand in a published file name.

    Raises:
        UsageError: it is not two characters of A-Z and 0-9.
    """
    if not SOURCE_CODE.fullmatch(source):
        raise UsageError(
            f"{source!r} is not a source code",
            remedy="give two characters of A-Z and 0-9 with `--source-code`",
        )


def footprint_file(lake: Lake, source: str) -> Path:
    """The file that holds a source's footprints."""
    return lake.root / FOOTPRINTS.pattern.replace("*", source)


def _describe(
    location: str, bands: Sequence[int] | None, scale: tuple[float, float] | None
) -> Row:
    low, high = scale or (None, None)
    rasters.check_raster(location, scaled=scale is not None)
    with rasters.open_raster(location) as image:
        rgb = rasters.rgb_bands(image, bands)
        return {
            "kind": "file",
            "source_image_id": stem(location),
            "location": location,
            "band_locations": [location] * 3,
            "sha256": identity(image, location, low, high),
            "rgb_bands": rgb,
            "alpha_band": rasters.alpha_band(image, rgb),
            "nodata": image.nodata,
            "scale_min": low,
            "scale_max": high,
            "drawn": rasters.is_drawn(image),
            **grid_columns(
                rasters.crs_text(image.crs), image.transform, image.width, image.height
            ),
        }


def _range_of(rows: Sequence[Row], location: str) -> tuple[float, float] | None:
    for row in rows:
        if row["location"] == location and row["scale_min"] is not None:
            return row["scale_min"], row["scale_max"]
    return None


def _known(lake: Lake, source: str) -> list[Row]:
    rows = tables.read(lake, FOOTPRINTS).filter(pl.col("source") == source)
    return rows.sort("source_image_id").to_dicts()


def _merge(rows: list[Row], row: Row) -> None:
    """Put a described file in the place of the image it is, or at the end."""
    stem, sha256 = row["source_image_id"], row["sha256"]
    named = [
        old
        for old in rows
        if old["source_image_id"] in (stem, f"{stem}-{old['sha256'][:6]}")
    ]
    same = (
        [old for old in named if old["location"] == row["location"]]
        or [old for old in named if old["sha256"] == sha256]
        or [old for old in named if is_gone(old["location"])]
    )
    if not same:
        # Two folders may hold different images of one name; both are kept.
        row["source_image_id"] = f"{stem}-{sha256[:6]}" if named else stem
        rows.append(row)
        return
    old = same[0]
    kept = ["license", "attribution"]
    if old["sha256"] == sha256:
        kept += ["acquired", "acquired_precision"]
    if row["acquired"] is not None:
        kept = ["license", "attribution"]
    stays = {name: old[name] for name in kept if row[name] is None}
    old.update({**row, **stays, "source_image_id": old["source_image_id"]})


def _check_one_gsd(rows: Sequence[Row], source: str) -> None:
    if not rows:
        return
    finest = min(rows, key=lambda row: (row["gsd_m"], row["source_image_id"]))
    coarsest = max(rows, key=lambda row: (row["gsd_m"], row["source_image_id"]))
    if coarsest["gsd_m"] > finest["gsd_m"] * MAX_GSD_RATIO:
        raise UsageError(
            f"{finest['source_image_id']} has {finest['gsd_m']:.3g} m per pixel and "
            f"{coarsest['source_image_id']} {coarsest['gsd_m']:.3g} m, but source "
            f"{source} stands for one resolution",
            remedy="index one of them under another `--source-code`",
        )


def acquired_year(acquired: datetime | None) -> str:
    """Two digits of the year for file names, xx where it is unknown."""
    return f"{acquired.year % 100:02d}" if acquired else "xx"
