"""What stands in the place of pixels that cannot be passed on: boxes and recipes."""

import csv
from pathlib import Path

from skyloom.geoparquet import write_parquet
from skyloom.release.folder import once
from skyloom.release.names import csv_text
from skyloom.release.pairs import Pairs
from skyloom.release.records import as_json

# Who may use the source cuts `width_px` x `height_px` pixels at `transform` in `crs`
# out of `source_image_ids`, the first on top, and makes bytes of them as `recipe` says.
QUERY = """
select
    image_id,
    source,
    left_out,
    license,
    attribution,
    source_image_ids,
    west,
    south,
    east,
    north,
    crs,
    transform,
    width_px,
    height_px,
    recipe,
    sha256,
    acquired,
    acquired_precision,
    country,
    split,
    title,
    title_multi_objects,
    polished
from left_out
"""
REASONS = """
select source, left_out, count(*) as n
from left_out
group by source, left_out
order by source, left_out
"""
TEXTS = ("license", "attribution", "title", "title_multi_objects", "polished")


def write_recipes(pairs: Pairs, folder: Path) -> None:
    """`recipes.parquet` and `recipes.csv`, where a pair has no pixels in it."""
    if not pairs.n_left_out:
        return
    once(
        folder / "recipes.parquet",
        lambda part: write_parquet(pairs.con, QUERY, part, order_by="image_id"),
    )
    once(folder / "recipes.csv", lambda part: _write_csv(pairs, part))


def left_out(pairs: Pairs) -> list[str]:
    """What is left out and why, a phrase for each source and reason."""
    return [
        f"{row['n']} of source {row['source']} ({row['left_out']})"
        for row in pairs.ask(REASONS)
    ]


def _write_csv(pairs: Pairs, part: Path) -> None:
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, row in enumerate(pairs.ask(f"{QUERY} order by image_id")):
            if not number:
                writer.writerow(row)
            writer.writerow(
                csv_text(value)
                if name in TEXTS
                else as_json(value)
                if isinstance(value, list)
                else value
                for name, value in row.items()
            )
