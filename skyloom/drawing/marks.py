"""What a marking is made of."""

from dataclasses import dataclass

import shapely
from shapely import affinity

from skyloom.drawing.texture import Frame

WHITE = (236, 236, 230)
DARK = (52, 54, 58)


@dataclass(frozen=True, slots=True)
class Mark:
    """One painted part: a shape in metres, a colour (0 to 255) and its opacity."""

    geometry: shapely.Geometry
    colour: tuple[int, int, int]
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """Where markings go: the shape, its second colour, and a heading for points."""

    geometry: shapely.Geometry
    second: tuple[int, int, int]
    width_m: float
    frame: Frame


def placed(frame: Frame, shape: shapely.Geometry) -> shapely.Geometry:
    """Move a shape from a frame's own axes into the world."""
    a, b = frame.along_x, frame.along_y
    return affinity.affine_transform(shape, (a, -b, b, a, frame.x, frame.y))


def painted(frame: Frame, lines: list[shapely.Geometry], width: float) -> Mark:
    """White lines of one width, given in a frame's own axes."""
    drawn = shapely.union_all(
        [line.buffer(width / 2, cap_style="flat") for line in lines]
    )
    return Mark(placed(frame, drawn), WHITE, 0.9)
