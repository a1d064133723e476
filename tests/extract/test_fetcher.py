import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from affine import Affine
from PIL import Image

from extract import jpeg, maker
from extract.chips import FetchError, RawChip, Sheet
from extract.fetcher import FetchOptions, FetchResult, fetch
from extract.files import FileSource
from extract.footprints import index_files
from extract.tables import read
from skyloom.errors import SkyloomError
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS, LEDGER, REQUESTS
from tests.extract.builders import (
    StandIn,
    lonlat_box,
    noise,
    scene,
    source_row,
    write_image,
)
from tests.extract.services import Virtual


class Counting:
    """A file source that counts its reads and fails on demand."""

    name = "file"
    # Each chip is read by itself, so that reads can be counted.
    limits = replace(FileSource.limits, sheet_px=0)

    def __init__(self, lake: Lake, error: Exception | None = None, after: int = 0):
        self.inner = FileSource(read(lake, FOOTPRINTS))
        self.error, self.after, self.reads = error, after, 0

    def fetch(self, sheet: Sheet) -> RawChip:
        self.reads += 1
        if self.error and self.reads > self.after:
            raise self.error
        return self.inner.fetch(sheet)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def town(lake: Lake, tmp_path: Path) -> StandIn:
    """Twelve scenes on one image of 2021."""
    path = write_image(tmp_path / "town.tif", noise(3))
    index_files(lake, [path], acquired="2021")
    boxes = [lonlat_box(path, 5 + 8 * k, 5 + 3 * k, 40, 30) for k in range(12)]
    return StandIn([scene(f"a{k}_LF", box) for k, box in enumerate(boxes)])


def ledger(lake: Lake) -> pl.DataFrame:
    return read(lake, LEDGER)


def chips(lake: Lake) -> dict[str, bytes]:
    files = sorted(lake.images.rglob("*"))
    root = lake.root
    return {str(f.relative_to(root)): f.read_bytes() for f in files if f.is_file()}


def test_chips_land_in_the_lake_with_their_rows(lake: Lake, town: StandIn) -> None:
    assert fetch(lake, town) == FetchResult(12, 12, 0, 0, 0)
    rows = ledger(lake)
    requests = read(lake, REQUESTS).sort("request_id")
    assert rows["request_id"].equals(requests["request_id"])
    for row, request in zip(rows.to_dicts(), requests.to_dicts(), strict=True):
        digest = row["request_id"]
        name = f"{row['scene_id']}_21_{digest[:6]}.jpg"
        assert row["filepath"] == f"images/LF/{digest[:2]}/{name}"
        assert (row["status"], row["reason"], row["valid_fraction"]) == ("ok", None, 1)
        content = (lake.root / row["filepath"]).read_bytes()
        assert len(content) == row["n_bytes"]
        size = (request["width_px"], request["height_px"])
        assert Image.open(io.BytesIO(content)).size == size
    assert set(chips(lake)) == set(rows["filepath"])
    assert not list((lake.root / "journal").iterdir())


def test_a_second_run_reads_nothing(lake: Lake, town: StandIn) -> None:
    fetch(lake, town)
    before = (chips(lake), (lake.root / "ledger" / "ledger.parquet").read_bytes())
    reader = Counting(lake)
    again = fetch(lake, town, readers={"file": reader})
    assert again == FetchResult(12, 0, 12, 0, 0)
    assert reader.reads == 0
    after = (chips(lake), (lake.root / "ledger" / "ledger.parquet").read_bytes())
    assert after == before


def test_the_number_of_threads_changes_no_byte(lake: Lake, town: StandIn) -> None:
    results = []
    for workers in (1, 7):
        fetch(lake, town, workers=workers)
        table = (lake.root / "ledger" / "ledger.parquet").read_bytes()
        results.append((chips(lake), table))
        shutil.rmtree(lake.images)
        (lake.root / "ledger" / "ledger.parquet").unlink()
    assert results[0] == results[1]


def test_a_lost_or_damaged_chip_is_fetched_again(lake: Lake, town: StandIn) -> None:
    fetch(lake, town)
    whole = chips(lake)
    gone, short = (lake.root / name for name in list(whole)[:2])
    gone.unlink()
    short.write_bytes(b"half")
    assert fetch(lake, town) == FetchResult(12, 2, 10, 0, 0)
    assert chips(lake) == whole


def test_a_moved_box_gets_a_file_of_its_own(lake: Lake, town: StandIn) -> None:
    fetch(lake, town)
    old = chips(lake)
    town.scenes[0] = scene(
        "a0_LF", lonlat_box(lake.root.parent / "town.tif", 9, 5, 40, 30)
    )
    assert fetch(lake, town) == FetchResult(12, 1, 11, 0, 0)
    assert len(chips(lake)) == 13
    assert old.items() <= chips(lake).items()
    requests = read(lake, REQUESTS).filter(pl.col("scene_id") == "a0_LF")
    row = ledger(lake).filter(pl.col("request_id") == requests["request_id"].item())
    assert row["filepath"].item() not in old


