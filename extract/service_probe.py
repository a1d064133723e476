"""One small chip from each service that is set up, to see that it works."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import polars as pl
import shapely
from affine import Affine

from extract import services, tables
from extract.chips import FetchError, Grid, ImageSource, Sheet
from extract.known_sources import KnownSource, known_sources
from skyloom.errors import SkyloomError
from skyloom.raw_tables import FOOTPRINTS
from skyloom.settings import Settings

# Barcelona's coast: sea, city and hills, and clear on many days.
PLACE = shapely.box(2.10, 41.35, 2.11, 41.36)
SOURCE, DAYS, SIDE_PX = "S2", 90, 64


@dataclass(frozen=True, slots=True)
class Probed:
    """A service, and what it answered or why not; `ok` is None where none is set up."""

    service: str
    ok: bool | None
    found: str
    fix: str = ""


def probe_services(settings: Settings) -> Iterator[Probed]:
    """Ask each service for one chip; what goes wrong is told, not raised."""
    known = known_sources(settings.project / services.SEEDS)[SOURCE]
    if settings.earthengine_project:
        plain = settings.model_copy(update={"stac_url": None})
        yield _probed("earthengine", known, plain)
    else:
        fix = "set `[earthengine] project` in lake.toml to use it"
        yield Probed("earthengine", ok=None, found="not set up", fix=fix)
    yield _probed(
        "stac", known, settings.model_copy(update={"earthengine_project": None})
    )


def _probed(service: str, known: KnownSource, settings: Settings) -> Probed:
    started = time.monotonic()
    try:
        n_images, n_valid = _fetch_one(known, settings)
    except SkyloomError as error:
        return Probed(service, ok=False, found=error.what, fix=error.remedy)
    except FetchError as error:
        return Probed(service, ok=False, found=str(error))
    waited_s = time.monotonic() - started
    found = f"{n_images} image(s) listed, one chip read, {n_valid:.0%} valid"
    return Probed(service, n_images > 0, f"{found}, {waited_s:.1f} s")


def _fetch_one(known: KnownSource, settings: Settings) -> tuple[int, float]:
    today = datetime.now(UTC).date()
    _, images_of = services.way(known, settings)
    rows = list(islice(images_of(PLACE, today - timedelta(DAYS), today), 20))
    if not rows:
        raise SkyloomError(
            f"no image of {known.name} there in {DAYS} days",
            remedy="the service answers, but holds nothing where it should",
        )
    row = {**rows[-1], "source": known.source}
    footprints = pl.DataFrame([row], schema=tables.schema(FOOTPRINTS))
    kind = row["kind"]
    reader = services.openers(settings, footprints, pl.DataFrame())[kind]()
    try:
        return len(rows), _read_middle(reader, row)
    finally:
        reader.close()


def _read_middle(reader: ImageSource, row: services.Row) -> float:
    a, _, c, _, e, f = row["transform"]
    col, row_px = row["width_px"] // 2, row["height_px"] // 2
    corner = Affine(a, 0.0, c + col * a, 0.0, e, f + row_px * e)
    grid = Grid(row["crs"], tuple(corner[:6]), SIDE_PX, SIDE_PX)
    sheet = Sheet(row["source"], (row["source_image_id"],), grid, ())
    return float(reader.fetch(sheet).valid.mean())
