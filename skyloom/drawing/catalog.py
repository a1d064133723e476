"""Every surface and marking that the style table may name."""

from collections.abc import Callable, Iterator

import shapely

from skyloom.drawing import courts, parts, ways
from skyloom.drawing.built import BUILT
from skyloom.drawing.ground import GROUND
from skyloom.drawing.marks import Mark, Site
from skyloom.drawing.roofs import ROOFS
from skyloom.drawing.texture import Field, Frame, Patch, frame_of

SURFACES: dict[str, Callable[[Patch], Field]] = GROUND | ROOFS | BUILT
MARKS: dict[str, Callable[[Site], Iterator[Mark]]] = {
    maker.__name__: maker
    for maker in (
        courts.soccer,
        courts.tennis,
        courts.basketball,
        courts.diamond,
        courts.oval,
        courts.play,
        ways.lanes,
        ways.runway,
        ways.centre,
        ways.rails,
        ways.wires,
        ways.zebra,
        ways.boats,
        parts.helipad,
        parts.tank,
        parts.basin,
        parts.rim,
        parts.ring,
        parts.lattice,
        parts.turbine,
        parts.works,
        parts.switchyard,
        parts.spire,
        parts.planes,
    )
}


def marks_of(
    name: str,
    geometry: shapely.Geometry,
    second: tuple[int, int, int],
    width_m: float,
    heading: tuple[float, float] | None = None,
) -> list[Mark]:
    """Every mark of a named kind on a geometry; `heading` turns those of points."""
    frame = frame_of(geometry)
    if heading:
        frame = Frame(frame.x, frame.y, *heading, frame.length, frame.width)
    return list(MARKS[name](Site(geometry, second, width_m, frame)))
