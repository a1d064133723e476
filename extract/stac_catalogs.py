"""The items of a STAC API, a static catalogue, or a GeoParquet file of items."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from extract.remote import is_remote
from extract.signing import missing
from skyloom.errors import SkyloomError

if TYPE_CHECKING:
    import pystac
    from pystac_client.stac_api_io import StacApiIO

RETRIES = 4
PAUSE_S = 0.5
PAGE = 200
RETRIED = (429, 500, 502, 503, 504)


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
        self._io = _reader(timeout_s, local=self.is_local)

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
        for content in found.items_as_dicts():
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
                    yield from self._item(_as_item(row))
        except (pyarrow.lib.ArrowException, OSError, KeyError, ValueError) as error:
            raise SkyloomError(
                f"holds no STAC items ({_one_line(error)})",
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
            taken, _ = acquisition(item)
            day = taken.date() if taken else None
            if (first and (day is None or day < first)) or (
                last and (day is None or day > last)
            ):
                continue
            if item.geometry and area.intersects(shapely.geometry.shape(item.geometry)):
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
            ValueError,
            KeyError,
        ) as error:
            status = getattr(error, "status_code", None)
            said = f"HTTP {status}" if status else _one_line(error)
            raise SkyloomError(
                f"the STAC catalogue cannot be read ({said})",
                where=self.shown,
                remedy="check `stac_url` and the network, then run again",
            ) from None


def _reader(timeout_s: float, *, local: bool) -> "StacApiIO":
    """What reads JSON; from a catalogue over HTTP no link leads to this machine.

    Raises:
        UsageError: pystac-client is not installed.
    """
    try:
        from pystac.stac_io import DefaultStacIO
        from pystac_client.stac_api_io import StacApiIO
    except ImportError:
        raise missing("pystac-client") from None
    from urllib3 import Retry

    class Reader(StacApiIO):
        def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:
            href = source if isinstance(source, str) else source.get_absolute_href()
            if not local and not is_remote(str(href)):
                raise ValueError("a link leads to a file of this machine")
            return super().read_text(source, *args, **kwargs)

        def stac_object_from_dict(self, *args: Any, **kwargs: Any) -> Any:
            # Of a static catalogue's parts the client would make clients of an API.
            return DefaultStacIO.stac_object_from_dict(self, *args, **kwargs)

    retry = Retry(
        RETRIES,
        status_forcelist=RETRIED,
        allowed_methods=None,
        backoff_factor=PAUSE_S,
    )
    return Reader(max_retries=retry, timeout=timeout_s)


def _as_item(row: dict[str, Any]) -> dict[str, Any]:
    """A row of columns as the JSON of an item; what is null is not there."""
    told = {key: _plain(value) for key, value in row.items() if value is not None}
    bbox = told.pop("bbox")
    item = {
        "type": "Feature",
        "bbox": [bbox[side] for side in ("xmin", "ymin", "xmax", "ymax")],
        "geometry": json.loads(
            shapely.to_geojson(shapely.from_wkb(told.pop("geometry")))
        ),
        "links": told.pop("links", []),
        "assets": told.pop("assets"),
        "stac_version": told.pop("stac_version", "1.0.0"),
        "stac_extensions": told.pop("stac_extensions", []),
        "id": told.pop("id"),
    }
    if "collection" in told:
        item["collection"] = told.pop("collection")
    told.pop("type", None)
    # JSON's null and a missing moment are told apart.
    told.setdefault("datetime", None)
    return {**item, "properties": told}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return value


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
