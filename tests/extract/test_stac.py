import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from affine import Affine

from extract import signing, stac_catalogs, stac_reader, tables
from extract.chips import ChipRequest, CloudRule, FetchError, Grid, Sheet
from extract.files import StacSource
from extract.known_sources import KnownSource, StacCollection, known_sources
from extract.outlines import outline
from extract.stac import images_of
from extract.stac_processing import shown_range
from skyloom.dbt_run import PROJECT
from skyloom.errors import SkyloomError, UsageError
from skyloom.progress import be_quiet
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import write_image
from tests.extract.range_server import Running, running

AREA = shapely.box(2.9, 36.0, 3.1, 36.2)
TEN_M = Affine(10, 0, 500_000, 0, -10, 4_000_200)
TWENTY_M = Affine(20, 0, 500_000, 0, -20, 4_000_200)
SIDE_PX = 120
SEEDS = PROJECT / "seeds"


@pytest.fixture
def known() -> KnownSource:
    return known_sources(SEEDS)["S2"]


@pytest.fixture
def collection(known: KnownSource) -> StacCollection:
    return known.stac[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stac")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    (folder / "items.json").write_text("[]")
    with running(folder, "stac_server") as one:
        yield one


def bands_of(folder: Path, name: str, *, seed: int = 1) -> dict[str, Any]:
    """Three bands of 10 m and classes of 20 m, as values."""
    random = np.random.default_rng(seed)
    values = random.integers(1, 4000, (3, SIDE_PX, SIDE_PX)).astype(np.uint16)
    classes = random.integers(0, 12, (SIDE_PX // 2, SIDE_PX // 2)).astype(np.uint8)
    for colour, band in zip(("red", "green", "blue"), values, strict=True):
        path = folder / f"{name}_{colour}.tif"
        write_image(path, band[None], transform=TEN_M, nodata=0)
    write_image(folder / f"{name}_scl.tif", classes[None], transform=TWENTY_M)
    return {"values": values, "classes": classes}


def item_of(name: str, base: str, **properties: Any) -> dict[str, Any]:
    """An item like those of Sentinel-2, its assets at `base`."""
    edge = outline("EPSG:32631", TEN_M, SIDE_PX, SIDE_PX)
    hrefs = {key: f"{base}{name}_{key}.tif" for key in ("red", "green", "blue", "scl")}
    said = {
        "proj:shape": [SIDE_PX, SIDE_PX],
        "proj:transform": list(TEN_M),
        "raster:bands": [{"nodata": 0, "scale": 0.0001, "offset": -0.1}],
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": name,
        "collection": "sentinel-2-l2a",
        "geometry": json.loads(shapely.to_geojson(edge)),
        "bbox": list(edge.bounds),
        "properties": {
            "datetime": "2023-06-05T10:20:31.024000Z",
            "eo:cloud_cover": 12.5,
            "proj:epsg": 32631,
            **properties,
        },
        "links": [],
        "assets": {key: {"href": href, **said} for key, href in hrefs.items()},
    }


def serve(folder: Path, items: list[dict[str, Any]]) -> None:
    (folder / "items.json").write_text(json.dumps(items))


def rows_of(
    place: Path | str,
    collection: StacCollection,
    known: KnownSource,
    first: date | None = None,
    last: date | None = None,
) -> list[dict[str, Any]]:
    found = images_of(collection, known, str(place), AREA, first, last, timeout_s=20)
    return list(found)


def sheet_of(
    *names: str, col: int = 0, row: int = 0, size: int = SIDE_PX, source: str = "S2"
) -> Sheet:
    x, y = TEN_M @ (col, row)
    grid = Grid("EPSG:32631", (10.0, 0.0, x, 0.0, -10.0, y), size, size)
    return Sheet.of(ChipRequest("r", "s", "b", source, names, grid))


def reader(rows: list[dict[str, Any]], **options: Any) -> StacSource:
    frame = pl.DataFrame(rows, schema=tables.schema(FOOTPRINTS))
    return StacSource(frame, {"S2": CloudRule((3, 8, 9, 10))}, timeout_s=8, **options)


def test_three_bands_and_clouds_come_through_an_api(
    folder: Path, server: Running, collection: StacCollection, known: KnownSource
) -> None:
    made = bands_of(folder, "one")
    serve(folder, [item_of("one", server.at(""))])
    (row,) = rows_of(f"{server.url}/api", collection, known)
    assert row["band_locations"] == [
        server.at(f"one_{c}.tif") for c in ("red", "green", "blue")
    ]
    assert (row["kind"], row["source"], row["rgb_bands"]) == ("stac", "S2", [1, 1, 1])
    assert (row["crs"], row["nodata"]) == ("EPSG:32631", 0)
    assert row["acquired"] == datetime(2023, 6, 5, 10, 20, 31, 24_000)
    assert (row["acquired_precision"], row["cloud_fraction"]) == ("minute", 0.125)
    assert row["attribution"] == "Contains modified Copernicus Sentinel data 2023"
    assert (row["scale_min"], row["scale_max"]) == (0, 3000)
    source = reader([row])
    chip = source.fetch(sheet_of("one", col=11, row=7, size=60))
    source.close()
    assert chip.pixels.dtype == np.uint16
    assert np.array_equal(chip.pixels, made["values"][:, 7:67, 11:71])
    assert chip.valid.all()
    assert chip.n_bytes > 3 * 60 * 60
    # The class of a pixel is that of the cell of 20 m that it lies in.
    classes = made["classes"].repeat(2, axis=0).repeat(2, axis=1)[7:67, 11:71]
    assert chip.cloud is not None
    assert np.array_equal(chip.cloud, np.isin(classes, (3, 8, 9, 10)))


def test_the_first_image_lies_on_top_of_a_mosaic(
    folder: Path, server: Running, collection: StacCollection, known: KnownSource
) -> None:
    items = []
    made = {}
    for name, seed in (("top", 2), ("under", 3)):
        made[name] = bands_of(folder, name, seed=seed)["values"]
        items.append(item_of(name, server.at("")))
    hole = made["top"].copy()
    hole[:, 20:50, 30:70] = 0
    for colour, band in zip(("red", "green", "blue"), hole, strict=True):
        path = folder / f"top_{colour}.tif"
        write_image(path, band[None], transform=TEN_M, nodata=0)
    # The one below is older: its values hold 1000 less.
    items[0]["properties"]["s2:processing_baseline"] = "05.09"
    serve(folder, items)
    source = reader(rows_of(f"{server.url}/api", collection, known))
    chip = source.fetch(sheet_of("top", "under", size=SIDE_PX + 10))
    alone = source.fetch(sheet_of("under"))
    source.close()
    expected = hole.copy()
    expected[:, 20:50, 30:70] = made["under"][:, 20:50, 30:70] + 1000
    assert np.array_equal(chip.pixels[:, :SIDE_PX, :SIDE_PX], expected)
    assert chip.valid[:SIDE_PX, :SIDE_PX].all()
    assert not chip.valid[SIDE_PX:].any()
    assert not chip.pixels[:, :, SIDE_PX:].any()
    assert np.array_equal(alone.pixels, made["under"])


def test_a_search_is_paged_and_bounded(
    folder: Path, server: Running, collection: StacCollection, known: KnownSource
) -> None:
    items = [
        item_of(f"d{day}", server.at(""), datetime=f"2023-06-{day:02d}T10:00:00Z")
        for day in range(1, 8)
    ]
    items[6]["collection"] = "something-else"
    far = item_of("far", server.at(""))
    far["geometry"] = json.loads(shapely.to_geojson(shapely.box(40, 40, 41, 41)))
    serve(folder, [*items, far])
    server.fault(search={"status": 503, "times": 1})
    rows = rows_of(
        f"{server.url}/api", collection, known, date(2023, 6, 2), date(2023, 6, 6)
    )
    assert [row["source_image_id"] for row in rows] == ["d2", "d3", "d4", "d5", "d6"]
    asked = server.stats()["search"]
    assert [(token, status) for _, _, token, status in asked] == [
        (0, 503),
        (0, 200),
        (2, 200),
        (4, 200),
    ]
    server.fault(search={"status": 403})
    with pytest.raises(SkyloomError, match=r"cannot be read \(HTTP 403\)"):
        rows_of(f"{server.url}/api", collection, known)
    server.fault()


def catalogue(folder: Path, items: list[dict[str, Any]]) -> Path:
    """A static catalogue of a collection of items, with relative links."""
    links = [{"rel": "child", "href": "./c/collection.json"}]
    root = {"type": "Catalog", "id": "r", "description": "d", "stac_version": "1.0.0"}
    inner = {**root, "type": "Collection", "id": "sentinel-2-l2a", "license": "CC0-1.0"}
    inner["extent"] = {  # type: ignore[assignment]
        "spatial": {"bbox": [[-180, -90, 180, 90]]},
        "temporal": {"interval": [["2015-01-01T00:00:00Z", None]]},
    }
    (folder / "c").mkdir(parents=True)
    hrefs = [{"rel": "item", "href": f"./{item['id']}.json"} for item in items]
    (folder / "catalog.json").write_text(json.dumps({**root, "links": links}))
    (folder / "c" / "collection.json").write_text(json.dumps({**inner, "links": hrefs}))
    for item in items:
        (folder / "c" / f"{item['id']}.json").write_text(json.dumps(item))
    return folder / "catalog.json"


def test_a_catalogue_on_disk_is_read(
    tmp_path: Path, collection: StacCollection, known: KnownSource
) -> None:
    place = catalogue(
        tmp_path / "cat", [item_of("one", "../files/"), item_of("two", "./")]
    )
    (tmp_path / "cat" / "files").mkdir()
    made = bands_of(tmp_path / "cat" / "files", "one")
    rows = rows_of(place, collection, known)
    assert [row["source_image_id"] for row in rows] == ["one", "two"]
    assert rows[0]["band_locations"][0] == str(
        tmp_path / "cat" / "files" / "one_red.tif"
    )
    source = reader(rows)
    chip = source.fetch(sheet_of("one", size=30))
    assert np.array_equal(chip.pixels, made["values"][:, :30, :30])
    with pytest.raises(FetchError, match=r"^read: "):
        source.fetch(sheet_of("two"))
    source.close()
    assert not rows_of(place, collection, known, date(2024, 1, 1))
    assert not rows_of(place, replace(collection, collection="other"), known)


def test_a_list_of_items_is_read(
    tmp_path: Path, collection: StacCollection, known: KnownSource
) -> None:
    items = [item_of("one", "http://127.0.0.1:9/"), {"id": "broken"}]
    place = tmp_path / "list.json"
    place.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    (row,) = rows_of(place, collection, known)
    assert row["band_locations"][0] == "http://127.0.0.1:9/one_red.tif"


def as_geoparquet(items: list[dict[str, Any]], path: Path) -> Path:
    """Items as stac-geoparquet lays them out."""
    rows = []
    for item in items:
        west, south, east, north = item["bbox"]
        wkb = shapely.to_wkb(shapely.geometry.shape(item["geometry"]))
        said = {**item["properties"]}
        said["datetime"] = datetime.fromisoformat(said["datetime"])
        rows.append(
            {
                **{k: v for k, v in item.items() if k not in ("properties", "links")},
                **said,
                "geometry": wkb,
                "bbox": {"xmin": west, "ymin": south, "xmax": east, "ymax": north},
            }
        )
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_items_come_from_a_geoparquet_file(
    tmp_path: Path, collection: StacCollection, known: KnownSource
) -> None:
    far = item_of("far", "http://127.0.0.1:9/")
    far["bbox"] = [40, 40, 41, 41]
    items = [
        item_of("one", "http://127.0.0.1:9/"),
        far,
        item_of("late", "http://127.0.0.1:9/", datetime="2024-01-02T03:04:05Z"),
    ]
    lists = {"type": "FeatureCollection", "features": items[:1]}
    (tmp_path / "list.json").write_text(json.dumps(lists))
    place = as_geoparquet(items, tmp_path / "items.parquet")
    rows = rows_of(place, collection, known, None, date(2023, 12, 31))
    assert rows == [
        {**row, "location": rows[0]["location"]}
        for row in rows_of(tmp_path / "list.json", collection, known)
    ]
    (tmp_path / "no.parquet").write_text("nothing")
    with pytest.raises(SkyloomError, match="holds no STAC items"):
        rows_of(tmp_path / "no.parquet", collection, known)


@pytest.mark.parametrize(
    ("properties", "raised"),
    [
        ({"s2:processing_baseline": "03.01"}, 0),
        (
            {
                "s2:processing_baseline": "03.01",
                "earthsearch:boa_offset_applied": False,
            },
            0,
        ),
        (
            {"s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": True},
            0,
        ),
        (
            {
                "s2:processing_baseline": "04.00",
                "earthsearch:boa_offset_applied": False,
            },
            1000,
        ),
        # The Planetary Computer never takes it off, and says nothing of it.
        ({"s2:processing_baseline": "05.09"}, 1000),
        ({"platform": "sentinel-2a", "processing:version": "05.00"}, 1000),
        ({"platform": "landsat-8", "processing:version": "05.00"}, 0),
    ],
)
def test_the_offset_of_sentinel_2_is_taken_once(
    properties: dict[str, Any], raised: float, collection: StacCollection
) -> None:
    assert shown_range(properties, collection) == (raised, 3000 + raised)
    bytes_as_they_are = replace(collection, scale_min=None, scale_max=None)
    assert shown_range(properties, bytes_as_they_are) == (None, None)


def test_of_two_processings_the_newer_is_taken(
    tmp_path: Path, collection: StacCollection, known: KnownSource
) -> None:
    tile = {"grid:code": "MGRS-31SDA", "platform": "sentinel-2a"}
    items = [
        item_of("b_old", "http://h/", **tile, **{"s2:processing_baseline": "02.09"}),
        item_of("a_new", "http://h/", **tile, **{"s2:processing_baseline": "05.00"}),
        item_of("other", "http://h/", **{**tile, "platform": "sentinel-2b"}),
    ]
    place = tmp_path / "list.json"
    place.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    rows = rows_of(place, collection, known)
    assert [row["source_image_id"] for row in rows] == ["a_new", "other"]


@pytest.mark.parametrize(
    ("href", "words"),
    [
        ("file:///etc/passwd", "file of this machine"),
        ("/vsicurl/http://h/a.tif", "only GDAL"),
        ("/vsizip/a.tif", "only GDAL"),
        ("zip+https://h/a.zip!a.tif", "unknown kind"),
        ("https://u:p@h/a.tif", "secret"),
        ("https://h/a.tif?sig=abc", "secret"),
        ("https://h/a.vrt", "neither GeoTIFF"),
        ("https://h/a.zip", "neither GeoTIFF"),
    ],
)
def test_a_hostile_link_is_passed_over(
    folder: Path,
    server: Running,
    collection: StacCollection,
    known: KnownSource,
    capsys: pytest.CaptureFixture[str],
    href: str,
    words: str,
) -> None:
    be_quiet(False)
    item = item_of("bad", server.at(""))
    item["assets"]["green"]["href"] = href
    serve(folder, [item, item_of("good", server.at(""))])
    rows = rows_of(f"{server.url}/api", collection, known)
    assert [row["source_image_id"] for row in rows] == ["good"]
    said = capsys.readouterr().err
    assert words in said
    assert "sig=" not in said


@pytest.mark.parametrize("link", ["/etc/passwd.json", "file:///etc/passwd"])
def test_a_catalogue_over_http_never_leads_to_this_machine(
    folder: Path,
    server: Running,
    collection: StacCollection,
    known: KnownSource,
    link: str,
) -> None:
    items = [item_of("one", "../../../../"), item_of("two", "/")]
    for item in items:
        item["links"] = [{"rel": "self", "href": "/etc/"}]
    place = catalogue(folder / f"hostile{len(link)}", items)
    url = server.at(place.relative_to(folder).as_posix())
    for row in rows_of(url, collection, known):
        assert all(href.startswith("http://") for href in row["band_locations"])
    root = json.loads(place.read_text())
    root["links"] = [{"rel": "child", "href": link}]
    place.write_text(json.dumps(root))
    with pytest.raises(SkyloomError, match="cannot be read"):
        rows_of(url, collection, known)
    serve(folder, items)
    assert not rows_of(f"{server.url}/api", collection, known)


def test_what_cannot_be_cut_is_counted(
    tmp_path: Path,
    collection: StacCollection,
    known: KnownSource,
    capsys: pytest.CaptureFixture[str],
) -> None:
    be_quiet(False)
    items = [item_of(name, "http://127.0.0.1:9/") for name in "abcdef"]
    del items[0]["assets"]["red"]
    del items[1]["assets"]["red"]
    items[2]["assets"]["blue"]["proj:transform"] = [0, 10, 5e5, 10, 0, 4e6]
    for asset in items[3]["assets"].values():
        asset["proj:transform"] = [10, 1, 5e5, 1, -10, 4e6, 0, 0, 1]
    items[4]["assets"]["red"]["storage:requester_pays"] = True
    for asset in items[5]["assets"].values():
        asset["proj:transform"] = [*TEN_M]
    place = tmp_path / "list.json"
    place.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    (row,) = rows_of(place, collection, known)
    assert row["source_image_id"] == "f"
    said = capsys.readouterr().err
    for words in (
        "2 items without the asset 'red'",
        "1 items whose bands are on different grids",
        "1 items that are rotated",
        "1 items whose reader would have to pay",
    ):
        assert words in said


def test_a_grid_that_is_not_told_is_read_from_the_header(
    folder: Path, server: Running, collection: StacCollection, known: KnownSource
) -> None:
    bands_of(folder, "mute")
    told, mute = item_of("told", server.at("")), item_of("mute", server.at(""))
    for asset in mute["assets"].values():
        del asset["proj:transform"], asset["raster:bands"]
    serve(folder, [mute, told])
    first, second = rows_of(f"{server.url}/api", collection, known)
    for column in ("crs", "transform", "width_px", "height_px", "nodata", "gsd_m"):
        assert first[column] == second[column], column


def test_one_file_of_several_bands(
    folder: Path, server: Running, known: KnownSource, collection: StacCollection
) -> None:
    values = np.random.default_rng(5).integers(1, 255, (4, 40, 40)).astype(np.uint8)
    write_image(folder / "four.tif", values, transform=TEN_M)
    item = item_of("four", server.at(""))
    asset = {"href": server.at("four.tif")}
    serve(folder, [{**item, "assets": {"image": asset}}])
    naip = replace(
        collection, rgb=("image:3", "image:1", "image:2"), scale_min=None, cloud=None
    )
    (row,) = rows_of(f"{server.url}/api", naip, known)
    assert row["rgb_bands"] == [3, 1, 2]
    source = reader([row])
    chip = source.fetch(sheet_of("four", size=40))
    source.close()
    assert np.array_equal(chip.pixels, values[[2, 0, 1]])


class Tokens:
    """Signs with a token that can run out."""

    def __init__(self, token: str) -> None:
        self.token, self.renewed = token, 0

    def sign(self, url: str) -> str:
        return f"{url}?sig={self.token}"

    def renew(self) -> bool:
        self.renewed += 1
        self.token = "fresh"
        return True


def test_a_link_is_signed_when_it_is_opened_and_again_when_that_ran_out(
    folder: Path, server: Running, collection: StacCollection, known: KnownSource
) -> None:
    made = bands_of(folder, "signed")
    serve(folder, [item_of("signed", server.at(""))])
    (row,) = rows_of(f"{server.url}/api", collection, known)
    assert "sig=" not in json.dumps(row["band_locations"])
    files = [f"signed_{key}.tif" for key in ("red", "green", "blue", "scl")]
    server.fault(**{name: {"signature": "sig=fresh"} for name in files})
    tokens = Tokens("stale")
    source = reader([row], signer=tokens)
    chip = source.fetch(sheet_of("signed"))
    source.close()
    assert np.array_equal(chip.pixels, made["values"])
    assert tokens.renewed == 1
    with pytest.raises(FetchError, match=r"^credentials: ") as caught:
        reader([row]).fetch(sheet_of("signed"))
    assert caught.value.http_status == 403
    assert "sig=" not in caught.value.detail
    server.fault()


def test_the_planetary_computer_s_library_signs_its_own_hosts() -> None:
    from planetary_computer import sas  # type: ignore[import-untyped]

    one = signing.signer("planetary_computer")
    place = "https://naipeuwest.blob.core.windows.net/naip/a.tif"
    expiry = datetime.fromisoformat("2999-01-01T00:00:00Z")
    key = f"{sas.Settings.get().sas_url}/naipeuwest/naip"
    token = sas.SASToken(**{"msft:expiry": expiry, "token": "se=1&sig=x"})
    sas.TOKEN_CACHE[key] = token
    assert one.sign(place) == f"{place}?se=1&sig=x"
    assert one.sign("https://elsewhere.org/a.tif") == "https://elsewhere.org/a.tif"
    assert one.renew()
    assert not sas.TOKEN_CACHE


@pytest.mark.parametrize("package", ["planetary_computer", "pystac_client.stac_api_io"])
def test_a_missing_library_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    known: KnownSource,
    package: str,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(UsageError, match=r"pip install -e '\.\[stac\]'"):
        rows_of(tmp_path / "list.json", known.stac[1], known)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": 5}, "make no sense"),
        ({"id": "a\x1b[31m"}, "cannot be printed"),
        ({"id": ""}, "cannot be printed"),
        ({"geometry": {"type": "Polygon", "coordinates": [[1, 2]]}}, "make no sense"),
        ({"datetime": "0001-01-01T00:00:00+14:00"}, "make no sense"),
        ({"datetime": None, "start_datetime": "x"}, "no STAC items"),
        ({"proj:shape": [10**9, 10**9]}, "lies nowhere"),
        ({"proj:shape": [10**12, 10**12]}, "lies nowhere"),
        ({"proj:shape": [math.inf, 9]}, "make no sense"),
        ({"proj:shape": [-9, 9]}, "few pixels"),
        ({"proj:transform": [10, 0, math.inf, 0, -10, 4e6]}, "lies nowhere"),
        ({"proj:transform": [0] * 6}, "not north up"),
        ({"raster:bands": ["x"]}, "make no sense"),
        ({"href": "https://h/a\x1b[31m.tif"}, "cannot be printed"),
        ({"href": "https://h/a.tif#sig=abc"}, "secret"),
        ({"href": "https://[::1/a.tif"}, "make no sense"),
    ],
)
def test_an_absurd_item_is_passed_over(
    tmp_path: Path,
    collection: StacCollection,
    known: KnownSource,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    words: str,
) -> None:
    be_quiet(False)
    bad, good = (item_of(name, "http://127.0.0.1:9/") for name in ("bad", "good"))
    for key, value in change.items():
        if key in ("id", "geometry"):
            bad[key] = value
        elif "datetime" in key:
            bad["properties"][key] = value
        else:
            for asset in bad["assets"].values():
                asset[key] = value
    place = tmp_path / "list.json"
    features = {"type": "FeatureCollection", "features": [bad, good]}
    place.write_text(json.dumps(features))
    (row,) = rows_of(place, collection, known)
    assert row["source_image_id"] == "good"
    said = capsys.readouterr().err
    assert words in said
    assert "\x1b" not in said
    assert "sig=" not in said


def test_a_cloud_cover_that_is_no_percentage_is_none(
    tmp_path: Path, collection: StacCollection, known: KnownSource
) -> None:
    covers = (True, -5, 10**400, "5", None, 101)
    items = [
        item_of(f"i{number}", "http://127.0.0.1:9/", **{"eo:cloud_cover": cover})
        for number, cover in enumerate(covers)
    ]
    place = tmp_path / "list.json"
    place.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    rows = rows_of(place, collection, known)
    assert [row["cloud_fraction"] for row in rows] == [None] * len(covers)


@pytest.mark.parametrize(
    ("module", "bound", "most", "words"),
    [
        (stac_catalogs, "MOST_ITEMS", 3, "more than 3 images"),
        (stac_reader, "MOST_BYTES", 99, "more than 99 bytes"),
    ],
)
def test_a_catalogue_without_end_is_bounded(
    folder: Path,
    server: Running,
    collection: StacCollection,
    known: KnownSource,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    bound: str,
    most: int,
    words: str,
) -> None:
    serve(folder, [item_of(name, server.at("")) for name in "abcde"])
    monkeypatch.setattr(module, bound, most)
    with pytest.raises(SkyloomError, match=words):
        rows_of(f"{server.url}/api", collection, known)


def test_a_catalogue_that_cannot_be_reached_is_one_sentence_without_its_query(
    collection: StacCollection, known: KnownSource
) -> None:
    with pytest.raises(SkyloomError, match="there is no connection") as told:
        rows_of("http://127.0.0.1:9/api?token=secret-9", collection, known)
    assert "secret-9" not in str(told.value)
    assert "http://127.0.0.1:9/api" in str(told.value)


def test_a_link_that_is_not_signed_tells_no_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from planetary_computer import sas

    one = signing.signer("planetary_computer")
    place = "https://naipeuwest.blob.core.windows.net/naip/a.tif"

    def damaged(*_: str, retry_total: int) -> None:
        assert retry_total == 0
        sas.SASToken(token="se=1&sig=secret-9")

    monkeypatch.setattr(sas, "get_token", damaged)
    with pytest.raises(FetchError, match=r"^http: .*signs no link") as told:
        one.sign(place)
    assert "secret-9" not in str(told.value)
