"""The answers of `skyloom classify` as files: GeoParquet, CSV or JSON by the suffix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from skyloom import duck
from skyloom.errors import UsageError
from skyloom.geoparquet import write_parquet
from skyloom.row_files import write_csv, write_json

if TYPE_CHECKING:
    from captioning.classify import Classified

SUFFIXES = (".parquet", ".csv", ".json")
_TILE = {
    "raster": pl.String,
    **dict.fromkeys(("col_px", "row_px", "width_px", "height_px"), pl.Int64),
    **dict.fromkeys(("west", "south", "east", "north"), pl.Float64),
}
_ANSWER = {"rank": pl.Int64, "label": pl.String, "probability": pl.Float64}


def check_out(path: Path) -> None:
    """Refuse a file that answers cannot be written to.

    Raises:
        UsageError: the suffix is another than SUFFIXES.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            "answers cannot be written to such a file",
            where=str(path),
            remedy=f"let its name end in {', '.join(SUFFIXES)}",
        )


def answers_frame(done: Classified, *, tiles: bool) -> pl.DataFrame:
    """The rows as a frame, with all columns also where there is no row."""
    first = _TILE if tiles else {"image": pl.String}
    return pl.DataFrame(done.rows, schema={**first, **_ANSWER})


def write_answers(frame: pl.DataFrame, path: Path) -> int:
    """Write the rows, whole or not at all, and return how many there are.

    Tiles go to Parquet as GeoParquet, with their outline in longitude and latitude.

    Raises:
        SkyloomError: the file could not be written.
    """
    with duck.connect() as con:
        con.register("answers", frame.to_arrow())
        if path.suffix.lower() == ".parquet":
            return write_parquet(con, _placed(frame), path, order_by=None)
        if path.suffix.lower() == ".csv":
            return write_csv(con, "from answers", path)
        return write_json(con, "from answers", path)


def _placed(frame: pl.DataFrame) -> str:
    if "west" not in frame.columns:
        return "from answers"
    # Outward by what a float of that size may be off.
    sides = {"xmin": "west - 2e-5", "ymin": "south - 2e-5"}
    sides |= {"xmax": "east + 2e-5", "ymax": "north + 2e-5"}
    names = ", ".join(f"'{name}': ({side})::float" for name, side in sides.items())
    return f"""
        select
            *,
            case when west is not null then {{{names}}} end as bbox,
            st_makeenvelope(west, south, east, north) as geometry
        from answers
    """
