"""The whole fetcher through the unmodified client, against the loopback server."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import ee
import polars as pl
import pytest

from extract.earthengine import EarthEngineSource
from extract.earthengine_index import images_of
from extract.earthengine_transport import RESTRICTED_LINE
from extract.fetcher import FetchOptions, FetchResult, fetch
from extract.service_index import index_service
from extract.tables import read
from skyloom.lake import Lake
from skyloom.progress import be_quiet
from skyloom.raw_tables import ATTEMPTS, FOOTPRINTS, LEDGER
from tests.extract.builders import StandIn, lonlat_box, scene, source_row
from tests.extract.earthengine_place import (  # noqa: F401 - two are fixtures
    AROUND,
    Service,
    known,
    place_fixture,
    service_fixture,
)

IN_FLIGHT, PER_SECOND = 6, 40
SHARES = {"429": 0.05, "503": 0.03, "drop": 0.01, "truncate": 0.01, "slow": 0.02}


def town(service: Service, count: int) -> StandIn:
    """Scenes on the western image, off its void corner."""
    places = [(4 + k % 24 * 13, 24 + k // 24 * 24) for k in range(count)]
    file = service.folder / "west.tif"
    boxes = [lonlat_box(file, col, row, 16, 12) for col, row in places]
    scenes = [scene(f"a{k}_US", box, "US") for k, box in enumerate(boxes)]
    return StandIn(scenes, [source_row("US", "earthengine")])


def indexed(service: Service, root: Path) -> Lake:
    """A lake of its own that knows the place's images."""
    lake = Lake.open(root, create=True)
    lists = partial(images_of, service.open(in_flight=IN_FLIGHT), known("US"))
    via = {"via": "earthengine", "area": AROUND, "first": None, "last": None}
    index_service(lake, known("US"), lists, **via)
    return lake


def run(
    service: Service, lake: Lake, catalog: StandIn, per_second: float = 200.0
) -> FetchResult:
    """A request for each chip, at a project's quota."""
    source = EarthEngineSource(
        read(lake, FOOTPRINTS), service.open(in_flight=IN_FLIGHT), {}, per_second
    )
    source.limits = replace(source.limits, sheet_px=0)
    options = FetchOptions(probe=5)
    return fetch(lake, catalog, readers={"earthengine": source}, options=options)


def held(lake: Lake) -> dict[str, bytes]:
    files = [lake.root / "ledger" / "ledger.parquet", *lake.images.rglob("*")]
    kept = (file for file in files if file.is_file())
    return {str(file.relative_to(lake.root)): file.read_bytes() for file in kept}


def test_it_keeps_to_the_quota_as_the_server_counts(service, tmp_path) -> None:
    catalog, lake = town(service, 180), indexed(service, tmp_path / "lake")
    limits = {"max_in_flight": IN_FLIGHT, "max_per_second": PER_SECOND}
    service.order(latency_s=0.1, **limits)
    assert run(service, lake, catalog, PER_SECOND) == FetchResult(180, 180, 0, 0, 0)
    seen = service.stats()
    assert seen["paths"] == {"getPixels": 180}
    assert seen["answers"] == {"200": 180}
    assert 1 < seen["max_in_flight"] <= IN_FLIGHT
    assert seen["max_in_a_second"] <= PER_SECOND
    assert seen["connections"] <= IN_FLIGHT + 1


def test_the_tree_of_methods_is_built_once(service) -> None:
    service.open(in_flight=IN_FLIGHT)
    first, second = (ee.data._get_cloud_projects_raw() for _ in range(2))
    assert first is second
    assert first.assets() is second.assets()
    assert first.image() is second.image()


def test_a_storm_ends_with_the_bytes_of_fair_weather(service, tmp_path) -> None:
    catalog = town(service, 150)
    calm, wild = (indexed(service, tmp_path / name) for name in ("calm", "wild"))
    service.order(latency_s=0.01)
    assert run(service, calm, catalog).fetched == 150
    weather = {"latency_s": 0.01, "slow_s": 0.5, "retry_after": "0.1"}
    service.order(seed=3, shares=SHARES, **weather)
    assert run(service, wild, catalog) == FetchResult(150, 150, 0, 0, 0)
    seen = service.stats()
    assert set(seen["answers"]) == {"200", "429", "503", "dropped", "truncate"}
    assert seen["distinct"] == 150
    assert seen["duplicates"] == 0
    assert seen["max_in_flight"] <= IN_FLIGHT
    assert len(held(calm)) == 151
    assert held(wild) == held(calm)
    tried = dict(read(wild, ATTEMPTS)["reason"].value_counts().iter_rows())
    answers = seen["answers"]
    assert tried == {
        None: 150,
        "throttled": answers["429"],
        "http": answers["503"] + answers["dropped"],
        "truncated": answers["truncate"],
    }


def test_refused_credentials_leave_the_rest_untried(service, tmp_path) -> None:
    catalog, lake = town(service, 90), indexed(service, tmp_path / "lake")
    refused = {"status": 403, "message": "Caller does not have permission."}
    service.order(latency_s=0.02, first=[None] * 30 + [refused])
    told = run(service, lake, catalog)
    ((name, reason, detail),) = told.stopped
    assert (name, reason) == ("earthengine", "credentials")
    assert "403" in detail
    assert "does not have permission" in detail
    assert re.search(r"\d+ left; earthengine stopped \(credentials\)$", str(told))
    # What was under way as the refusal came may still arrive.
    assert 30 - IN_FLIGHT < told.fetched < 30 + IN_FLIGHT
    assert (told.failed, told.left) == (0, 90 - told.fetched)
    assert service.stats()["paths"]["getPixels"] == told.fetched + 1
    rows = read(lake, LEDGER)
    assert set(rows["status"]) == {"ok"}
    assert rows.height == told.fetched
    service.order()
    again = run(service, lake, catalog)
    assert again == FetchResult(90, told.left, told.fetched, 0, 0)


def test_restricted_mode_is_told_once_in_a_run(
    service, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog, lake = town(service, 12), indexed(service, tmp_path / "lake")
    be_quiet(False)
    for _ in range(2):
        service.order(restricted=True)
        assert run(service, lake, catalog).fetched == 12
        assert capsys.readouterr().err.count(RESTRICTED_LINE) == 1
        rows = read(lake, LEDGER)
        assert rows.filter(pl.col("status") == "ok").height == 12
        for file in lake.images.rglob("*.jpg"):
            file.unlink()