def test_gates_reject_for_good(lake: Lake, tmp_path: Path) -> None:
    pixels = noise(3)
    pixels[:, :, :60] = np.array([7, 90, 200], dtype=np.uint8)[:, None, None]
    pixels[:, :, 110:] = 0
    path = write_image(tmp_path / "a.tif", pixels, nodata=0)
    index_files(lake, [path])
    boxes = {
        "blank_LF": lonlat_box(path, 10, 10, 40, 40),
        "nodata_LF": lonlat_box(path, 100, 10, 40, 40),
        "good_LF": lonlat_box(path, 62, 10, 40, 40),
    }
    town = StandIn([scene(name, box) for name, box in boxes.items()])
    assert fetch(lake, town) == FetchResult(3, 1, 0, 2, 0)
    rows = {row["scene_id"]: row for row in ledger(lake).to_dicts()}
    assert rows["blank_LF"]["reason"] == "blank"
    assert rows["nodata_LF"]["reason"] == "nodata"
    assert rows["nodata_LF"]["valid_fraction"] == pytest.approx(0.25, abs=0.02)
    assert rows["nodata_LF"]["filepath"] is None
    assert rows["good_LF"]["status"] == "ok"
    assert "_xx_" in rows["good_LF"]["filepath"]
    assert len(chips(lake)) == 1
    assert fetch(lake, town) == FetchResult(3, 0, 3, 0, 0)
    assert fetch(lake, town, retry={"blank", "cloud"}) == FetchResult(3, 0, 2, 1, 0)
    assert fetch(lake, town, retry={"all"}) == FetchResult(3, 0, 1, 2, 0)
    # Thresholds are the source's.
    town.sources = [source_row(min_valid_fraction=0.1)]
    assert fetch(lake, town, retry={"all"}) == FetchResult(3, 1, 1, 1, 0)


def test_a_chip_of_another_size_is_rejected(lake: Lake, town: StandIn) -> None:
    class Small(Counting):
        def fetch(self, sheet: Sheet) -> RawChip:
            chip = super().fetch(sheet)
            return RawChip(chip.pixels[:, 1:], chip.valid[1:], chip.image_ids)

    fetch(lake, town, readers={"file": Small(lake)})
    assert set(ledger(lake)["reason"]) == {"wrong_size"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [(FetchError("http", "503 from there"), "http"), (ValueError("odd"), "error")],
)
def test_a_failure_is_told_and_tried_again(
    lake: Lake, town: StandIn, error: Exception, reason: str
) -> None:
    broken = Counting(lake, error, after=5)
    result = fetch(lake, town, workers=1, readers={"file": broken}, crew=Virtual())
    assert result == FetchResult(12, 5, 0, 0, 7)
    failed = ledger(lake).filter(pl.col("status") == "failed")
    assert set(failed["reason"]) == {reason}
    assert fetch(lake, town) == FetchResult(12, 7, 5, 0, 0)
    assert set(ledger(lake)["status"]) == {"ok"}


def test_a_missing_image_fails_its_chips_only(lake: Lake, town: StandIn) -> None:
    file = lake.root.parent / "town.tif"
    file.rename(file.with_suffix(".bak"))
    assert fetch(lake, town) == FetchResult(12, 0, 0, 0, 12)
    assert set(ledger(lake)["reason"]) == {"read"}
    file.with_suffix(".bak").rename(file)
    assert fetch(lake, town) == FetchResult(12, 12, 0, 0, 0)


def test_a_kill_loses_only_the_torn_line(lake: Lake, town: StandIn) -> None:
    fetch(lake, town)
    whole = chips(lake)
    rows = ledger(lake).to_dicts()
    (lake.root / "ledger" / "ledger.parquet").unlink()
    lines = [json.dumps(row) for row in rows]
    journal = lake.root / "journal" / "000007.jsonl"
    journal.write_text("\n".join(lines[:8]) + "\n" + lines[8][:40])
    reader = Counting(lake)
    result = fetch(lake, town, readers={"file": reader})
    assert result == FetchResult(12, 4, 8, 0, 0)
    assert reader.reads == 4
    assert chips(lake) == whole
    assert ledger(lake).to_dicts() == rows


