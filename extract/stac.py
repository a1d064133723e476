"""Images of a STAC API, a static catalogue, or a GeoParquet file of items."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import shapely

from extract.footprints import Row
from extract.known_sources import KnownSource, StacCollection
from extract.remote import is_remote
from extract.service_rows import MALFORMED
from extract.signing import signer
from extract.stac_catalogs import SENSELESS, Items
from skyloom.progress import say


def check_installed(collection: StacCollection) -> None:
    """Make sure that the libraries are there before a long job begins.

    Raises:
        UsageError: pystac-client or the library that signs links is missing.
    """
    Items(collection.url, collection.collection, timeout_s=1)
    signer(collection.sign)


def images_of(
    collection: StacCollection,
    known: KnownSource,
    url: str | None,
    area: shapely.Geometry,
    first: date | None,
    last: date | None,
    *,
    timeout_s: float,
) -> Iterator[Row]:
    """Footprints of a collection's items in an area, ordered by their ids.

    `url` (or the collection's own) is a STAC API, a catalogue or collection or list of
    items in JSON, local or over HTTP, or a local GeoParquet file of items. `area` is in
    longitude and latitude; the dates are the first and the last one taken. Of several
    processings of one acquisition the newest is taken; items that no chip can be cut
    from are counted on stderr.

    Raises:
        UsageError: pystac-client or the library that signs links is missing.
        SkyloomError: the catalogue cannot be read.
    """
    items = Items(url or collection.url, collection.collection, timeout_s)
    sign = signer(collection.sign)
    # These need the optional libraries, which the lines above have asked for.
    from extract.stac_grids import UnfitError
    from extract.stac_items import footprint
    from extract.stac_processing import processing

    newest: dict[tuple[str, ...], tuple[Any, Row]] = {}
    for item in items.of(area, first, last):
        try:
            local = items.is_local and not is_remote(item.get_self_href() or "")
            row = footprint(
                item, collection, known, sign, local=local, timeout_s=timeout_s
            )
            key, rank = processing(item)
        except UnfitError as unfit:
            items.passed[str(unfit)] += 1
            continue
        except MALFORMED:
            items.passed[SENSELESS] += 1
            continue
        if key not in newest or rank > newest[key][0]:
            newest[key] = rank, row
    for reason, count in sorted(items.passed.items()):
        say(f"{items.shown}: {count} items {reason} were passed over")
    rows = (row for _, row in newest.values())
    yield from sorted(rows, key=lambda row: str(row["source_image_id"]))
