import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import shapely

from extract.footprints import footprint_file, index_files
from extract.known_sources import KnownSource, find_source, known_sources
from extract.service_index import index_service
from extract.tables import read
from skyloom.dbt_run import PROJECT
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.progress import be_quiet
from skyloom.raw_tables import FOOTPRINTS, SNAPSHOTS
from tests.extract.builders import noise, write_image
from tests.extract.imagery import image

HOME = shapely.box(8.0, 46.0, 9.0, 47.0)
GROWN = shapely.box(8.0, 46.0, 9.5, 47.0)


class Service:
    """Images of every month over every half degree; notes what it was asked."""

    def __init__(self, kind: str = "earthengine") -> None:
        self.asked: list[tuple[Any, date | None, date | None]] = []
        self.kind, self.gsd_m, self.version = kind, 0.6, 1

    def __call__(
        self, area: shapely.Geometry, first: date | None, last: date | None
    ) -> Iterator[dict[str, Any]]:
        self.asked.append((area, first, last))
        west, _, east, _ = area.bounds
        for year in (2020, 2021, 2022):
            taken = date(year, 6, 1)
            if (first and taken < first) or (last and taken > last):
                continue
            for k in range(round(west * 2), round(east * 2)):
                name = f"m_{k}_{year}"
                yield image(
                    name,
                    acquired=taken.isoformat(),
                    kind=self.kind,
                    gsd_m=self.gsd_m,
                    sha256=f"{name}@{self.version}",
                )


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def us() -> KnownSource:
    return find_source(known_sources(PROJECT / "seeds"), "US")


@pytest.fixture
def s2() -> KnownSource:
    return find_source(known_sources(PROJECT / "seeds"), "S2")


def index(lake: Lake, known: KnownSource, service: Service, **changes: Any) -> int:
    call = {"via": "earthengine", "area": HOME, "first": None, "last": None}
    return index_service(lake, known, service, **{**call, **changes})


def held(lake: Lake) -> list[str]:
    return read(lake, FOOTPRINTS)["source_image_id"].to_list()


def test_what_was_listed_is_not_asked_for_again(
    lake: Lake, us: KnownSource, service: Service
) -> None:
    assert index(lake, us, service) == 6
    file = footprint_file(lake, "US")
    before = file.stat().st_mtime_ns, file.read_bytes()
    assert index(lake, us, service) == 6
    assert index(lake, us, service, area=HOME.buffer(-0.2)) == 6
    assert service.asked == [(HOME, None, None)]
    # Nor written: what was built of it stays.
    assert (file.stat().st_mtime_ns, file.read_bytes()) == before
    frame = read(lake, FOOTPRINTS)
    assert frame["source"].unique().to_list() == ["US"]
    assert frame["source_image_id"].is_sorted()
    note = json.loads(file.with_suffix(".json").read_text())
    assert (note["kind"], note["first"], note["last"]) == ("earthengine", None, None)
    assert shapely.from_wkt(note["wkt"]).equals(HOME)


def test_of_a_larger_area_the_rest_is_asked_for(
    lake: Lake, us: KnownSource, service: Service
) -> None:
    index(lake, us, service)
    assert index(lake, us, service, area=GROWN) == 9
    assert service.asked[1][0].equals(GROWN.difference(HOME))
    assert index(lake, us, service, area=GROWN) == 9
    assert len(service.asked) == 2


def test_of_a_longer_time_the_rest_is_asked_for(
    lake: Lake, us: KnownSource, service: Service
) -> None:
    days = {"first": date(2021, 1, 1), "last": date(2021, 12, 31)}
    assert index(lake, us, service, **days) == 2
    assert index(lake, us, service, first=date(2021, 3, 1), last=date(2021, 8, 1)) == 2
    assert len(service.asked) == 1
    assert index(lake, us, service, first=date(2020, 1, 1), last=None) == 6
    asked = [(area.equals(HOME), *rest) for area, *rest in service.asked[1:]]
    assert asked == [
        (True, date(2020, 1, 1), date(2020, 12, 31)),
        (True, date(2022, 1, 1), None),
    ]
    # In a place that is added, the whole time.
    index(lake, us, service, area=GROWN, **days)
    assert service.asked[3][1:] == (date(2020, 1, 1), None)


def test_refresh_asks_for_all_again_and_forgets_what_is_gone(
    lake: Lake, us: KnownSource, service: Service
) -> None:
    index(lake, us, service, area=GROWN)
    service.version = 2
    assert index(lake, us, service, refresh=True) == 6
    assert service.asked[1] == (HOME, None, None)
    assert read(lake, FOOTPRINTS)["sha256"].str.ends_with("@2").all()


