"""The items of a STAC API, a static catalogue, or a GeoParquet file of items."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from extract.remote import is_remote
from extract.service_rows import MALFORMED
from extract.stac_reader import one_line, reader, why
from extract.stac_rows import as_item
from skyloom.errors import SkyloomError

if TYPE_CHECKING:
    import pystac

PAGE = 200
# Beyond these a catalogue is out of its mind, or the area far too large.
MOST_ITEMS = 500_000
SENSELESS = "that make no sense"


class Items:
    """The items of one collection at one place."""

    def __init__(self, place: str, collection: str, timeout_s: float) -> None:
        """`place` is a URL or a path.

        Raises:
            UsageError: pystac-client is not installed.
        """
        self.passed: Counter[str] = Counter()
        self.is_local = not is_remote(place)
        self.place = (
            str(Path(place).expanduser().absolute()) if self.is_local else place
        )
        # What follows a question mark may be a secret.
        self.shown = self.place.partition("?")[0]
        self._collection = collection
        self._io = reader(timeout_s, local=self.is_local)

    def of(
        self, area: shapely.Geometry, first: date | None, last: date | None
    ) -> Iterator["pystac.Item"]:
        """Items that touch an area and were taken between two dates."""
        if self.place.endswith((".parquet", ".geoparquet")):
            yield from self._chosen(self._stored(area), area, first, last)
            return
        with self._telling():
            root = self._io.read_json(self.place)
            if "conformsTo" in root:
                yield from self._searched(area, first, last)
            else:
                yield from self._chosen(self._linked(root), area, first, last)

    def _searched(
        self, area: shapely.Geometry, first: date | None, last: date | None
    ) -> Iterator["pystac.Item"]:
        """What the API's own search finds, page by page."""
        from pystac_client import Client

        client = Client.open(self.place, stac_io=self._io)
        ends = [day.isoformat() if day else ".." for day in (first, last)]
        found = client.search(
            collections=[self._collection],
            intersects=json.loads(shapely.to_geojson(area)),
            datetime=None if first is last is None else "/".join(ends),
            limit=PAGE,
        )
        for number, content in enumerate(found.items_as_dicts()):
            if number >= MOST_ITEMS:
                raise SkyloomError(
                    f"more than {MOST_ITEMS:,} images",
                    where=self.shown,
                    remedy="name a smaller area or fewer years",
                )
            yield from self._item(content)

    def _linked(self, root: dict[str, Any]) -> Iterator["pystac.Item"]:
        """All items of a list, or below a catalogue or collection."""
        import pystac

        if root.get("type") == "FeatureCollection":
            for one in root["features"]:
                yield from self._item(one)
            return
        kind = pystac.Collection if root.get("type") == "Collection" else pystac.Catalog
        catalog = kind.from_file(self.place, stac_io=self._io)
        # A root elsewhere would be read by another reader than ours.
        catalog.set_root(catalog)
        yield from catalog.get_items(recursive=True)

    def _stored(self, area: shapely.Geometry) -> Iterator["pystac.Item"]:
        """Items of a file in the layout of stac-geoparquet that are near an area."""
        import pyarrow.dataset
        import pyarrow.lib

        west, south, east, north = map(float, area.bounds)
        field = pyarrow.dataset.field
        near = (
            (field("bbox", "xmin") <= east)
            & (field("bbox", "xmax") >= west)
            & (field("bbox", "ymin") <= north)
            & (field("bbox", "ymax") >= south)
        )
        try:
            for batch in pyarrow.dataset.dataset(self.place).to_batches(filter=near):
                for row in batch.to_pylist():
                    yield from self._item(as_item(row))
        except (pyarrow.lib.ArrowException, OSError, KeyError, ValueError) as error:
            raise SkyloomError(
                f"holds no STAC items ({one_line(error)})",
                where=self.shown,
                remedy="name a local file as stac-geoparquet writes it",
            ) from None

    def _item(self, content: dict[str, Any]) -> Iterator["pystac.Item"]:
        import pystac

        try:
            item = pystac.Item.from_dict(content)
        except (
            pystac.STACError,
            pystac.STACTypeError,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ):
            self.passed["that are no STAC items"] += 1
            return
        if item.get_self_href() is None:
            # Links of an item without a place of its own begin at the list.
            item.set_self_href(self.place)
        yield item

    def _chosen(
        self,
        items: Iterator["pystac.Item"],
        area: shapely.Geometry,
        first: date | None,
        last: date | None,
    ) -> Iterator["pystac.Item"]:
        """The items of this collection that lie in an area and between two dates."""
        from extract.stac_processing import acquisition

        shapely.prepare(area)
        for item in items:
            if item.collection_id not in (None, self._collection):
                self.passed["of other collections"] += 1
                continue
            try:
                taken, _ = acquisition(item)
                there = item.geometry and shapely.geometry.shape(item.geometry)
                near = bool(there) and area.intersects(there)
            except MALFORMED:
                self.passed[SENSELESS] += 1
                continue
            day = taken.date() if taken else None
            if (first and (day is None or day < first)) or (
                last and (day is None or day > last)
            ):
                continue
            if near:
                yield item

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say in one sentence why a catalogue cannot be read."""
        import pystac
        from pystac_client.exceptions import APIError

        try:
            yield
        except (
            APIError,
            pystac.STACError,
            pystac.STACTypeError,
            OSError,
            *MALFORMED,
        ) as error:
            raise SkyloomError(
                f"the STAC catalogue cannot be read ({why(error)})",
                where=self.shown,
                remedy="check `[stac] url` and the network, then run again: what is "
                "in the lake stays as it is",
            ) from None
