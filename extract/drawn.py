"""Chips painted from the objects of the catalog: imagery that needs no camera."""

import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import shapely

from extract.chips import CatalogReader, FetchError, Grid, Limits, RawChip, Sheet
from extract.outlines import from_lonlat, to_lonlat
from skyloom import drawing

# How far an object outside the box may throw its shadow or its paint.
MARGIN_M = 60.0
Points = npt.NDArray[np.float64]
NEAR = """
    select kind, tags, st_aswkb(geometry)
    from objects
    where bbox.xmin <= $east and bbox.xmax >= $west
      and bbox.ymin <= $north and bbox.ymax >= $south
      and geometry is not null
    order by object_id
"""


class DrawnSource:
    """Paints the request's grid; the same place looks the same in every chip."""

    name = "drawn"
    limits = Limits("drawn", in_flight=4)

    def __init__(self, catalog: CatalogReader, styles: Path) -> None:
        """`styles` is the table of how each tag is painted."""
        self._catalog = catalog
        self._styles = drawing.load_styles(styles)
        self._mine = threading.local()
        self._all: list[duckdb.DuckDBPyConnection] = []

    def fetch(self, sheet: Sheet) -> RawChip:
        """Paint the objects in and around the sheet's grid."""
        grid = sheet.grid
        canvas = drawing.Grid(grid.crs, grid.affine, grid.width_px, grid.height_px)
        try:
            picture = drawing.paint(self._features(grid), canvas)
        except shapely.errors.ShapelyError as error:
            raise FetchError("draw", str(error)) from None
        valid = np.ones(picture.shape[:2], dtype=np.bool_)
        pixels = np.ascontiguousarray(picture.transpose(2, 0, 1))
        return RawChip(pixels, valid, sheet.image_ids)

    def close(self) -> None:
        """Close every thread's connection."""
        for con in self._all:
            con.close()

    def _features(self, grid: Grid) -> list[tuple[drawing.Style, shapely.Geometry]]:
        features = []
        for kind, tags, wkb in self._near(grid):
            style = drawing.style_of(tags, kind, self._styles)
            if style is not None:
                shape = shapely.from_wkb(wkb)
                features.append((style, shapely.transform(shape, _project(grid.crs))))
        return features

    def _near(self, grid: Grid) -> list[tuple[str, dict[str, str], bytes]]:
        a, _, west, _, e, north = grid.transform
        edges = to_lonlat(grid.crs).transform_bounds(
            west - MARGIN_M,
            north + e * grid.height_px - MARGIN_M,
            west + a * grid.width_px + MARGIN_M,
            north + MARGIN_M,
        )
        sides = dict(zip(("west", "south", "east", "north"), edges, strict=True))
        return self._connection().execute(NEAR, sides).fetchall()

    def _connection(self) -> duckdb.DuckDBPyConnection:
        con: duckdb.DuckDBPyConnection | None = getattr(self._mine, "con", None)
        if con is None:
            con = self._catalog.connect()
            # Chips are made side by side already.
            con.execute("set threads = 1")
            self._mine.con = con
            self._all.append(con)
        return con


def _project(crs: str) -> Callable[[Points], Points]:
    to_crs = from_lonlat(crs)

    def project(lonlat: Points) -> Points:
        return np.column_stack(to_crs.transform(lonlat[:, 0], lonlat[:, 1]))

    return project
