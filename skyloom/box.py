"""A box as a flag gives it: west, south, east, north."""

from skyloom.errors import UsageError

BOX_ORDER = "give west,south,east,north in degrees, as in --bbox 7.40,43.72,7.45,43.76"


def parse_area(text: str) -> tuple[float, float, float, float]:
    """The box `W,S,E,N`, with an area; one whose west is east of its east crosses 180.

    Raises:
        UsageError: the text is no such box.
    """
    where = f"--bbox {text}"
    try:
        west, south, east, north = (float(number) for number in text.split(","))
    except ValueError:
        raise UsageError("not four numbers", where=where, remedy=BOX_ORDER) from None
    # Written so that what is not a number fails as well.
    if not (abs(west) <= 180 and abs(east) <= 180):
        problem = "a longitude outside -180 to 180"
    elif not (abs(south) <= 90 and abs(north) <= 90):
        problem = "a latitude outside -90 to 90"
    elif south >= north:
        problem = "its south is not south of its north"
    elif west == east or (west, east) == (180, -180):
        problem = "it has no width"
    else:
        return west, south, east, north
    raise UsageError(problem, where=where, remedy=BOX_ORDER)