def test_the_last_journal_line_of_a_request_wins(lake: Lake, town: StandIn) -> None:
    fetch(lake, town)
    row = ledger(lake).to_dicts()[0]
    folder = lake.root / "journal"
    for number, status in ((2, "rejected"), (10, "failed")):
        line = json.dumps({**row, "status": status})
        (folder / f"{number:06d}.jsonl").write_text(line + "\n")
    assert fetch(lake, town).fetched == 1
    assert ledger(lake).to_dicts()[0] == row


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SkyloomError("no space left")])
def test_a_stop_keeps_what_was_done(
    lake: Lake, town: StandIn, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    write, written = maker.write_whole, []

    def full(path: Path, content: bytes) -> None:
        written.append(path)
        if len(written) > 6:
            raise stop
        write(path, content)

    monkeypatch.setattr(maker, "write_whole", full)
    with pytest.raises(type(stop)):
        fetch(lake, town, workers=1, readers={"file": Counting(lake)})
    done = ledger(lake).height
    assert 4 <= done <= 6
    monkeypatch.undo()
    assert fetch(lake, town) == FetchResult(12, 12 - done, done, 0, 0)


def test_a_full_disk_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(SkyloomError, match=r"No space left on device.*free some"):
        maker.write_whole(tmp_path / "images" / "a.jpg", b"chip")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_is_left_is_counted_and_the_stop_is_told(
    lake: Lake, town: StandIn
) -> None:
    town.sources = [source_row(kind="earthengine")]
    few = fetch(
        lake,
        town,
        readers={"earthengine": Counting(lake)},
        options=FetchOptions(limit=3),
    )
    assert few == FetchResult(12, 3, 0, 0, 0, left=9)
    over = Counting(lake, FetchError("quota", "the month's compute is used up"))
    stop = ("file", "quota", "the month's compute is used up")
    told = fetch(lake, town, readers={"earthengine": over})
    assert told == FetchResult(12, 0, 3, 0, 0, left=9, stopped=(stop,))
    assert str(told).endswith("0 failed, 9 left; file stopped (quota)")
    assert ledger(lake).height == 3
    probe = FetchOptions(probe=2, probe_only=True)
    reader = Counting(lake)
    seen = fetch(lake, town, readers={"earthengine": reader}, options=probe)
    assert seen == FetchResult(12, 2, 3, 0, 0, left=7)
    assert reader.reads == 2


def test_what_failed_before_comes_last(lake: Lake, town: StandIn) -> None:
    late = town.scenes.pop()
    fetch(lake, town, readers={"file": Counting(lake, FetchError("read", "gone"))})
    town.scenes.append(late)
    assert fetch(lake, town, options=FetchOptions(limit=1)).fetched == 1
    done = ledger(lake).filter(pl.col("status") == "ok")
    assert done["scene_id"].to_list() == [late["scene_id"]]


def test_a_source_that_nobody_reads_is_told(lake: Lake, town: StandIn) -> None:
    town.sources = [source_row(kind="stac")]
    assert fetch(lake, town).failed == 12
    assert set(ledger(lake)["reason"]) == {"no_reader"}


def test_two_scenes_with_one_box_share_a_chip(lake: Lake, town: StandIn) -> None:
    town.scenes.append({**town.scenes[0], "scene_id": "r9_LF"})
    assert fetch(lake, town) == FetchResult(12, 12, 0, 0, 0)
    assert read(lake, REQUESTS).height == 13
    assert read(lake, REQUESTS)["request_id"].n_unique() == 12


def test_jpeg_is_full_colour_bare_and_black_where_void() -> None:
    valid = np.ones((16, 16), dtype=np.bool_)
    valid[:, 8:] = False
    chip = RawChip(np.full((3, 16, 16), 200, dtype=np.uint8), valid, ("a",))
    image: Any = Image.open(io.BytesIO(jpeg.encode(chip, 95)))
    assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    seen = np.asarray(image)
    assert seen[:, :8].min() >= 198
    assert seen[:, 8:].max() <= 2


def test_images_of_two_sources_are_fetched_together(lake: Lake, tmp_path: Path) -> None:
    fine = write_image(tmp_path / "fine.tif", noise(3))
    grid = Affine(2.0, 0, 500_000, 0, -2.0, 4_000_200)
    coarse = write_image(tmp_path / "coarse.tif", noise(3), transform=grid)
    index_files(lake, [fine], source="L1")
    index_files(lake, [coarse], source="L2")
    box = lonlat_box(fine, 20, 20, 80, 80)
    both = [scene("a1_L1", box, "L1"), scene("a1_L2", box, "L2")]
    town = StandIn(both, [source_row("L1"), source_row("L2", jpeg_quality=50)])
    assert fetch(lake, town) == FetchResult(2, 2, 0, 0, 0)
    assert {Path(name).parts[1] for name in chips(lake)} == {"L1", "L2"}


def test_a_damaged_block_costs_only_the_chips_that_it_touches(
    lake: Lake, town: StandIn, tmp_path: Path
) -> None:
    """Chips that were to be read together are read alone before any is given up."""

    class Damaged(Counting):
        limits = FileSource.limits

        def fetch(self, sheet: Sheet) -> RawChip:
            if any(chip.scene_id in ("a3_LF", "a7_LF") for chip in sheet.chips):
                self.reads += 1
                raise FetchError("read", "town.tif: a block is damaged")
            return super().fetch(sheet)

    reader = Damaged(lake)
    result = fetch(lake, town, readers={"file": reader})
    assert result == FetchResult(12, 10, 0, 0, 2)
    assert reader.reads == 1 + 12
