"""Tiles cover the world once, share out the work, and lie where mercator says."""

from itertools import pairwise

import duckdb
import pytest

from skyloom import duck
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from skyloom.raw_tables import BBOX
from skyloom.shards.tiling import extents_of, shards_of


def place_objects(lake: Lake, points: str) -> None:
    folder = lake.root / "osm" / "x@1"
    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute(
            "copy (select {'xmin': x - 0.001, 'ymin': y - 0.001, 'xmax': x + 0.001, "
            f"'ymax': y + 0.001}}::{BBOX} as bbox from ({points})) "
            f"to '{folder}/objects.parquet'"
        )


@pytest.fixture
def lake(tmp_path):
    return Lake.open(tmp_path / "lake", create=True)


def test_shards_cover_the_world_once_and_hold_about_the_same(lake):
    # A city, a village and two far corners.
    place_objects(
        lake,
        "select 8 + n % 30 / 270 as x, 47 + n // 30 / 270 as y from range(900) t (n) "
        "union all select 9 + n / 9000, 47 from range(90) t (n) union all "
        "select 180, 89 union all select -180, -89",
    )
    shards = shards_of(lake, 4)
    assert [str(shard) for shard in shards] == ["1/4", "2/4", "3/4", "4/4"]
    assert sum(shard.n_objects for shard in shards) == 992
    assert all(200 < shard.n_objects < 300 for shard in shards)
    tiles = [tile for shard in shards for tile in shard.tiles]
    assert tiles == sorted(tiles)
    # No tile lies in another, and together they have the world's area.
    assert sum(4.0 ** -len(tile) for tile in tiles) == 1
    assert not any(b.startswith(a) for a, b in pairwise(tiles))
    assert shards_of(lake, 4) == shards


def test_more_shards_than_objects_leave_some_empty(lake):
    place_objects(lake, "select 8.0 as x, 47.0 as y union all select 8.0, 47.0")
    shards = shards_of(lake, 3)
    assert sorted(shard.n_objects for shard in shards) == [0, 0, 2]


def test_an_empty_lake_cannot_be_divided(lake):
    with pytest.raises(SkyloomError, match="nothing to divide"):
        shards_of(lake, 2)


def test_the_extent_of_a_tile_is_where_duckdb_finds_its_points():
    tiles = ["0", "3", "120", "0312323", "21021"]
    with duck.connect() as con:
        for tile, (west, south, east, north) in zip(
            tiles, extents_of(tiles, 0.0), strict=True
        ):
            inside = [
                ((west + east) / 2, min(max((south + north) / 2, -85), 85)),
                (west + 1e-9, max(south + 1e-9, -85)),
                (east - 1e-9, min(north - 1e-9, 85)),
            ]
            for lon, lat in inside:
                row = con.execute(
                    f"select st_quadkey({lon}, {lat}, {len(tile)})"
                ).fetchone()
                assert row == (tile,)


def test_the_tiles_at_the_ends_of_the_map_reach_the_poles():
    assert list(extents_of(["0", "2"], 0.5)) == [
        (-180.5, -0.5, 0.5, 90.5),
        (-180.5, -90.5, 0.5, 0.5),
    ]
