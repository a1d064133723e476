"""The verb: write the report of a lake as one HTML file that opens anywhere."""

from pathlib import Path

import duckdb

from explore import figures
from explore.charts import bars, histogram
from explore.coverage import coverage
from explore.figures import Tables, prepare, rows
from explore.gallery import gallery
from explore.page import environment
from explore.report_parts import read_parts
from skyloom import __version__
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from skyloom.pages import write_page

PAGE = "report.html"


def write_report(lake: Lake, out: Path | None = None, *, chips: int = 60) -> Path:
    """Write the report of the published catalog and return its path.

    The file appears whole or not at all; the same catalog and chips give the same
    bytes.

    Raises:
        SkyloomError: nothing is published yet, it was published by a version that knew
            fewer columns, or the file could not be written.
    """
    catalog = Catalog.open(lake)
    try:
        page = render(catalog, lake.root, chips=chips, run_id=catalog.run_id)
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise SkyloomError(
            f"the catalog lacks what the report reads ({str(error).splitlines()[0]})",
            where=str(lake.catalog),
            remedy="run `skyloom build`",
        ) from None
    return write_page(out or lake.root / PAGE, page)


def render(
    catalog: Tables, root: Path, *, chips: int = 60, run_id: str | None = None
) -> str:
    """The report as HTML; chips are read below `root`, and `run_id` names the run."""
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
            environment()
            .get_template("report.html.j2")
            .render(
                version=__version__,
                run_id=run_id,
                headline=headline,
                image_splits=rows(con, "image_splits", figures.SplitCount),
                pair_splits=rows(con, "pair_splits", figures.PairSplit),
                snapshots=rows(con, "snapshots", figures.Snapshot),
                sources=rows(con, "sources", figures.Source),
                chips=gallery(con, root, chips),
                map=coverage(con),
                countries=rows(con, "countries", figures.CountryCount),
                **read_parts(con),
                undecided=undecided,
                undecided_tags=rows(con, "undecided_tags", figures.UndecidedTag),
                rules_used=rows(con, "rules_used", figures.UsedRule),
                rules_idle=rows(con, "rules_idle", figures.IdleRule),
                **tallies,
                **histograms,
                **rejects,
            )
        )
