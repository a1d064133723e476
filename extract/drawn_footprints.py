"""Footprints of the drawn imagery: one grid per UTM zone that holds objects."""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
from affine import Affine
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from extract import tables
from extract.chips import CatalogReader
from extract.footprints import check_source_code, footprint_file
from extract.outlines import from_lonlat, grid_columns
from skyloom import duck
from skyloom.duck import quoted
from skyloom.lake import Lake, command_line
from skyloom.raw_tables import FOOTPRINTS, OBJECTS, SNAPSHOTS, RawTable

LICENSE = "CC0-1.0"
ATTRIBUTION = "drawn by Skyloom from OpenStreetMap objects, not a photograph"
# Boxes reach beyond the objects that they show.
MARGIN_M = 1500
ZONES = """
    with places as (
        select
            bbox,
            -177 + 6 * floor((bbox.xmin + bbox.xmax + 360) / 12) as middle,
            (bbox.ymin + bbox.ymax) / 2 as lat
        from objects
        where bbox is not null
    ),

    zones as (
        select
            middle,
            lat >= 0 as is_north,
            min(bbox.xmin) as west,
            min(bbox.ymin) as south,
            max(bbox.xmax) as east,
            max(bbox.ymax) as north
        from places
        where lat between -80 and 84 and middle < 180
        group by all
    )

    -- A stray member of a relation may lie oceans away.
    select
        middle,
        is_north,
        greatest(west, middle - 6),
        greatest(south, -80),
        least(east, middle + 6),
        least(north, 84)
    from zones
    order by middle, is_north
"""


def index_drawn(
    lake: Lake,
    catalog: CatalogReader | None,
    *,
    source: str = "DR",
    gsd_m: float = 0.5,
) -> int:
    """Replace a source's footprints by drawn ones and return how many there are.

    Without a catalog, as before the first build, the lake's own objects are used.
    """
    check_source_code(source)
    con = catalog.connect() if catalog else _raw_views(lake)
    with lake.lock(command_line()), con:
        content = _content(con)
        rows = [
            {
                "source": source,
                "kind": "drawn",
                "source_image_id": f"drawn-{crs.removeprefix('EPSG:')}",
                "location": "drawn",
                "band_locations": ["drawn"] * 3,
                "sha256": content,
                "license": LICENSE,
                "attribution": ATTRIBUTION,
                "drawn": True,
                "rgb_bands": [1, 2, 3],
                **grid_columns(crs, *_grid(crs, extent, gsd_m)),
            }
            for crs, extent in _zones(con)
        ]
        frame = pl.DataFrame(rows, schema=tables.schema(FOOTPRINTS))
        path: Path = footprint_file(lake, source)
        tables.write(FOOTPRINTS, frame, path, order_by="source_image_id")
    return len(rows)


def _raw_views(lake: Lake) -> duckdb.DuckDBPyConnection:
    con = duck.connect()
    for table in (OBJECTS, SNAPSHOTS):
        con.execute(f"create view {table.name} as from {_files(lake, table)}")
    return con


def _files(lake: Lake, table: RawTable) -> str:
    return f"read_parquet([{', '.join(quoted(file) for file in lake.files(table))}])"


def _content(con: duckdb.DuckDBPyConnection) -> str:
    """A digest of the snapshots: other objects make another picture."""
    rows = con.execute(
        "select snapshot, sha256 from snapshots order by snapshot, sha256"
    ).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _zones(
    con: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    for middle, is_north, *extent in con.execute(ZONES).fetchall():
        lat = 1.0 if is_north else -1.0
        place = AreaOfInterest(middle, lat, middle, lat)
        zone = query_utm_crs_info(datum_name="WGS 84", area_of_interest=place)[0]
        yield f"EPSG:{zone.code}", (extent[0], extent[1], extent[2], extent[3])


def _grid(
    crs: str, extent: tuple[float, float, float, float], gsd_m: float
) -> tuple[Affine, int, int]:
    """A grid whose corner is a multiple of its GSD, so that all its windows align."""
    west, south, east, north = from_lonlat(crs).transform_bounds(*extent)
    left = math.floor((west - MARGIN_M) / gsd_m)
    top = math.ceil((north + MARGIN_M) / gsd_m)
    width_px = math.ceil((east + MARGIN_M) / gsd_m) - left
    height_px = top - math.floor((south - MARGIN_M) / gsd_m)
    affine = Affine(gsd_m, 0.0, left * gsd_m, 0.0, -gsd_m, top * gsd_m)
    return affine, width_px, height_px
