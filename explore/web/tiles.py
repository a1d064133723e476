"""Vector tiles of the map, drawn by DuckDB from the published tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb

from explore.figures import literal, rows, sql
from skyloom.errors import UsageError

LAYERS = ("scenes", "objects")
MARKS = ("split", "kept")
DEEPEST = 22
# Further out, a scene is a few pixels wide and counts in a cell.
BOXES_FROM = 12
OBJECTS_FROM = 11
POINTS_FROM = 15
MOST_BOXES = 2_000
MOST_OBJECTS = 2_000
CELLS = 32
BUFFER = 64 / 4096
# An object narrower than this share of a tile, three pixels, is left out.
LEAST = 3 / 512


@dataclass(frozen=True)
class Tile:
    """One tile of the Web Mercator pyramid; (0, 0) is the north west."""

    layer: str
    z: int
    x: int
    y: int

    def check(self) -> None:
        """Refuse a tile that there is not.

        Raises:
            UsageError: no such layer, or outside the pyramid.
        """
        if self.layer not in LAYERS:
            raise UsageError(f"the map's layers are {' and '.join(LAYERS)}")
        if not 0 <= self.z <= DEEPEST:
            raise UsageError(f"the map's zooms are 0 to {DEEPEST}")
        if not (0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z):
            raise UsageError("the map has no such tile")


@dataclass(frozen=True)
class Drawn:
    """A tile's bytes."""

    tile: bytes


@dataclass(frozen=True)
class Weight:
    """How many scenes touch a tile."""

    n: int


def draw(
    con: duckdb.DuckDBPyConnection, tile: Tile, *, by: str, selection: str | None
) -> bytes:
    """The tile as MVT; empty where nothing is.

    The scenes are boxes in the layer `boxes`, or counted in `cells` where they are
    small or more than `MOST_BOXES`; `by` is split or kept, and makes their `mark`.
    """
    _place(con, tile)
    if tile.layer == "objects":
        drawn = _objects(con, tile)
    else:
        con.execute(f"set variable selection = {literal(selection)}")
        con.execute(sql(f"web_map_by_{by}"))
        drawn = _scenes(con, tile)
    return drawn[0].tile if drawn else b""


def _scenes(con: duckdb.DuckDBPyConnection, tile: Tile) -> tuple[Drawn, ...]:
    if tile.z >= BOXES_FROM:
        (weight,) = rows(con, "web_map_weight", Weight)
        if weight.n <= MOST_BOXES:
            return rows(con, "web_map_boxes", Drawn) if weight.n else ()
    return rows(con, "web_map_cells", Drawn, cells=CELLS)


def _objects(con: duckdb.DuckDBPyConnection, tile: Tile) -> tuple[Drawn, ...]:
    if tile.z < OBJECTS_FROM:
        return ()
    con.execute(f"set variable points = {tile.z >= POINTS_FROM}")
    least = 360 / 2**tile.z * LEAST
    return rows(con, "web_map_objects", Drawn, least=least, most=MOST_OBJECTS)


def _place(con: duckdb.DuckDBPyConnection, tile: Tile) -> None:
    """Say where the tile is, its margin included, in the variables of the queries."""
    con.execute(sql("web_map_macros"))
    size = 2**tile.z
    margin = BUFFER / size
    west, east = tile.x / size, (tile.x + 1) / size
    north, south = tile.y / size, (tile.y + 1) / size
    bounds = {
        "tile_west": _longitude(west),
        "tile_east": _longitude(east),
        # What lies beyond the ends of the projection belongs to its outer tiles.
        "tile_north": _latitude(north) if north > 0 else 90.0,
        "tile_south": _latitude(south) if south < 1 else -90.1,
        "west": _longitude(west - margin),
        "east": _longitude(east + margin),
        "north": _latitude(north - margin) if north > 0 else 90.0,
        "south": _latitude(south + margin) if south < 1 else -90.0,
    }
    for name, value in (bounds | {"z": tile.z, "x": tile.x, "y": tile.y}).items():
        con.execute(f"set variable {name} = {literal(value)}")


def _longitude(share: float) -> float:
    return share * 360 - 180


def _latitude(share: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * share))))
