"""The verb: write the report of a lake as one HTML file that opens anywhere."""

import os
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from explore import figures
from explore.charts import bars, histogram
from explore.coverage import coverage
from explore.figures import Tables, prepare, rows
from explore.gallery import Picked, gallery
from skyloom import __version__
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError
from skyloom.lake import Lake

TEMPLATES = Path(__file__).parent / "templates"


def write_report(lake: Lake, out: Path | None = None, *, chips: int = 60) -> Path:
    """Write the report of the published catalog and return its path.

    The file appears whole or not at all; the same catalog and chips give the same
    bytes.

    Raises:
        SkyloomError: nothing is published yet, or the file could not be written.
    """
    path = (out or lake.root / "report.html").expanduser().absolute()
    page = render(Catalog.open(lake), lake.root, chips=chips)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(page, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise SkyloomError(
            f"the report could not be written ({error.strerror})",
            where=str(path),
            remedy="free some space or name another file",
        ) from None
    return path


def render(catalog: Tables, root: Path, *, chips: int = 60) -> str:
    """The report as HTML; chips are read below `root`."""
    with catalog.connect() as con:
        prepare(con)
        tallies = {
            name: bars(rows(con, name, figures.Tally))
            for name in ("top_tags", "focus_kinds")
        }
        histograms = {
            name: histogram(rows(con, name, figures.ValueCount))
            for name in ("image_sides", "caption_lengths", "surroundings")
        }
        rejects = {
            name: rows(con, name, figures.Reject)
            for name in ("load_rejects", "scene_rejects", "image_rejects", "left_out")
        }
        (headline,) = rows(con, "headline", figures.Headline)
        (undecided,) = rows(con, "undecided_count", figures.UndecidedCount)
        return (
            _environment()
            .get_template("report.html.j2")
            .render(
                version=__version__,
                headline=headline,
                image_splits=rows(con, "image_splits", figures.SplitCount),
                pair_splits=rows(con, "pair_splits", figures.PairSplit),
                snapshots=rows(con, "snapshots", figures.Snapshot),
                sources=rows(con, "sources", figures.Source),
                chips=gallery(con, root, chips),
                map=coverage(con),
                undecided=undecided,
                undecided_tags=rows(con, "undecided_tags", figures.UndecidedTag),
                rules_used=rows(con, "rules_used", figures.UsedRule),
                rules_idle=rows(con, "rules_idle", figures.IdleRule),
                **tallies,
                **histograms,
                **rejects,
            )
        )


def _environment() -> Environment:
    # Always escaping: tags of OpenStreetMap are text by anyone.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        n=_thousands, short=_short, day=_day, acquired=_acquired, gsd=_gsd
    )
    return environment


def _thousands(number: int) -> str:
    return f"{number:,}"


def _short(number: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return str(number)


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
