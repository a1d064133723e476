"""A real extract gives the same bytes always, whole or cut out."""

from pathlib import Path

import duckdb
import osmium
import polars as pl
import pytest
import shapely
from osmium.osm import Node, Way

from load.clip import clip_of_box
from load.osm import LoadOptions, load_osm
from skyloom.lake import Lake

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def monaco(real_data: Path) -> Path:
    return real_data / "osm" / "monaco_quackosm.osm.pbf"


def test_threads_and_memory_change_no_byte(monaco: Path, tmp_path: Path) -> None:
    contents = []
    for number, options in enumerate(
        (
            LoadOptions(threads=1),
            LoadOptions(threads=2, memory_limit="150MB"),
            LoadOptions(threads=4),
        )
    ):
        lake = Lake.open(tmp_path / str(number), create=True)
        (result,) = load_osm(lake, [monaco], options=options)
        assert result.snapshot == "monaco_quackosm@2023-12-26"
        contents.append({x.name: x.read_bytes() for x in result.path.iterdir()})
    assert sorted(contents[0]) == [
        "objects.parquet",
        "rejects.parquet",
        "snapshot.parquet",
    ]
    assert contents[0] == contents[1] == contents[2]


def test_objects_stand_in_order_of_place(monaco: Path, tmp_path: Path) -> None:
    """The sort is below other steps of its query, which have to keep its order."""
    lake = Lake.open(tmp_path / "lake", create=True)
    (result,) = load_osm(lake, [monaco])
    con = duckdb.connect()
    con.execute("load spatial")
    world = "{'min_x': -180, 'min_y': -90, 'max_x': 180, 'max_y': 90}::box_2d"
    middle = "((bbox.xmin + bbox.xmax) / 2)::double, ((bbox.ymin + bbox.ymax) / 2)"
    file = f"read_parquet('{result.path}/objects.parquet', file_row_number = true)"
    rows = con.execute(
        f"select st_hilbert({middle}::double, {world}), osm_type, osm_id "
        f"from {file} order by file_row_number"
    ).fetchall()
    assert rows == sorted(rows)


def test_a_box_keeps_what_touches_it(monaco: Path, tmp_path: Path) -> None:
    clip = clip_of_box("7.41,43.73,7.42,43.74")
    lake = Lake.open(tmp_path / "lake", create=True)
    (whole,) = load_osm(lake, [monaco])
    (part,) = load_osm(lake, [monaco], options=LoadOptions(clip=clip))
    assert part.snapshot == f"monaco_quackosm-{clip.digest[:8]}@2023-12-26"
    objects = pl.read_parquet(whole.path / "objects.parquet")
    box = shapely.from_wkb(clip.wkb)
    touching = [
        object_id
        for object_id, wkb in objects.select("object_id", "geometry").iter_rows()
        if shapely.from_wkb(wkb).intersects(box)
    ]
    kept = pl.read_parquet(part.path / "objects.parquet")["object_id"]
    assert 0 < len(touching) < len(objects)
    assert sorted(kept) == sorted(touching)


def test_versions_and_times_come_from_the_file(monaco: Path, tmp_path: Path) -> None:
    expected = {
        (one.type_str(), one.id): (one.version, one.timestamp.replace(tzinfo=None))
        for one in osmium.FileProcessor(monaco)
        if isinstance(one, Node | Way)
    }
    lake = Lake.open(tmp_path / "lake", create=True)
    (result,) = load_osm(lake, [monaco])
    objects = pl.read_parquet(result.path / "objects.parquet")
    columns = ("osm_type", "osm_id", "osm_version", "osm_timestamp")
    rows = objects.filter(pl.col("osm_type") != "relation").select(columns).iter_rows()
    for kind, osm_id, version, stamp in rows:
        assert (version, stamp) == expected[kind[0], osm_id]