def test_a_source_is_listed_by_one_service_until_it_is_replaced(
    lake: Lake, us: KnownSource, service: Service
) -> None:
    index(lake, us, service)
    other = Service("stac")
    with pytest.raises(UsageError, match="indexed by earthengine, not by stac"):
        index(lake, us, other, via="stac")
    assert (other.asked, len(held(lake))) == ([], 6)
    assert index(lake, us, other, via="stac", refresh=True) == 6
    assert read(lake, FOOTPRINTS)["kind"].unique().to_list() == ["stac"]
    assert index(lake, us, other, via="stac") == 6
    assert len(other.asked) == 1


def test_files_of_that_code_are_not_mixed_with_a_service(
    lake: Lake, us: KnownSource, service: Service, tmp_path: Path
) -> None:
    index_files(lake, [write_image(tmp_path / "a.tif", noise(3))], source="US")
    with pytest.raises(UsageError, match="indexed by file"):
        index(lake, us, service)
    assert held(lake) == ["a"]


def test_images_of_other_pixels_are_passed_over_and_that_is_said_once(
    lake: Lake,
    us: KnownSource,
    service: Service,
    capsys: pytest.CaptureFixture[str],
) -> None:
    be_quiet(False)
    service.gsd_m = 2.0
    assert index(lake, us, service) == 0
    assert capsys.readouterr().err == (
        "US: passed over 6 image(s) whose pixels are far from 0.6 m\n"
    )
    # NAIP of one metre is NAIP.
    service.gsd_m = 1.0
    assert index(lake, us, service, refresh=True) == 6


def test_an_interrupted_listing_leaves_what_was_there(
    lake: Lake, us: KnownSource, service: Service
) -> None:
    index(lake, us, service)

    def torn(*asked: Any) -> Iterator[dict[str, Any]]:
        yield from list(service(*asked))[:1]
        raise RuntimeError("the network is gone")

    with pytest.raises(RuntimeError):
        index(lake, us, torn, area=GROWN)  # type: ignore[arg-type]
    assert len(held(lake)) == 6
    assert index(lake, us, service, area=GROWN) == 9


def test_footprints_without_a_note_are_listed_again(
    lake: Lake, us: KnownSource, service: Service
) -> None:
    index(lake, us, service)
    note = footprint_file(lake, "US").with_suffix(".json")
    note.unlink()
    assert index(lake, us, service) == 6
    assert len(service.asked) == 2
    note.write_text("{}")
    with pytest.raises(UsageError, match="does not say what was listed"):
        index(lake, us, service)


def snapshot(lake: Lake, *days: date | None) -> None:
    path = lake.root / SNAPSHOTS.pattern.replace("*", "r")
    path.parent.mkdir(parents=True)
    rows = [{"snapshot": f"s{k}", "snapshot_date": day} for k, day in enumerate(days)]
    empty = pl.read_parquet(lake.files(SNAPSHOTS))
    pl.DataFrame(rows, schema=empty.schema).write_parquet(path)


def test_a_growing_source_is_listed_for_the_months_before_the_newest_snapshot(
    lake: Lake, s2: KnownSource, service: Service
) -> None:
    snapshot(lake, date(2022, 1, 1), date(2024, 2, 29), None)
    index(lake, s2, service)
    assert service.asked[0][1:] == (date(2022, 2, 28), date(2024, 2, 29))
    index(lake, s2, service, first=date(2022, 1, 1), last=date(2022, 6, 1))
    assert service.asked[1][1:] == (date(2022, 1, 1), date(2022, 2, 27))


def test_without_a_dated_snapshot_a_growing_source_asks_for_a_day(
    lake: Lake, s2: KnownSource, service: Service
) -> None:
    with pytest.raises(UsageError, match="no snapshot here has a date"):
        index(lake, s2, service)
    assert service.asked == []
    service.gsd_m = 10
    assert index(lake, s2, service, first=date(2022, 1, 1)) == 2
    assert service.asked[0][1:] == (date(2022, 1, 1), None)


def test_the_seeds_say_which_sources_grow() -> None:
    sources = known_sources(PROJECT / "seeds")
    months = {code: one.index_months for code, one in sources.items()}
    assert {code for code, n in months.items() if n} == {"S2", "L8", "L9"}
    assert months["S2"] == 24
    assert all(
        sources[code].last_date is None and sources[code].cloud_property
        for code, n in months.items()
        if n
    )


@pytest.mark.parametrize(
    ("day", "months", "wanted"),
    [
        (date(2024, 2, 29), 24, date(2022, 2, 28)),
        (date(2024, 1, 31), 1, date(2023, 12, 31)),
        (date(2024, 12, 31), 1, date(2024, 11, 30)),
        (date(2024, 1, 15), 24, date(2022, 1, 15)),
    ],
)
def test_months_are_those_of_the_calendar(
    day: date, months: int, wanted: date, lake: Lake, s2: KnownSource, service: Service
) -> None:
    index(lake, replace(s2, index_months=months), service, last=day)
    assert service.asked[0][1:] == (wanted, day)
    assert wanted < day - timedelta(28 * months - 1)
