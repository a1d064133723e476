"""The coats of paint of one object: casing, surface, markings, shadow."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from PIL import ImageColor
from shapely.geometry import Point, Polygon

from skyloom.drawing.catalog import marks_of
from skyloom.drawing.styles import Style
from skyloom.drawing.texture import SUN, hash01

SHADOW_PER_M = (
    0.75  # shadow length per metre of height  # shadow length per metre of height
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One coat of paint: a shape, its surface and the order it is laid on."""

    z: float
    shape: shapely.Geometry
    surface: str
    fill: str
    second: str = "#808080"
    opacity: float = 1.0
    shadow: shapely.Geometry | None = None


def layers_of(
    style: Style, geometry: shapely.Geometry, roads: list[shapely.Geometry]
) -> Iterator[Layer]:
    """Coats of one feature: casing, surface, then each of its markings."""
    surface, _, marking = style.texture.partition("+")
    edge = style.edge or "#808080"
    shape, heading = geometry, None
    if geometry.geom_type == "Point":
        uneven = 0.4 if surface in ("canopy", "bushes") else 0.0
        shape = _blob(geometry, style.width_m / 2, uneven)
        heading = _heading(geometry, roads) if marking else None
    elif style.geometry == "line":
        shape = geometry.buffer(style.width_m / 2, cap_style="flat")
        if style.edge:
            casing = geometry.buffer(style.width_m / 2 + 0.8, cap_style="flat")
            # All casings of a decade of z lie below all its fills: open junctions.
            yield Layer(style.z_order // 10 * 10, casing, "flat", style.edge)
    shadow = _swept(shape, style.height_m) if style.height_m > 0 else None
    if surface != "flat" or style.fill:
        yield Layer(style.z_order, shape, surface, style.fill, edge, 1.0, shadow)
    if marking:
        ground = geometry if style.geometry == "line" else shape
        second = ImageColor.getrgb(edge)[:3]
        marks = marks_of(marking, ground, second, style.width_m, heading)
        for k, mark in enumerate(marks, start=1):
            colour = "#{:02x}{:02x}{:02x}".format(*mark.colour)
            z = style.z_order + 0.5 + k / 1000
            yield Layer(z, mark.geometry, "flat", colour, edge, mark.opacity)


def _blob(point: Point, radius: float, uneven: float) -> Polygon:
    """A round shape whose radius wavers by a share that its place decides."""
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    where = np.full(24, round(point.x * 10), dtype=np.int64)
    wobble = hash01(where, np.arange(24, dtype=np.int64) + round(point.y * 10))
    radii = radius * (1 + (wobble - 0.5) * uneven)
    return Polygon(
        np.column_stack(
            [point.x + radii * np.cos(turns), point.y + radii * np.sin(turns)]
        )
    )


def _heading(point: Point, roads: list[shapely.Geometry]) -> tuple[float, float] | None:
    """Direction of the nearest road within 8 m, as a unit vector."""
    near = [(round(road.distance(point), 2), k) for k, road in enumerate(roads)]
    if not near or min(near)[0] > 8:
        return None
    road = roads[min(near)[1]]
    place = road.project(point)
    a, b = road.interpolate(max(place - 1, 0)), road.interpolate(place + 1)
    length = math.hypot(b.x - a.x, b.y - a.y) or 1.0
    return (b.x - a.x) / length, (b.y - a.y) / length


def _swept(shape: shapely.Geometry, height_m: float) -> shapely.Geometry:
    """The ground a shape of a height shades: the shape swept away from the sun."""
    away = -SUN * height_m * SHADOW_PER_M
    pieces = list(shapely.get_parts(shape))
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            ends = np.asarray(ring.coords)
            near, far = ends[:-1], ends[1:]
            quads = np.stack([near, far, far + away, near + away], axis=1)
            pieces.extend(shapely.polygons(quads))
    # The parts overlap: it is only drawn, never measured.
    return shapely.multipolygons(pieces)
