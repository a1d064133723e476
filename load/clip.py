"""The area to load: a box, or the polygons of a GeoJSON, WKT or Osmosis .poly file."""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import shapely
from shapely.errors import GEOSException

from skyloom.box import parse_area
from skyloom.errors import SkyloomError

CONVERT = "convert it with `ogr2ogr -t_srs EPSG:4326 out.geojson in`"
LARGEST_FILE = 32 * 2**20
"""Bytes: about 1.5 million corners, and 700 MB of memory while they are read."""
WKT = re.compile(
    r"\s*(?:SRID=4326;)?\s*"
    r"(POINT|LINESTRING|POLYGON|MULTI[A-Z]+|GEOMETRYCOLLECTION)"
    r"\s*(?:ZM|Z|M)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clip:
    """An area of the world, in longitude and latitude.

    `wkb` is a multipolygon in GEOS's normal form, so that the order in which corners
    and parts were given does not matter. `bounds` are its least and greatest
    coordinates as west, south, east, north: an area across the antimeridian reaches
    from -180 to 180.
    """

    wkb: bytes
    bounds: tuple[float, float, float, float]

    @property
    def digest(self) -> str:
        """The same for the same area, however it was given."""
        return hashlib.sha256(self.wkb).hexdigest()


def clip_of_box(text: str) -> Clip:
    """The box `W,S,E,N`; one whose west is east of its east crosses the antimeridian.

    Raises:
        UsageError: the text is no box.
    """
    west, south, east, north = parse_area(text)
    spans = [(west, east)] if west < east else [(west, 180.0), (-180.0, east)]
    return _clip([shapely.box(w, south, e, north) for w, e in spans if w < e])


def clip_of_file(path: Path) -> Clip:
    """The polygons of a file, united, its format told by its content.

    GeoJSON may be a Polygon, a MultiPolygon, a Feature or a FeatureCollection. A third
    coordinate is left out.

    Raises:
        SkyloomError: the file cannot be read, holds something else than polygons, or
            polygons that are not in longitude and latitude or cross themselves.
    """
    try:
        text = _text(path)
        # numpy warns of numbers that are refused in words below.
        with np.errstate(all="ignore"):
            if text.lstrip().startswith(("{", "[")):
                area = _united(_geojson(text))
            elif found := WKT.match(text):
                area = _united(_wkt(text, found[1].upper()))
            else:
                area = _poly(text)
        if not area.area:
            _refuse("holds no area")
    except SkyloomError as error:
        raise SkyloomError(error.what, where=str(path), remedy=error.remedy) from None
    return _clip(shapely.get_parts(area).tolist())


def _refuse(what: str, remedy: str = "") -> NoReturn:
    raise SkyloomError(what, remedy=remedy)


def _clip(polygons: Sequence[Any]) -> Clip:
    area = shapely.normalize(shapely.multipolygons(polygons))
    # 0.0 and -0.0 are one place and two spellings.
    area = shapely.transform(area, lambda corners: corners + 0.0)
    west, south, east, north = area.bounds
    return Clip(shapely.to_wkb(area, byte_order=1), (west, south, east, north))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        _refuse("there is no such file")
    except OSError as error:
        _refuse(f"cannot be read ({error.strerror})")
    if len(content) > LARGEST_FILE:
        _refuse(
            f"larger than {LARGEST_FILE >> 20} MiB",
            "simplify it, for example with `ogr2ogr -simplify 0.0001 out.geojson in`",
        )
    if not content.strip():
        _refuse("the file is empty")
    if b"\0" in content:
        _refuse(
            "neither GeoJSON nor WKT nor an Osmosis .poly",
            CONVERT,
        )
    # Only names can hold what is not ASCII, and names do not matter.
    return content.decode("utf-8-sig", errors="replace")


def _geojson(text: str) -> list[Any]:
    try:
        found = []
        for member in _members(json.loads(text)):
            match member:
                case {"type": "Polygon" | "MultiPolygon" as kind, "coordinates": lists}:
                    plain = json.dumps({"type": kind, "coordinates": lists})
                    found.append(shapely.from_geojson(plain))
                case {"type": str(kind)}:
                    _refuse(f"holds a GeoJSON {kind[:40]!r}, not only polygons")
                case _:
                    _refuse("JSON, but not GeoJSON")
    except RecursionError:
        _refuse("nested too deeply for GeoJSON")
    except (ValueError, GEOSException) as error:
        _refuse(f"not readable as GeoJSON ({_reason(error)})")
    return found


def _members(data: Any) -> list[Any]:
    match data:
        case {"type": "FeatureCollection", "features": list(features)}:
            return [member for feature in features for member in _members(feature)]
        case {"type": "Feature", "geometry": geometry}:
            return [] if geometry is None else [geometry]
    return [data]


def _wkt(text: str, kind: str) -> list[Any]:
    if kind not in ("POLYGON", "MULTIPOLYGON"):
        # GEOS would read nested collections until the stack overflows.
        _refuse(f"holds a WKT {kind}, not only polygons")
    try:
        return [shapely.from_wkt(text[text.find(";") + 1 :])]
    except GEOSException as error:
        _refuse(f"not readable as WKT ({_reason(error)})")


def _reason(error: Exception) -> str:
    # It may quote the file, which may hold what a terminal would obey.
    line = str(error).split("\n")[0].removeprefix("ParseException: ")
    return "".join(sign if sign.isprintable() else "?" for sign in line[:150])


def _poly(text: str) -> Any:
    """Add and subtract the sections of a polygon filter file in their order.

    The format: https://wiki.openstreetmap.org/wiki/Osmosis/Polygon_Filter_File_Format;
    that the order counts: PolygonFileReader.java of Osmosis.
    """
    sections: list[tuple[bool, Any]] = []
    name = ""
    corners: list[tuple[float, float]] | None = None
    for number, line in enumerate(text.splitlines()[1:], start=2):
        words = line.split()
        if not words:
            continue
        if corners is None:
            if words == ["END"]:
                break
            name, corners = words[0], []
        elif words == ["END"]:
            sections.append((name.startswith("!"), _section(corners, number)))
            corners = None
        else:
            corners.append(_corner(words, number))
    else:
        _refuse("read as an Osmosis .poly, it ends before its last END")
    # Apart until the end, so that a hole costs no more than what it touches.
    parts = np.array([], dtype=object)
    for is_hole, run in groupby(sections, key=lambda section: section[0]):
        area = _united([polygon for _, polygon in run])
        if is_hole:
            touched = shapely.intersects(parts, area)
            parts[touched] = shapely.difference(parts[touched], area)
        else:
            parts = np.append(parts, shapely.get_parts(area))
    return shapely.union_all(parts)


def _corner(words: Sequence[str], number: int) -> tuple[float, float]:
    try:
        lon, lat = (float(word) for word in words)
    except ValueError:
        lon = lat = math.nan
    if not (math.isfinite(lon) and math.isfinite(lat)):
        _refuse(
            "neither GeoJSON nor WKT, and read as an Osmosis .poly "
            f"line {number} is not a longitude and a latitude"
        )
    return lon, lat


def _section(corners: list[tuple[float, float]], number: int) -> Any:
    # Old files begin with a point inside; their ring is closed at the second one.
    if len(corners) > 4 and corners[-1] == corners[1] != corners[0]:
        corners = corners[1:]
    if len(corners) < 3:
        _refuse(f"the section that ends in line {number} has fewer than three corners")
    return shapely.Polygon(corners)


def _united(shapes: Sequence[Any]) -> Any:
    polygons = shapely.get_parts(shapely.force_2d(shapes))
    corners = shapely.get_coordinates(polygons)
    if not np.isfinite(corners).all():
        _refuse("holds a coordinate that is not a number")
    outside = corners[(np.abs(corners) > (180, 90)).any(axis=1)]
    if len(outside):
        lon, lat = outside[0]
        _refuse(
            f"{lon:.10g} {lat:.10g} is not a longitude and a latitude",
            "cut it in two at the antimeridian, within -180 to 180"
            if abs(lon) <= 360 and abs(lat) <= 90
            else f"if it is projected, {CONVERT}",
        )
    for polygon in polygons[~shapely.is_valid(polygons)][:1]:
        # To repair takes hours where a thousand lines cross, and guesses what is meant.
        reason, _, place = shapely.is_valid_reason(polygon).partition("[")
        _refuse(
            f"a polygon is not sound: {reason.lower()} at {place.rstrip(']')}",
            "repair it there, or with `ogr2ogr -makevalid out.geojson in`",
        )
    return polygons[0] if len(polygons) == 1 else shapely.union_all(polygons)
