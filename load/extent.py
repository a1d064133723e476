"""Does an OpenStreetMap file say anything of a place?"""

from collections.abc import Sequence
from pathlib import Path

from load.pbf import decode
from skyloom import duck
from skyloom.lake import Lake
from skyloom.raw_tables import OBJECTS

INSIDE = "lon between $west and $east and lat between $south and $north"
OVERLAPS = """
    bbox.xmin <= $east and bbox.xmax >= $west
    and bbox.ymin <= $north and bbox.ymax >= $south
"""


def reaches(
    lake: Lake | None, files: Sequence[Path], bounds: tuple[float, float, float, float]
) -> bool:
    """Whether a node of the files, or an object of the lake, lies within the bounds.

    Bounds are west, south, east, north in degrees.

    Raises:
        SkyloomError: a file cannot be read.
    """
    west, south, east, north = bounds
    box = {"west": west, "south": south, "east": east, "north": north}
    with duck.connect() as con:
        for file in files:
            decode(file)
            nodes = f"select 1 from st_readosm({duck.quoted(file)})"
            sql = f"{nodes} where kind = 'node' and {INSIDE} limit 1"
            if con.execute(sql, box).fetchone():
                return True
        if lake is None:
            return False
        held = duck.quoted(lake.root / OBJECTS.pattern)
        objects = f"select 1 from read_parquet({held})"
        return bool(con.execute(f"{objects} where {OVERLAPS} limit 1", box).fetchone())
