"""What a service says of an image, in the terms of the footprints."""

from datetime import datetime

import shapely

from extract.known_sources import KnownSource

# What comes of reading a description that is not as its standard says.
MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    shapely.errors.ShapelyError,
)
LONGEST_ID = 255
WORLD = shapely.box(-180, -90, 180, 90)


def cloud_fraction(percent: object) -> float | None:
    """A share of a percentage; None for what is none."""
    if isinstance(percent, bool) or not isinstance(percent, int | float):
        return None
    return percent / 100 if 0 <= percent <= 100 else None


def credit(known: KnownSource, acquired: datetime | None) -> str | None:
    """Who must be named for an image of that time."""
    year = str(acquired.year) if acquired else ""
    return " ".join(known.attribution.replace("{year}", year).split()) or None


def can_be_named(image_id: str) -> bool:
    """Whether an id can stand in tables and messages."""
    return 0 < len(image_id) <= LONGEST_ID and image_id.isprintable()


def is_on_earth(shape: shapely.Geometry) -> bool:
    """Whether a shape lies between the world's edges and not around the world.

    What passes the antimeridian is often drawn the long way round.
    """
    west, _, east, _ = shapely.bounds(shape)
    return bool(shapely.covers(WORLD, shape)) and east - west <= 180
