"""Outlines land on the pixels that the chip's transform gives them."""

import numpy as np
import pyproj
import pytest
import shapely

from explore.outlines import Grid, outline, to_pixels

# 100 x 100 pixels of a hundred-thousandth of a degree, the corner at 7.5 E, 47.001 N.
DEGREES = Grid(
    "EPSG:4326",
    (1e-5, 0.0, 7.5, 0.0, -1e-5, 47.001),
    100,
    100,
    (7.5, 47.0, 7.501, 47.001),
)


def lonlat(*pixels: tuple[float, float]) -> list[tuple[float, float]]:
    return [(7.5 + x * 1e-5, 47.001 - y * 1e-5) for x, y in pixels]


def drawn(geometry: shapely.Geometry, grid: Grid = DEGREES) -> str:
    return outline(shapely.to_wkb(geometry), grid)


def test_a_line() -> None:
    line = shapely.LineString(lonlat((10, 20), (60, 20), (60, 70)))
    assert drawn(line) == "M10,20L60,20L60,70"


def test_a_polygon_with_a_hole() -> None:
    shell = lonlat((10, 10), (90, 10), (90, 90), (10, 90))
    hole = lonlat((40, 40), (40, 60), (60, 60), (60, 40))
    path = drawn(shapely.Polygon(shell, [hole]))
    assert path.count("M") == path.count("Z") == 2
    corners = {frozenset(p.split("L")) for p in path.strip("MZ").split("ZM")}
    assert corners == {
        frozenset({"10,10", "90,10", "90,90", "10,90"}),
        frozenset({"40,40", "40,60", "60,60", "60,40"}),
    }


def test_a_point_is_a_ring_round_its_place() -> None:
    path = drawn(shapely.Point(lonlat((50, 30))[0]))
    assert path == "M46.7,30a3.3,3.3 0 1,0 6.7,0a3.3,3.3 0 1,0 -6.7,0Z"


def test_parts_of_a_multipolygon_are_all_drawn() -> None:
    boxes = [
        shapely.Polygon(lonlat((x, 10), (x + 10, 10), (x + 10, 20), (x, 20)))
        for x in (10, 50)
    ]
    assert drawn(shapely.MultiPolygon(boxes)).count("M") == 2


def test_what_reaches_out_is_cut_just_outside_the_chip() -> None:
    line = shapely.LineString(lonlat((50, 50), (5000, 50)))
    assert drawn(line) == "M50,50L106,50"


def test_what_is_elsewhere_is_not_drawn() -> None:
    assert drawn(shapely.Point(7.6, 47.0)) == ""
    assert drawn(shapely.LineString([(-170, -80), (-160, -80)])) == ""


def test_a_polygon_round_the_chip_shows_no_edge_in_it() -> None:
    path = drawn(shapely.box(7.0, 46.0, 8.0, 48.0))
    xs = {tuple(p.split(",")) for p in path.strip("MZ").split("L")}
    assert xs == {("-6", "-6"), ("-6", "106"), ("106", "-6"), ("106", "106")}


def test_a_polygon_that_crosses_itself_is_drawn() -> None:
    bow_tie = shapely.Polygon(lonlat((10, 10), (90, 90), (90, 10), (10, 90)))
    assert drawn(bow_tie).count("Z") == 2


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:2056", "EPSG:3857"])
def test_projected_grids(crs: str) -> None:
    forward = pyproj.Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    x, y = forward.transform(7.5005, 47.0005)
    grid = Grid(
        crs, (0.5, 0.0, x - 20, 0.0, -0.5, y + 10), 100, 100, (7.5, 47, 7.501, 47.001)
    )
    place = to_pixels(np.array([[7.5005, 47.0005]]), grid)
    assert place == pytest.approx(np.array([[40.0, 20.0]]), abs=1e-4)


def test_a_rotated_grid() -> None:
    grid = Grid("EPSG:4326", (0.0, 1e-5, 7.5, 1e-5, 0.0, 47.0), 9, 9, (7, 46, 8, 48))
    place = to_pixels(np.array([[7.50002, 47.00005]]), grid)
    assert place == pytest.approx(np.array([[5.0, 2.0]]), abs=1e-4)


def test_far_ends_that_a_projection_cannot_hold_are_cut_first() -> None:
    grid = Grid(
        "EPSG:3857", (1.0, 0.0, 834_900.0, 0.0, -1.0, 5_942_100.0), 300, 300,
        (7.5, 47.0, 7.503, 47.003),
    )  # fmt: skip
    path = drawn(shapely.LineString([(7.501, -90), (7.501, 90)]), grid)
    assert path.startswith("M")
    assert "nan" not in path
    assert "inf" not in path
