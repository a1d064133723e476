"""The painter: pixels depend on place and tags alone."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from shapely.geometry import LineString, Point, Polygon, box

from sample.elements import Elements, find_way, move_way, to_metres
from sample.imagery import DESCRIPTION, STYLES, features, grid_of, write_imagery
from sample.town import town
from skyloom.drawing import Grid, Style, load_styles, paint, style_of
from skyloom.errors import SkyloomError

Styles = tuple[Style, ...]
CRS = "EPSG:32625"
WEST, NORTH = 695_600.0, 5_009_000.0


@pytest.fixture(scope="module")
def styles() -> Styles:
    return load_styles(STYLES)


@pytest.fixture(scope="module")
def elements() -> Elements:
    return town()


def grid(
    west: float = WEST,
    north: float = NORTH,
    width: int = 120,
    height: int = 100,
    gsd: float = 0.5,
) -> Grid:
    return Grid(CRS, Affine(gsd, 0, west, 0, -gsd, north), width, height)


def window(elements: Elements, east: float, north: float, size: int) -> Grid:
    half = size / 4
    return grid(round(east) - half, round(north) + half, size, size)


def styled(tags: dict[str, str], kind: str, styles: Styles) -> Style:
    style = style_of(tags, kind, styles)
    assert style is not None
    return style


def test_every_style_can_be_painted(styles: Styles) -> None:
    shapes = {
        "area": box(WEST + 10, NORTH - 40, WEST + 50, NORTH - 12),
        "line": LineString([(WEST + 2, NORTH - 30), (WEST + 58, NORTH - 20)]),
        "point": Point(WEST + 30, NORTH - 25),
    }
    for style in styles:
        colours = {"fill": style.fill.split(), "edge": style.edge.split()}
        fixed = {k: v[-1] if v else "" for k, v in colours.items()}
        style = Style(**{f: getattr(style, f) for f in Style.__slots__} | fixed)
        plain = paint([], grid())
        drawn = paint([(style, shapes[style.geometry])], grid())
        assert (drawn != plain).any(), style.style_id


def test_what_has_a_height_is_painted_after_the_shadows(styles: Styles) -> None:
    assert [s.style_id for s in styles if s.height_m and s.z_order < 50] == []


def test_first_fitting_row_wins_and_no_is_absent(styles: Styles) -> None:
    tennis = styled({"leisure": "pitch", "sport": "tennis"}, "area", styles)
    assert tennis.texture.endswith("tennis")
    assert styled({"leisure": "pitch"}, "area", styles).texture == "mown"
    assert style_of({"building": "no"}, "area", styles) is None
    assert style_of({"name": "x"}, "point", styles) is None


def test_roof_colour_is_taken_from_the_tag(styles: Styles) -> None:
    tags = {"building": "house", "roof:shape": "gabled"}
    red = styled(tags | {"roof:colour": "red"}, "area", styles).fill
    assert int(red[1:3], 16) > int(red[3:5], 16) + 40
    odd = styled(tags | {"roof:colour": "not a colour"}, "area", styles).fill
    assert odd.startswith("#")


def test_a_sub_window_is_a_crop(elements: Elements, styles: Styles) -> None:
    spot = find_way(elements, "building", "school").refs[0]
    node = next(n for n in elements.nodes if n.id == spot)
    east, north = to_metres(node.lon, node.lat)
    shapes = features(elements, styles)
    whole = window(elements, east, north, 640)
    west, top = whole.transform.c + 133 / 2, whole.transform.f - 71 / 2
    part = grid(west, top, 300, 260)
    large = paint(shapes, whole)[71 : 71 + 260, 133 : 133 + 300]
    small = paint(shapes, part)
    same = (np.abs(large.astype(int) - small) <= 2).all(axis=2).mean()
    assert same > 0.999


def test_paint_does_not_depend_on_the_order_of_features(
    elements: Elements, styles: Styles
) -> None:
    node = next(n for n in elements.nodes if n.tags.get("amenity") == "fountain")
    target = window(elements, *to_metres(node.lon, node.lat), 200)
    shapes = features(elements, styles)
    assert np.array_equal(paint(shapes, target), paint(shapes[::-1], target))


def test_a_hole_keeps_the_ground(styles: Styles) -> None:
    hole = box(WEST + 20, NORTH - 32, WEST + 40, NORTH - 18)
    outer = box(WEST + 5, NORTH - 45, WEST + 55, NORTH - 5)
    lake = Polygon(outer.exterior.coords, [hole.exterior.coords])
    water = styled({"natural": "water", "water": "lake"}, "area", styles)
    plain, drawn = paint([], grid()), paint([(water, lake)], grid())
    inside = (slice(42, 58), slice(46, 74))
    assert np.array_equal(plain[inside], drawn[inside])
    assert (plain[14:30, 20:100] != drawn[14:30, 20:100]).any(axis=2).mean() > 0.95


def test_the_lake_of_the_town_has_its_island(
    elements: Elements, styles: Styles
) -> None:
    lake = next(
        g for s, g in features(elements, styles) if s.value == "water" and g.interiors
    )
    island = Polygon(lake.interiors[0])
    target = window(elements, island.centroid.x, island.centroid.y, 40)
    assert target.transform.a == 0.5
    green, blue = paint(features(elements, styles), target)[..., 1:].mean(axis=(0, 1))
    assert green > blue + 15


def test_shadows_fall_to_the_north_west(styles: Styles) -> None:
    house = box(WEST + 25, NORTH - 30, WEST + 35, NORTH - 20)
    flat = styled({"building": "apartments", "roof:shape": "flat"}, "area", styles)
    plain, drawn = (
        paint([], grid()).astype(int),
        paint([(flat, house)], grid()).astype(int),
    )
    darker = (plain - drawn).sum(axis=2)
    assert darker[32:38, 42:48].mean() > 60
    assert abs(darker[62:68, 72:78].mean()) < 1


def test_moving_a_building_moves_its_pixels_alone(
    elements: Elements, styles: Styles
) -> None:
    school = find_way(elements, "building", "school")
    node = next(n for n in elements.nodes if n.id == school.refs[0])
    east, north = to_metres(node.lon, node.lat)
    near = window(elements, east, north, 200)
    far = window(elements, east - 500, north, 200)
    moved = move_way(elements, school.id, 20, 0)
    before, after = features(elements, styles), features(moved, styles)
    assert not np.array_equal(paint(before, near), paint(after, near))
    assert np.array_equal(paint(before, far), paint(after, far))


def test_bad_rows_are_refused_with_their_line(tmp_path: Path) -> None:
    head = STYLES.read_text().splitlines()[0]
    path = tmp_path / "styles.csv"
    path.write_text(f"{head}\na,building,*,area,60,#fff,,,3,velvet,\n")
    with pytest.raises(SkyloomError, match=r"styles.csv:2.*velvet"):
        load_styles(path)
    path.write_text(f"{head}\na,building,*,area,high,#fff,,,3,flat,\n")
    with pytest.raises(SkyloomError, match=r"styles.csv:2.*high"):
        load_styles(path)


def test_the_cog_says_what_it_is_and_is_the_same_bytes(
    elements: Elements, styles: Styles, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.tif", tmp_path / "two.tif"
    write_imagery(elements, one, gsd_m=4, styles=styles)
    write_imagery(elements, two, gsd_m=4)
    assert one.read_bytes() == two.read_bytes()
    with rasterio.open(one) as image:
        assert image.tags()["TIFFTAG_IMAGEDESCRIPTION"] == DESCRIPTION
        assert image.crs.to_string() == CRS
        assert image.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert image.count == 3
        assert image.transform == grid_of(elements, 4).transform
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.tif", "two.tif"]
