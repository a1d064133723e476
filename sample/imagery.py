"""Paint the elements of a town as a cloud-optimised GeoTIFF."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.shutil
import shapely
from affine import Affine
from rasterio.io import MemoryFile
from shapely.geometry import LineString, Point, Polygon

from sample.elements import CRS, Elements, Relation, Way, to_metres
from skyloom.drawing import Grid, Style, load_styles, paint, style_of

STYLES = Path(__file__).parents[1] / "dbt_project" / "seeds" / "drawn_styles.csv"
DESCRIPTION = "drawn by Skyloom, not a photograph"
TAKEN = "2024:06:01 10:00:00"
MARGIN_M = 150.0
Feature = tuple[Style, shapely.Geometry]


def features(elements: Elements, styles: Sequence[Style]) -> list[Feature]:
    """Everything that leaves a trace from above, in metres of the sample's CRS.

    A closed way is an area where the table has a style for it as one, unless it is
    tagged `area=no`; an incomplete multipolygon is nothing.
    """
    places = {node.id: to_metres(node.lon, node.lat) for node in elements.nodes}
    ways = {way.id: way for way in elements.ways}
    found: list[tuple[Style | None, shapely.Geometry]] = []
    for node in elements.nodes:
        if node.tags:
            shape = Point(places[node.id])
            found.append((style_of(node.tags, "point", styles), shape))
    for way in elements.ways:
        known = all(ref in places for ref in way.refs)
        if not way.tags or not known or len(way.refs) < 2:
            continue
        line = [places[ref] for ref in way.refs]
        area = way.closed and way.tags.get("area") != "no"
        style = style_of(way.tags, "area", styles) if area else None
        if style:
            found.append((style, Polygon(line)))
        else:
            found.append((style_of(way.tags, "line", styles), LineString(line)))
    for relation in elements.relations:
        style = style_of(relation.tags, "area", styles)
        if relation.tags.get("type") == "multipolygon" and style:
            found.append((style, _rings(relation, ways, places)))
    return [(style, shape) for style, shape in found if style and not shape.is_empty]


def _rings(
    relation: Relation,
    ways: dict[int, Way],
    places: dict[int, tuple[float, float]],
) -> shapely.Geometry:
    """Outer rings less inner rings; empty when a member is missing."""
    rings: dict[str, list[shapely.Geometry]] = {"outer": [], "inner": []}
    for _, ref, role in relation.members:
        if ref not in ways:
            return Polygon()
        line = LineString([places[node] for node in ways[ref].refs])
        rings.setdefault(role, []).append(line)
    outer, inner = (
        shapely.union_all(list(shapely.polygonize(rings[role]).geoms))
        for role in ("outer", "inner")
    )
    return outer.difference(inner)


def grid_of(elements: Elements, gsd_m: float) -> Grid:
    """Pixel grid over all nodes and a margin, aligned to whole pixels of the CRS."""
    places = np.array([to_metres(node.lon, node.lat) for node in elements.nodes])
    step = gsd_m
    west, south = np.floor((places.min(axis=0) - MARGIN_M) / step) * step
    east, north = np.ceil((places.max(axis=0) + MARGIN_M) / step) * step
    return Grid(
        CRS,
        Affine(gsd_m, 0, float(west), 0, -gsd_m, float(north)),
        math.ceil((east - west) / gsd_m),
        math.ceil((north - south) / gsd_m),
    )


def write_imagery(
    elements: Elements,
    path: Path,
    gsd_m: float = 0.5,
    styles: Sequence[Style] | None = None,
) -> None:
    """Paint a town and write it as a COG (JPEG inside); equal input, equal bytes.

    Args:
        elements: The town.
        path: Replaced in one step.
        gsd_m: Metres per pixel.
        styles: How tags are painted; the project's own table by default.
    """
    table = load_styles(STYLES) if styles is None else styles
    grid = grid_of(elements, gsd_m)
    write_cog(paint(features(elements, table), grid), grid, path)


def write_cog(picture: npt.NDArray[np.uint8], grid: Grid, path: Path) -> None:
    """Write RGB pixels, shape (height, width, 3), that say what they are."""
    partial = path.with_name(f".{path.name}.partial.tif")
    profile = {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": 3,
        "dtype": "uint8",
        "crs": grid.crs,
        "transform": grid.transform,
        "photometric": "RGB",
        "interleave": "pixel",
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as plain:
            plain.write(np.moveaxis(picture, 2, 0))
            plain.update_tags(
                TIFFTAG_IMAGEDESCRIPTION=DESCRIPTION,
                TIFFTAG_DATETIME=TAKEN,
                TIFFTAG_SOFTWARE="skyloom",
            )
        with memory.open() as plain:
            rasterio.shutil.copy(
                plain,
                partial,
                driver="COG",
                COMPRESS="JPEG",
                QUALITY=92,
                BLOCKSIZE=512,
                OVERVIEW_RESAMPLING="AVERAGE",
                NUM_THREADS=1,
            )
    partial.replace(path)
