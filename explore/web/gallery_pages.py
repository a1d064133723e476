"""Pages of image ids by keyset: through windows of the ids, both ways."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import duckdb

from explore.web.gallery_asked import END, Asked
from explore.web.gallery_where import Where, set_variables

MOST_COUNTED = 10_000
# A window of one landmark holds about a thousand images. What is frequent is found in
# the first window; what is rare costs one more look at everything.
WIDTHS = (2, 40)


@dataclass(frozen=True)
class Ids:
    """The images of one page, in order, and whether others come before or after."""

    images: tuple[str, ...]
    earlier: bool
    later: bool


@dataclass(frozen=True)
class Window:
    """Image ids above `low` and below `high`; None is an open end.

    `closed` takes `high` in; `narrow` says that few images lie in it.
    """

    low: str | None
    high: str | None
    closed: bool
    narrow: bool

    def text(self) -> str:
        """As SQL, over the variables `low` and `high`."""
        after = "images.image_id > getvariable('low')"
        upto = f"images.image_id {'<=' if self.closed else '<'} getvariable('high')"
        sides = [after if self.low is not None else ""]
        sides.append(upto if self.high is not None else "")
        return " and ".join(side for side in sides if side) or "true"


def page_of(
    con: duckdb.DuckDBPyConnection,
    asked: Asked,
    where: Where,
    landmarks: tuple[str, ...],
) -> Ids:
    """The page after one image, before one, or the first.

    `landmarks` part the ids into windows, in order: they bound what is read, and change
    nothing of what is found.
    """
    set_variables(con, where.variables)
    back = asked.before is not None
    found: list[str] = []
    for window in _windows(asked, landmarks):
        found += _search(con, where, window, back, asked.page + 1 - len(found))
        if len(found) > asked.page:
            break
    shown = tuple(found[: asked.page])
    more = len(found) > asked.page
    if back:
        return Ids(shown[::-1], more, bool(shown) and asked.before != END)
    return Ids(shown, asked.after is not None, more)


def count(con: duckdb.DuckDBPyConnection, where: Where) -> int:
    """How many images there are, counted no further than one above `MOST_COUNTED`."""
    set_variables(con, where.variables)
    row = con.execute(
        "select count(*) from (select 1 from images "
        f"where {where.text(within=False)} limit {MOST_COUNTED + 1})"
    ).fetchone()
    return int(row[0]) if row else 0


def _windows(asked: Asked, landmarks: tuple[str, ...]) -> list[Window]:
    """Neighbouring windows, each wider than the one before, the last without an end."""
    windows: list[Window] = []
    last = len(landmarks)
    if asked.before is not None:
        high: str | None = asked.before
        place = bisect_left(landmarks, asked.before)
        for width in WIDTHS:
            place -= width
            if place < 0:
                break
            windows.append(
                Window(landmarks[place], high, closed=bool(windows), narrow=True)
            )
            high = landmarks[place]
        return [*windows, Window(None, high, closed=bool(windows), narrow=False)]
    low = asked.after
    place = bisect_right(landmarks, asked.after) - 1 if asked.after else -1
    for width in WIDTHS:
        place += width
        if place >= last:
            break
        windows.append(Window(low, landmarks[place], closed=True, narrow=True))
        low = landmarks[place]
    return [*windows, Window(low, None, closed=True, narrow=False)]


def _search(
    con: duckdb.DuckDBPyConnection, where: Where, window: Window, back: bool, most: int
) -> list[str]:
    """The first images of a window; back from its end, the last ones."""
    set_variables(con, {"low": window.low, "high": window.high})
    within = where.by_scene and window.narrow
    if within:
        scenes = con.execute(
            "select min(images.scene_id), max(images.scene_id) from images "
            f"where {window.text()}"
        ).fetchone()
        first, last = scenes or (None, None)
        set_variables(con, {"first_scene": first, "last_scene": last})
    order = "desc" if back else "asc"
    rows = con.execute(
        f"select images.image_id from images where {window.text()} "
        f"and {where.text(within=within)} "
        f"order by images.image_id {order} limit {most}"
    ).fetchall()
    return [str(image_id) for (image_id,) in rows]
