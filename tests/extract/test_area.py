from collections.abc import Sequence

import polars as pl
import pytest
import shapely

from extract.area import area_of
from skyloom import duck
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import OBJECTS


def put(lake: Lake, places: Sequence[tuple[float, float]], region: str = "r") -> None:
    """Objects at points of a lake."""
    path = lake.root / OBJECTS.pattern.replace("*", region)
    columns = ", ".join(
        f"null::{kind} as {name}"
        for name, kind in OBJECTS.columns.items()
        if name not in ("object_id", "bbox", "geometry")
    )
    rows = pl.DataFrame(places, schema=["lon", "lat"], orient="row").with_row_index()
    with duck.connect() as con:
        con.register("places", rows)
        order = ", ".join(f'"{name}"' for name in OBJECTS.columns)
        con.execute(
            f"create table objects as select {order} from (select 'n' || index "
            "as object_id, {'xmin': lon, 'ymin': lat, 'xmax': lon, 'ymax': lat}"
            "::STRUCT(xmin FLOAT, ymin FLOAT, xmax FLOAT, ymax FLOAT) as bbox, "
            f"st_point(lon, lat) as geometry, {columns} from places)"
        )
        write_parquet(con, "from objects", path, order_by="object_id")


def test_an_empty_lake_has_no_area(lake: Lake) -> None:
    assert area_of(lake).is_empty
    assert area_of(lake, (0, 0, 1, 1)).geom_type == "MultiPolygon"


def test_the_area_holds_the_objects_with_a_margin_and_little_else(lake: Lake) -> None:
    places = [(8.41 + 0.013 * k, 49.0 + 0.007 * k) for k in range(20)]
    put(lake, places)
    area = area_of(lake)
    assert area.geom_type == "MultiPolygon"
    assert len(area.geoms) == 1
    for lon, lat in places:
        assert area.covers(shapely.box(lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01))
    assert area.area < 0.45 * 0.35
    assert shapely.get_num_coordinates(area) <= 20


def test_a_stray_object_is_a_cell_of_its_own(lake: Lake) -> None:
    put(lake, [(8.45, 49.05), (-140.05, -10.05)])
    area = area_of(lake)
    assert sorted(one.bounds for one in area.geoms) == [
        pytest.approx((-140.12, -10.12, -139.98, -9.98)),
        pytest.approx((8.38, 48.98, 8.52, 49.12)),
    ]


def test_two_regions_are_one_area_and_a_bbox_cuts_it(lake: Lake) -> None:
    put(lake, [(8.45, 49.05)], "one")
    put(lake, [(8.55, 49.05)], "two")
    assert area_of(lake).bounds == pytest.approx((8.38, 48.98, 8.62, 49.12))
    cut = area_of(lake, (8.5, 49.0, 8.55, 60.0))
    assert cut.bounds == pytest.approx((8.5, 49.0, 8.55, 49.12))
    assert area_of(lake, (0.0, 0.0, 1.0, 1.0)).is_empty


def test_nothing_lies_beyond_the_world(lake: Lake) -> None:
    put(lake, [(179.999, 89.99), (-179.999, -89.99)])
    west, south, east, north = area_of(lake).bounds
    assert (west, south, east, north) == (-180, -90, 180, 90)


def test_many_objects_are_few_cells(lake: Lake) -> None:
    put(lake, [((k * 37 % 1000) / 1000, (k * 91 % 997) / 997) for k in range(20_000)])
    assert shapely.get_num_coordinates(area_of(lake)) == 5
