"""Pages of HTML: the templates' environment, and what they print."""

from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment

from explore.gallery import Picked
from skyloom.pages import page_templates

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Where the templates of `explore/templates` are found and filled in."""
    environment = page_templates(TEMPLATES)
    environment.filters.update(
        n=_thousands,
        short=_short,
        percent=_percent,
        day=_day,
        acquired=_acquired,
        gsd=_gsd,
        osm=osm_path,
    )
    return environment


def osm_path(object_id: str) -> str:
    """An object's path on openstreetmap.org: `way/3` for `a3`, empty for no such id."""
    kind = {"n": "node", "w": "way", "a": "way", "r": "relation"}.get(object_id[:1])
    return f"{kind}/{object_id[1:]}" if kind and object_id[1:].isdecimal() else ""


def _thousands(number: int) -> str:
    return f"{number:,}"


def _short(number: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return str(number)


def _percent(share: float) -> str:
    # Neither all nor nothing is said of what is only nearly so.
    if 0 < share < 0.0005:
        return "<0.1\N{NO-BREAK SPACE}%"
    if 0.9995 <= share < 1:
        return ">99.9\N{NO-BREAK SPACE}%"
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _day(moment: date | None, years_only: bool = False) -> str:
    if moment is None:
        return "unknown"
    return f"{moment:%Y}" if years_only else f"{moment:%Y-%m-%d}"


def _acquired(image: Picked) -> str:
    if image.acquired is None or image.acquired_precision is None:
        return "date unknown"
    formats = {"year": "%Y", "day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M UTC"}
    moment: datetime = image.acquired
    return moment.strftime(formats.get(image.acquired_precision, "%Y-%m-%d"))


def _gsd(image: Picked) -> str:
    x, y = image.gsd_x_m, image.gsd_y_m
    if x is None or y is None:
        return "resolution unknown"
    if abs(x - y) <= 0.05 * max(x, y):
        return f"{x:.3g} m per pixel"
    return f"{x:.3g} by {y:.3g} m per pixel"
