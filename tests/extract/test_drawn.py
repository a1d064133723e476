import csv
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from extract.chips import ChipRequest, RawChip, Sheet, as_requests
from extract.drawn import DrawnSource
from extract.drawn_footprints import index_drawn
from extract.fetcher import FetchResult, fetch
from extract.tables import read
from skyloom import drawing
from skyloom.lake import Lake
from skyloom.raw_tables import LEDGER
from tests.extract.builders import Box, StandIn, planned, scene, source_row

OBJECTS = """
    create table snapshots as select 'town' as snapshot, 'abc' as sha256;
    create table objects as
    select
        object_id,
        kind,
        map([key], [value]) as tags,
        st_makeenvelope(x, y, x + 0.0008, y + 0.0005) as geometry,
        {'xmin': x, 'ymin': y, 'xmax': x + 0.0008, 'ymax': y + 0.0005} as bbox
    from (values
        ('a1', 'area', 'natural', 'water', 8.5000, 47.1000),
        ('a2', 'area', 'building', 'yes', 8.5003, 47.1002),
        ('a3', 'area', 'boundary', 'administrative', 8.5001, 47.1001),
        ('a4', 'area', 'natural', 'water', 8.7000, 47.3000)
    ) as objects (object_id, kind, key, value, x, y)
"""
STYLES = [
    ["w", "natural", "water", "area", "10", "#2040c0", "", "0", "0", "flat", ""],
    ["b", "building", "*", "area", "60", "#c04020", "", "0", "6", "flat", ""],
]
HEAD = [field.name for field in fields(drawing.Style)]


@pytest.fixture
def styles(tmp_path: Path) -> Path:
    path = tmp_path / "styles.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEAD, *STYLES])
    return path


def town(*boxes: Box) -> StandIn:
    scenes = [scene(f"a{k}_DR", box, "DR") for k, box in enumerate(boxes)]
    return StandIn(scenes, [source_row("DR", "drawn")], OBJECTS)


def chip_of(lake: Lake, box: Box, styles: Path) -> tuple[ChipRequest, RawChip]:
    catalog = town(box)
    index_drawn(lake, catalog)
    (request,) = as_requests(planned(lake, catalog))
    source = DrawnSource(catalog, styles)
    try:
        return request, source.fetch(Sheet.of(request))
    finally:
        source.close()


BOX = (8.4998, 47.0998, 8.5012, 47.1009)


def test_objects_are_painted_where_they_lie(lake: Lake, styles: Path) -> None:
    request, chip = chip_of(lake, BOX, styles)
    assert chip.pixels.shape == (3, request.grid.height_px, request.grid.width_px)
    assert chip.valid.all()
    red, _, blue = chip.pixels.astype(int)
    height, width = red.shape
    # The water fills the box's lower left, the building lies across its corner.
    at = (slice(int(0.78 * height), int(0.8 * height)), slice(width // 5, width // 4))
    assert (blue[at] > red[at] + 60).all()
    at = (slice(height // 2, height // 2 + 9), slice(width // 2, width // 2 + 9))
    assert (red[at] > blue[at] + 60).all()


def test_a_place_looks_the_same_in_two_chips(lake: Lake, styles: Path) -> None:
    one, left = chip_of(lake, BOX, styles)
    two, right = chip_of(lake, (8.5002, *BOX[1:]), styles)
    shift = round((two.grid.transform[2] - one.grid.transform[2]) / 0.5)
    drop = round((one.grid.transform[5] - two.grid.transform[5]) / 0.5)
    assert shift > 20
    rows = min(left.pixels.shape[1] - drop, right.pixels.shape[1])
    cols = min(left.pixels.shape[2] - shift, right.pixels.shape[2])
    first = left.pixels[:, drop : drop + rows, shift : shift + cols]
    assert np.array_equal(first, right.pixels[:, :rows, :cols])


def test_drawn_chips_say_so_in_the_ledger(lake: Lake, styles: Path) -> None:
    catalog = town(BOX, (8.7, 47.2999, 8.701, 47.3005))
    index_drawn(lake, catalog)
    assert fetch(lake, catalog, styles=styles) == FetchResult(2, 2, 0, 0, 0)
    rows = read(lake, LEDGER)
    assert rows["drawn"].to_list() == [True, True]
    assert all("_DR_xx_" in path for path in rows["filepath"])


def test_another_snapshot_is_another_picture(lake: Lake, styles: Path) -> None:
    catalog = town(BOX)
    index_drawn(lake, catalog)
    fetch(lake, catalog, styles=styles)
    catalog.sql = OBJECTS.replace("'abc'", "'abd'")
    index_drawn(lake, catalog)
    assert fetch(lake, catalog, styles=styles) == FetchResult(1, 1, 0, 0, 0)
