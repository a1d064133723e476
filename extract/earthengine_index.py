"""A collection of Earth Engine -> footprints of its images over an area."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import shapely

from extract.chips import FetchError
from extract.earthengine_credentials import HOW
from extract.earthengine_errors import classify, expected
from extract.earthengine_footprints import Passed, footprint
from extract.earthengine_session import Session, client
from extract.failures import POLICIES, Policy
from extract.footprints import Row
from extract.known_sources import KnownSource
from extract.service_rows import MALFORMED
from skyloom.errors import CredentialsError, SkyloomError
from skyloom.progress import say

PAGE_SIZE = 500
MAX_PAGES = 2000
ATTEMPTS = 5
PAUSE_S = 1.0
AGAIN = (Policy.RETRY, Policy.THROTTLE)
# The service draws a polygon's sides as great circles; a parallel must be cut short
# to stay near one. The margin is larger than what is left between them.
SIDE_DEGREES = 1.0
MARGIN_DEGREES = 0.01


def images_of(
    session: Session,
    known: KnownSource,
    area: shapely.Geometry,
    first: date | None = None,
    last: date | None = None,
) -> Iterator[Row]:
    """The footprint of each image that touches an area of lon/lat, both days included.

    An image that cannot be cut into chips is passed over; one line of progress at
    the end says how many and why.

    Raises:
        SkyloomError: there is no such collection, or it could not be listed.
    """
    pattern = re.compile(known.id_pattern or "")
    passed: Counter[str] = Counter()
    seen: set[str] = set()
    shapely.prepare(area)
    for asset in _assets(session, known, _query(area, first, last)):
        name = str(asset.get("id")).rsplit("/", 1)[-1]
        if name in seen or not _within(asset, first, last):
            continue
        seen.add(name)
        if not pattern.search(name):
            passed["named otherwise"] += 1
            continue
        try:
            row = footprint(known, asset)
        except Passed as why:
            passed[str(why)] += 1
            continue
        if shapely.intersects(area, shapely.from_wkb(row["geometry"])):
            yield row
    if passed:
        why_not = ", ".join(f"{n} {why}" for why, n in sorted(passed.items()))
        say(f"{known.name}: images passed over: {why_not}")


def _query(
    area: shapely.Geometry, first: date | None, last: date | None
) -> dict[str, Any]:
    """What the service can sort out; the area's own shape may be too long for it."""
    box = shapely.box(*shapely.bounds(area)).buffer(MARGIN_DEGREES, join_style="mitre")
    region = shapely.segmentize(box & shapely.box(-180, -90, 180, 90), SIDE_DEGREES)
    # Not listImages' endTime: that is the image's end, which lies a year after the
    # start for a mosaic of a year.
    parts = [f'startTime >= "{_midnight(first)}"'] if first else []
    if last:
        parts.append(f'startTime < "{_midnight(last + timedelta(days=1))}"')
    query = {"region": shapely.to_geojson(region), "pageSize": PAGE_SIZE}
    return {**query, "filter": " AND ".join(parts)} if parts else query


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _within(asset: dict[str, Any], first: date | None, last: date | None) -> bool:
    if not asset.get("startTime"):
        return not (first or last)
    try:
        day = datetime.fromisoformat(asset["startTime"]).astimezone(UTC).date()
    except MALFORMED:
        # No image at all, which its footprint will tell.
        return True
    return (first or day) <= day <= (last or day)


def _assets(
    session: Session, known: KnownSource, query: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    names = (known.collection, *known.aliases)
    for collection in names:
        try:
            yield from _pages(collection, query)
            return
        except FetchError as error:
            if error.reason != "not_found":
                raise _stop(error, collection) from None
    raise SkyloomError(
        f"Earth Engine has no collection {' or '.join(names)} that project "
        f"{session.project} may read",
        where=known.source,
        remedy="look for its present name in the Earth Engine catalogue and write it "
        "in the seed imagery_sources, or ask its owner for access",
    )


def _pages(collection: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    token = None
    for _ in range(MAX_PAGES):
        page = _page({**query, "parent": collection, "pageToken": token})
        yield from page["images"]
        token = page.get("nextPageToken")
        if not token:
            return
    raise SkyloomError(
        f"more than {MAX_PAGES * PAGE_SIZE:,} images",
        where=collection,
        remedy="name a smaller area or fewer years",
    )


def _page(query: dict[str, Any]) -> dict[str, Any]:
    """One page; the client itself does not try again.

    Raises:
        FetchError: it could not be had.
    """
    ee = client()
    for attempt in range(ATTEMPTS):
        try:
            page: dict[str, Any] = ee.data.listImages(dict(query))
        except expected() as error:
            failure = classify(error)
        else:
            return page
        if POLICIES[failure.reason] not in AGAIN or attempt == ATTEMPTS - 1:
            raise failure
        time.sleep(failure.retry_after_s or PAUSE_S * 2**attempt)
    raise AssertionError("unreachable")


def _stop(error: FetchError, collection: str) -> SkyloomError:
    if error.reason == "credentials":
        return CredentialsError(
            f"Earth Engine does not show it ({error.detail})",
            where=collection,
            remedy=HOW,
        )
    return SkyloomError(
        f"its images could not be listed ({error.reason}: {error.detail})",
        where=collection,
        remedy="run it again later",
    )
