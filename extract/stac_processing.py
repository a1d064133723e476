"""What a STAC item tells of its acquisition and of how it was processed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pystac

from extract.known_sources import StacCollection

# Since this baseline ESA adds 1000 to every value of Sentinel-2.
OFFSET_SINCE, OFFSET = 4.0, 1000.0


def shown_range(
    properties: Mapping[str, Any], collection: StacCollection
) -> tuple[float | None, float | None]:
    """The stored values shown as black and white.

    The seed's range is that of values without offset. Sentinel-2 since processing
    baseline 04.00 is stored with 1000 added, unless the catalogue says that it took
    them off (`earthsearch:boa_offset_applied`); then the range is raised by as much.
    The offset in `raster:bands` describes the same 1000 and is not applied as well.
    """
    low, high = collection.scale_min, collection.scale_max
    if low is None or high is None:
        return None, None
    if properties.get("earthsearch:boa_offset_applied"):
        return low, high
    added = OFFSET if _baseline(properties) >= OFFSET_SINCE else 0.0
    return low + added, high + added


def _baseline(properties: Mapping[str, Any]) -> float:
    """Sentinel-2's processing baseline; 0 for everything else."""
    text = properties.get("s2:processing_baseline")
    if text is None and str(properties.get("platform", "")).startswith("sentinel-2"):
        text = properties.get("processing:version")
    found = re.fullmatch(r"\d+\.\d+", str(text))
    return float(found[0]) if found else 0.0


def acquisition(item: pystac.Item) -> tuple[datetime | None, str | None]:
    """The moment in UTC without a zone, and its precision."""
    properties = item.common_metadata
    start, end = properties.start_datetime, properties.end_datetime
    moment = item.datetime or start
    if moment is None:
        return None, None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    moment = moment.replace(tzinfo=None)
    span = end - start if item.datetime is None and start and end else timedelta(0)
    if span > timedelta(days=1):
        return moment, "year"
    at_midnight = moment.time() == datetime.min.time()
    return moment, "day" if at_midnight or span else "minute"


def processing(item: pystac.Item) -> tuple[tuple[str, ...], tuple[float, str, str]]:
    """What an item is a processing of, and a rank that is larger for a newer one."""
    said = item.properties
    tile = said.get("s2:mgrs_tile") or said.get("grid:code")
    done = (
        said.get("s2:generation_time")
        or said.get("processing:datetime")
        or said.get("updated")
        or ""
    )
    rank = (_baseline(said), str(done), item.id)
    if tile is None or item.datetime is None:
        return (item.id,), rank
    return (str(tile), str(said.get("platform")), item.datetime.isoformat()), rank
