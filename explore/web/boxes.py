"""Boxes in degrees, as addresses write them: `W,S,E,N`, W > E over the antimeridian."""

from __future__ import annotations

import math
from dataclasses import dataclass

from skyloom.errors import UsageError

SIDES = (("west", 180.0), ("south", 90.0), ("east", 180.0), ("north", 90.0))


@dataclass(frozen=True)
class Box:
    """A box in degrees; it crosses the antimeridian where west is east of east."""

    west: float
    south: float
    east: float
    north: float

    def __str__(self) -> str:
        sides = (self.west, self.south, self.east, self.north)
        return ",".join(degrees(side) for side in sides)


def read_box(text: str | None) -> Box | None:
    """The box that a parameter holds; None for an empty one.

    Raises:
        UsageError: it is no box on the Earth.
    """
    if not text or not text.strip():
        return None
    parts = text.split(",")
    if len(parts) != len(SIDES):
        raise UsageError("a box is four numbers, W,S,E,N")
    sides = [
        _side(part, name, most) for part, (name, most) in zip(parts, SIDES, strict=True)
    ]
    west, south, east, north = sides
    if south > north:
        raise UsageError("the south of a box is not north of its north")
    return Box(west, south, east, north)


def degrees(number: float) -> str:
    """A number of degrees as short as 1e-7 allows."""
    return f"{round(number, 7) + 0.0:.7f}".rstrip("0").rstrip(".")


def _side(text: str, name: str, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    # Not a number compares false.
    if not abs(number) <= most:
        raise UsageError(f"the {name} of a box is a number from -{most:g} to {most:g}")
    return number
