"""Which places each shard answers for: quadkey tiles with about the same work."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from skyloom import duck
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from skyloom.raw_tables import OBJECTS

# Tiles are split until one holds at most this part of a shard's work ...
GRAIN = 4
# ... or can be split no more: the zoom of a scene's quadkey.
DEEPEST = 23


@dataclass(frozen=True)
class Shard:
    """One of `count` shards: its tiles are quadkey prefixes, none of which two share.

    All shards together cover the world. `n_objects` counts the centres of extents.
    """

    number: int
    count: int
    tiles: tuple[str, ...]
    n_objects: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def shards_of(lake: Lake, count: int) -> list[Shard]:
    """Divide a lake into shards of neighbouring tiles, the same wherever it is asked.

    Raises:
        SkyloomError: nothing is loaded.
    """
    tiles = _tiles(lake, count)
    total = sum(n_objects for _, n_objects in tiles)
    if not total:
        raise SkyloomError(
            "there is nothing to divide: no object is loaded",
            where=str(lake.root),
            remedy="load an extract first",
        )
    members: list[list[tuple[str, int]]] = [[] for _ in range(count)]
    before = 0
    for tile, n_objects in tiles:
        middle = before + n_objects / 2
        members[min(int(middle * count / total), count - 1)].append((tile, n_objects))
        before += n_objects
    return [
        Shard(number, count, tuple(tile for tile, _ in own), sum(n for _, n in own))
        for number, own in enumerate(members, 1)
    ]


def _tiles(lake: Lake, count: int) -> list[tuple[str, int]]:
    """Tiles that cover the world, in quadkey order, and how many objects each has."""
    done: list[tuple[str, int]] = []
    with duck.connect() as con:
        con.execute(
            # A list of the files rather than a glob: a lake's path is anyone's.
            "create temp table places as select st_quadkey("
            "(bbox.xmin + bbox.xmax) / 2, "
            "least(greatest((bbox.ymin + bbox.ymax) / 2, -85.05), 85.05), "
            f"{DEEPEST}) as quadkey from read_parquet("
            f"[{', '.join(map(duck.quoted, lake.files(OBJECTS)))}]) "
            "where bbox is not null"
        )
        row = con.execute("select count(*) from places").fetchone()
        total = int(row[0]) if row else 0
        heavy = {"": total}
        for zoom in range(1, DEEPEST + 1):
            most = total / (GRAIN * count)
            done += [(tile, n) for tile, n in heavy.items() if n <= most]
            split = sorted(tile for tile, n in heavy.items() if n > most)
            if not split:
                return sorted(done)
            found = dict(
                con.execute(
                    f"select quadkey[:{zoom}] as tile, count(*) from places "
                    f"where quadkey[:{zoom - 1}] in "
                    f"({', '.join(map(duck.quoted, split))}) group by tile"
                ).fetchall()
            )
            heavy = {
                tile + digit: found.get(tile + digit, 0)
                for tile in split
                for digit in "0123"
            }
    return sorted(done + list(heavy.items()))


def extents_of(
    tiles: Sequence[str], margin: float
) -> Iterator[tuple[float, float, float, float]]:
    """West, south, east and north of each tile in degrees, and a margin round it.

    Web mercator ends near 85.05 degrees: what lies beyond belongs to the tiles there.
    """
    for tile in tiles:
        # A digit holds one bit of the column and one of the row.
        bits = [divmod(int(digit), 2) for digit in reversed(tile)]
        col = sum(bit << place for place, (_, bit) in enumerate(bits))
        row = sum(bit << place for place, (bit, _) in enumerate(bits))
        n_tiles = 1 << len(tile)
        west, east = (360 * (col + side) / n_tiles - 180 for side in (0, 1))
        north, south = (_latitude(row + side, n_tiles) for side in (0, 1))
        yield west - margin, south - margin, east + margin, north + margin


def _latitude(row: int, n_tiles: int) -> float:
    """Of a tile's upper edge; the inverse of the spherical mercator projection."""
    if row in (0, n_tiles):
        return 90.0 if row == 0 else -90.0
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / n_tiles))))
