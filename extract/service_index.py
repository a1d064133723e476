"""What a service holds of a source, listed once and kept as footprints."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import shapely

from extract import tables
from extract.area import polygons_of
from extract.footprints import check_source_code, footprint_file
from extract.known_sources import KnownSource
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake, command_line
from skyloom.progress import say
from skyloom.raw_tables import FOOTPRINTS, SNAPSHOTS

# Boxes are sized in a source's pixels: an image this much coarser or finer than the
# source is none of it. NAIP, nominally 0.6 m, measured 1 m in its first years.
MAX_GSD_RATIO = 1.8
Day = date | None
Row = dict[str, Any]
ImagesOf = Callable[[shapely.Geometry, Day, Day], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Listed:
    """What was asked of a service; None = from the first, to the last image."""

    via: str
    area: shapely.Geometry
    first: Day
    last: Day


def index_service(
    lake: Lake,
    known: KnownSource,
    images_of: ImagesOf,
    *,
    via: str,
    area: shapely.Geometry,
    first: Day,
    last: Day,
    refresh: bool = False,
) -> int:
    """Add a service's images in an area to a source; return how many it then holds.

    `images_of` gives footprint rows of a place between two days, `via` is their kind.
    It is asked only for what was not listed before, unless `refresh`, which forgets
    that. Without `first` and `last`, a source that has `index_months` is listed for
    so many before the newest snapshot, any other whole.

    Raises:
        UsageError: the source is indexed by other means already, or the lake does not
            say of which day its snapshots are where that is needed.
    """
    check_source_code(known.source)
    with lake.lock(command_line()):
        first, last = _days(lake, known, first, last)
        rows, before = _standing(lake, known.source, via, refresh=refresh)
        wanted = _joined(before, Listed(via, area, first, last))
        missing = list(_missing(before, wanted))
        if before is not None and not missing:
            # The file keeps its time, and what was built of it stays.
            return len(rows)
        passed_over = 0
        for place, start, end in missing:
            for row in images_of(place, start, end):
                if _is_like(row, known):
                    row = {**row, "source": known.source}
                    rows[row["source_image_id"]] = row
                else:
                    passed_over += 1
        if passed_over:
            say(
                f"{known.source}: passed over {passed_over} image(s) whose pixels are "
                f"far from {known.gsd_m:g} m"
            )
        _keep(lake, known.source, list(rows.values()), wanted)
    return len(rows)


def _days(lake: Lake, known: KnownSource, first: Day, last: Day) -> tuple[Day, Day]:
    """The days to list where none were named."""
    if first is not None or known.index_months is None:
        return first, last
    days = pl.read_parquet(lake.files(SNAPSHOTS), columns=["snapshot_date"])
    newest = last or days["snapshot_date"].max()
    if not isinstance(newest, date):
        raise UsageError(
            f"source {known.source} is listed for the {known.index_months} months "
            "before the newest snapshot, and no snapshot here has a date",
            where=str(lake.root),
            remedy="name the first day of the images",
        )
    return _months_before(newest, known.index_months), newest


def _months_before(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    # The 31st of a shorter month is its end.
    after = date(years + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(years, month + 1, 1) + timedelta(day.day - 1), after - timedelta(1))


def _standing(
    lake: Lake, source: str, via: str, *, refresh: bool
) -> tuple[dict[str, Row], Listed | None]:
    """The rows that stay, by image, and what was listed for them."""
    file = footprint_file(lake, source)
    if refresh or not file.is_file():
        return {}, None
    frame = tables.read(lake, FOOTPRINTS).filter(pl.col("source") == source)
    listed = _read(file.with_suffix(".json"))
    kinds = {*frame["kind"].to_list(), *([listed.via] if listed else [])}
    if kinds - {via}:
        raise UsageError(
            f"source {source} is indexed by {' and '.join(sorted(kinds - {via}))}, "
            f"not by {via}",
            where=str(file),
            remedy="replace its images with `--refresh`",
        )
    return {row["source_image_id"]: row for row in frame.to_dicts()}, listed


def _joined(before: Listed | None, call: Listed) -> Listed:
    """One place and one span of days that hold both."""
    if before is None:
        return call
    firsts, lasts = (before.first, call.first), (before.last, call.last)
    return Listed(
        call.via,
        polygons_of(shapely.union(before.area, call.area)),
        None if None in firsts else min(day for day in firsts if day),
        None if None in lasts else max(day for day in lasts if day),
    )


def _missing(
    before: Listed | None, wanted: Listed
) -> Iterator[tuple[shapely.Geometry, Day, Day]]:
    """What is wanted and was not listed; days once listed are not asked for twice."""
    place, one = wanted.area, timedelta(1)
    if before is not None:
        place = polygons_of(shapely.difference(wanted.area, before.area))
        if before.first is not None and wanted.first != before.first:
            yield before.area, wanted.first, before.first - one
        if before.last is not None and wanted.last != before.last:
            yield before.area, before.last + one, wanted.last
    if not place.is_empty:
        yield place, wanted.first, wanted.last


def _is_like(row: Row, known: KnownSource) -> bool:
    gsd_m: float = row["gsd_m"]
    return known.gsd_m / MAX_GSD_RATIO <= gsd_m <= known.gsd_m * MAX_GSD_RATIO


def _keep(lake: Lake, source: str, rows: Sequence[Row], listed: Listed) -> None:
    file = footprint_file(lake, source)
    note = file.with_suffix(".json")
    # In between a kill leaves rows without a note: all is asked for again.
    note.unlink(missing_ok=True)
    frame = pl.DataFrame(rows, schema=tables.schema(FOOTPRINTS))
    tables.write(FOOTPRINTS, frame, file, order_by="source_image_id")
    text = {
        "kind": listed.via,
        "wkt": listed.area.wkt,
        "first": listed.first and listed.first.isoformat(),
        "last": listed.last and listed.last.isoformat(),
    }
    part = note.with_name(f".{note.name}.part")
    try:
        part.write_text(json.dumps(text, indent=1, sort_keys=True) + "\n")
        part.replace(note)
    except OSError as error:
        raise SkyloomError(
            f"could not be written ({error.strerror})", where=str(note)
        ) from None


def _read(note: Path) -> Listed | None:
    if not note.is_file():
        return None
    try:
        text = json.loads(note.read_text())
        first, last = (
            date.fromisoformat(text[key]) if text[key] else None
            for key in ("first", "last")
        )
        return Listed(text["kind"], shapely.from_wkt(text["wkt"]), first, last)
    except (ValueError, KeyError, TypeError, shapely.errors.ShapelyError):
        raise UsageError(
            "does not say what was listed",
            where=str(note),
            remedy="list the source again with `--refresh`",
        ) from None
