"""Where a lake's objects are, as an area that a service of imagery is asked for."""

import numpy as np
import shapely

from skyloom import duck
from skyloom.duck import quoted
from skyloom.lake import Lake
from skyloom.raw_tables import OBJECTS

CELL = 0.1
# Boxes reach beyond the objects that they show.
MARGIN = 0.02
# What is left where shapes with a common edge are cut from each other.
SLIVER = 1e-9
WORLD = (-180.0, -90.0, 180.0, 90.0)
CELLS = """
    select distinct
        floor((bbox.xmin + bbox.xmax) / 2 / {cell})::integer as col,
        floor((bbox.ymin + bbox.ymax) / 2 / {cell})::integer as row_
    from read_parquet([{files}])
    where bbox is not null
    order by all
"""


def area_of(
    lake: Lake, bbox: tuple[float, float, float, float] | None = None
) -> shapely.MultiPolygon:
    """The cells in which objects have their middle, with a margin; degrees.

    `bbox` is west, south, east and north of what is wanted of it. A lake without
    objects gives an empty area.
    """
    files = ", ".join(quoted(file) for file in lake.files(OBJECTS))
    with duck.connect() as con:
        cells = con.execute(CELLS.format(cell=CELL, files=files)).fetchall()
    if not cells:
        return shapely.MultiPolygon()
    corners = np.array(cells, np.float64) * CELL
    squares = shapely.box(*(corners - MARGIN).T, *(corners + CELL + MARGIN).T)
    whole = shapely.union_all(squares)
    # Notches and holes narrower than a cell are filled: fewer corners to send.
    filled = whole.buffer(CELL / 2, join_style="mitre")
    filled = filled.buffer(-CELL / 2, join_style="mitre").union(whole)
    within = shapely.intersection(filled, shapely.box(*WORLD))
    if bbox is not None:
        within = shapely.intersection(within, shapely.box(*bbox))
    return polygons_of(shapely.set_precision(within, 1e-6).simplify(1e-6))


def polygons_of(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """The polygons of a geometry, without lines, points and slivers."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPolygon([one for one in parts if one.area > SLIVER])
