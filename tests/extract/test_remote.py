"""Files over HTTP: what is asked for, and what a failure is called."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import rasterio

from extract import remote
from extract.chips import ChipRequest, FetchError, Grid, Sheet
from extract.files import FileSource
from extract.footprints import index_files
from extract.tables import read
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import UTM, noise, write_image
from tests.extract.range_server import Running, running

SIDE_PX, CHIP_PX, BLOCK_PX = 4096, 300, 512
CHUNK_BYTES = 16_384  # GDAL asks for whole chunks of a file
TIMEOUT_S = 4.0  # of which a request may take a quarter


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("remote")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    with running(folder) as one:
        yield one


@pytest.fixture(scope="module")
def large(folder: Path) -> np.ndarray[Any, Any]:
    """The values of large1.tif and large4.tif."""
    values = cog(folder / "large1.tif", SIDE_PX)
    (folder / "large4.tif").hardlink_to(folder / "large1.tif")
    return values


def cog(path: Path, side_px: int = 1024) -> np.ndarray[Any, Any]:
    """A COG of noise, 40 values deep."""
    values = noise(3, side_px, side_px) % 40
    size = {"count": 3, "width": side_px, "height": side_px, "dtype": "uint8"}
    place = {"crs": "EPSG:32631", "transform": UTM}
    stored = {"compress": "deflate", "level": 1, "blocksize": BLOCK_PX}
    with rasterio.open(path, "w", driver="COG", **size, **place, **stored) as file:
        file.write(values)
    return values


def sheet(name: str, col: int, row: int, size: int) -> Sheet:
    x, y = UTM @ (col, row)
    grid = Grid("EPSG:32631", (0.5, 0.0, x, 0.0, -0.5, y), size, size)
    return Sheet.of(ChipRequest("r", "s", "b", "LF", (name,), grid))


def twice(asked: list[tuple[str, int, int, int]]) -> int:
    """Bytes of a file that were asked for more than once."""
    end = repeated = 0
    ranges = sorted(
        (first, last) for method, first, last, _ in asked if method == "GET"
    )
    for first, last in ranges:
        repeated += max(min(end, last + 1) - first, 0)
        end = max(end, last + 1)
    return repeated


@pytest.mark.parametrize(("threads", "size"), [(1, CHIP_PX), (4, 1000)])
def test_no_byte_is_asked_for_twice(
    lake: Lake,
    folder: Path,
    server: Running,
    large: np.ndarray[Any, Any],
    threads: int,
    size: int,
) -> None:
    path = folder / f"large{threads}.tif"
    index_files(lake, [server.at(path.name)])
    server.fault()
    source = FileSource(read(lake, FOOTPRINTS))
    # They overlap, as chips and sheets do.
    corners = range(0, SIDE_PX - size, size - 40)
    places = [(col, row) for row in corners for col in corners]

    def cut(place: tuple[int, int]) -> tuple[bool, int]:
        col, row = place
        chip = source.fetch(sheet(path.stem, col, row, size))
        expected = large[:, row : row + size, col : col + size]
        return np.array_equal(chip.pixels, expected), chip.n_bytes

    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(cut, places))
    source.close()
    assert all(same for same, _ in done)
    asked = server.stats()[path.name]
    ranges = [one for one in asked if one[0] == "GET"]
    total = sum(last - first + 1 for _, first, last, _ in ranges)
    # Two threads at neighbouring blocks ask for the chunk in which these meet.
    allowed = 0 if threads == 1 else CHUNK_BYTES * len(ranges)
    assert twice(asked) <= allowed
    assert sum(size for _, size in done) == pytest.approx(total, rel=0.1)
    assert len(asked) - len(ranges) <= 1


@pytest.mark.parametrize("from_byte", [0, 100_000])
@pytest.mark.parametrize(
    ("fault", "reason", "status"),
    [
        ({"status": 404}, "not_found", 404),
        ({"status": 403}, "credentials", 403),
        ({"status": 400}, "bad_request", 400),
        ({"status": 429, "retry_after": "7"}, "throttled", 429),
        ({"status": 503}, "http", 503),
        ({"silent_s": 1.5}, "timeout", None),
        ({"truncate": 900}, "truncated", None),
    ],
)
def test_a_failure_has_its_reason_and_heals(
    lake: Lake,
    folder: Path,
    server: Running,
    fault: dict[str, Any],
    reason: str,
    status: int | None,
    from_byte: int,
) -> None:
    name = f"{reason}{status}{from_byte}.tif"
    values = cog(folder / name)
    index_files(lake, [server.at(name)])
    # What GDAL heard at indexing would hide a fault at opening.
    url = server.at(name)
    remote.forget(url)
    server.fault(**{name: {**fault, "from_byte": from_byte}})
    source = FileSource(read(lake, FOOTPRINTS), timeout_s=TIMEOUT_S)
    wanted = sheet(Path(name).stem, 500, 500, 300)
    for _ in range(2):
        with pytest.raises(FetchError) as caught:
            source.fetch(wanted)
        assert caught.value.reason == reason, caught.value
    assert caught.value.http_status == status
    if from_byte and "retry_after" in fault:
        assert caught.value.retry_after_s == 7
    server.fault()
    assert np.array_equal(source.fetch(wanted).pixels, values[:, 500:800, 500:800])
    source.close()
    assert url in caught.value.detail


def test_a_server_that_is_not_there(lake: Lake, folder: Path, server: Running) -> None:
    cog(folder / "gone.tif")
    index_files(lake, [server.at("gone.tif")])
    nowhere = pl.col("band_locations").list.eval(pl.lit("http://127.0.0.1:9/gone.tif"))
    frame = read(lake, FOOTPRINTS).with_columns(nowhere)
    with pytest.raises(FetchError, match=r"^http: .*no connection"):
        FileSource(frame, timeout_s=TIMEOUT_S).fetch(sheet("gone", 0, 0, 50))


def test_a_url_is_indexed_by_what_its_server_says(
    lake: Lake, folder: Path, server: Running
) -> None:
    path = folder / "named.tif"
    cog(path)
    url = server.at("named.tif")
    server.fault()
    index_files(lake, [url], license="CC0-1.0")
    (row,) = read(lake, FOOTPRINTS).to_dicts()
    assert (row["source_image_id"], row["location"]) == ("named", url)
    assert row["band_locations"] == [url] * 3
    asked = server.stats()["named.tif"]
    got = sum(last - first + 1 for method, first, last, _ in asked if method == "GET")
    assert got < path.stat().st_size / 4
    cog(path)
    index_files(lake, [url])
    (again,) = read(lake, FOOTPRINTS).to_dicts()
    assert again["sha256"] != row["sha256"]
    assert again["license"] == "CC0-1.0"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.tif", "HTTP 404"),
        ("a.tif?token=abc", "must not hold a password or a query"),
        ("*.tif", "pattern cannot be matched"),
        ("text.txt", "GDAL can read"),
    ],
)
def test_urls_that_cannot_be_indexed(
    lake: Lake, folder: Path, server: Running, name: str, words: str
) -> None:
    (folder / "text.txt").write_text("words")
    with pytest.raises(UsageError, match=words) as caught:
        index_files(lake, [server.at(name)])
    assert "abc" not in str(caught.value)


def test_a_bucket_is_read(
    lake: Lake, folder: Path, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_S3_ENDPOINT": server.url.removeprefix("http://"),
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
        "AWS_NO_SIGN_REQUEST": "YES",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    values = cog(folder / "bucket.tif")
    url = "s3://files/bucket.tif"
    index_files(lake, [url])
    source = FileSource(read(lake, FOOTPRINTS), timeout_s=TIMEOUT_S)
    chip = source.fetch(sheet("bucket", 100, 100, 200))
    source.close()
    assert np.array_equal(chip.pixels, values[:, 100:300, 100:300])


def test_windows_that_share_a_block_wait_for_each_other() -> None:
    turns = remote.Turns()
    with turns.take({("a", 0, 0), ("a", 0, 1)}, 1):
        with turns.take({("a", 1, 1)}, 1):
            pass
        with pytest.raises(FetchError, match="not free in time"):
            turns.take({("a", 0, 1), ("a", 0, 2)}, 0.05).__enter__()
    with turns.take({("a", 0, 1)}, 1):
        pass


def test_a_striped_file_and_a_mask_are_read(
    lake: Lake, folder: Path, server: Running
) -> None:
    values = noise(3)
    values[:, 20:40] = 0
    write_image(folder / "striped.tif", values, nodata=0)
    index_files(lake, [server.at("striped.tif")])
    source = FileSource(read(lake, FOOTPRINTS))
    chip = source.fetch(sheet("striped", 10, 10, 60))
    source.close()
    assert np.array_equal(chip.pixels, values[:, 10:70, 10:70])
    assert (~chip.valid).sum() == 20 * 60
