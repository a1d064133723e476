from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine

from extract.chips import ChipRequest, FetchError, RawChip, Sheet
from extract.files import FileSource
from extract.footprints import index_files
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import (
    lonlat_box,
    noise,
    only_request,
    read_direct,
    write_image,
)


def chip_of(
    lake: Lake, path: Path, *, bands: tuple[int, int, int] | None = None
) -> tuple[ChipRequest, RawChip]:
    """Index a file and read the chip of a box in its middle."""
    index_files(lake, [path], bands=bands)
    request = only_request(lake, lonlat_box(path, 30, 20, 60, 50))
    source = FileSource(read(lake, FOOTPRINTS))
    try:
        return request, source.fetch(Sheet.of(request))
    finally:
        source.close()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"crs": "EPSG:4326", "transform": Affine(1e-5, 0, 8.5, 0, -1e-5, 47.25)},
        {"crs": "EPSG:3857", "transform": Affine(1, 0, 9.5e5, 0, -1, 6e6)},
        {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"},
    ],
)
def test_a_chip_is_the_file_s_own_window(
    lake: Lake, tmp_path: Path, options: dict[str, Any]
) -> None:
    path = write_image(tmp_path / "a.tif", noise(3), **options)
    request, chip = chip_of(lake, path)
    assert np.array_equal(chip.pixels, read_direct(path, request, [1, 2, 3]))
    assert chip.pixels.shape == (3, *chip.valid.shape)
    assert chip.pixels.dtype == np.uint8
    assert chip.valid.all()
    assert chip.image_ids == ("a",)


def test_bands_in_the_order_blue_green_red_are_turned(
    lake: Lake, tmp_path: Path
) -> None:
    colours = ["blue", "green", "red"]
    path = write_image(
        tmp_path / "a.tif", noise(3), colours=colours, photometric="MINISBLACK"
    )
    request, chip = chip_of(lake, path)
    assert np.array_equal(chip.pixels, read_direct(path, request, [3, 2, 1]))


def test_named_bands_win(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(4), photometric="MINISBLACK")
    request, chip = chip_of(lake, path, bands=(4, 1, 2))
    assert np.array_equal(chip.pixels, read_direct(path, request, [4, 1, 2]))


def test_infrared_never_hides_a_pixel(lake: Lake, tmp_path: Path) -> None:
    pixels = noise(4)
    pixels[3, 30:60, 40:80] = 0
    path = write_image(tmp_path / "a.tif", pixels)
    request, chip = chip_of(lake, path)
    assert chip.valid.all()
    assert np.array_equal(chip.pixels, read_direct(path, request, [1, 2, 3]))


def test_alpha_hides_pixels(lake: Lake, tmp_path: Path) -> None:
    pixels = noise(4)
    pixels[3] = 255
    pixels[3, 30:40, 40:60] = 0
    path = write_image(tmp_path / "a.tif", pixels)
    request, chip = chip_of(lake, path)
    assert np.array_equal(chip.valid, read_direct(path, request, [4])[0] == 255)
    assert (~chip.valid).sum() == 200


def test_nodata_hides_pixels_where_all_bands_have_it(
    lake: Lake, tmp_path: Path
) -> None:
    pixels = noise(3)
    pixels[:, 30:40, 40:60] = 0
    pixels[0, 45, 50] = 0
    path = write_image(tmp_path / "a.tif", pixels, nodata=0)
    _, chip = chip_of(lake, path)
    assert (~chip.valid).sum() == 200


def test_a_mask_of_the_file_hides_pixels(lake: Lake, tmp_path: Path) -> None:
    mask = np.ones((120, 160), dtype=np.bool_)
    mask[30:40, 40:60] = False
    _, chip = chip_of(lake, write_image(tmp_path / "a.tif", noise(3), mask=mask))
    assert (~chip.valid).sum() == 200


def test_a_palette_is_expanded(lake: Lake, tmp_path: Path) -> None:
    pixels = (noise(1) % 4).astype(np.uint8)
    palette = {0: (0, 0, 0), 1: (250, 10, 20), 2: (30, 240, 50), 3: (70, 80, 230)}
    path = write_image(tmp_path / "a.tif", pixels, palette=palette, nodata=0)
    request, chip = chip_of(lake, path)
    index = read_direct(path, request, [1])[0]
    table = np.array([palette[k] for k in range(4)], dtype=np.uint8)
    assert np.array_equal(chip.pixels, table[index].transpose(2, 0, 1))
    assert np.array_equal(chip.valid, index != 0)


def test_grey_is_shown_in_all_three(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(1))
    request, chip = chip_of(lake, path)
    assert np.array_equal(chip.pixels, read_direct(path, request, [1, 1, 1]))


def test_a_file_that_went_or_changed_is_a_failed_chip(
    lake: Lake, tmp_path: Path
) -> None:
    path = write_image(tmp_path / "a.tif", noise(3))
    request, _ = chip_of(lake, path)
    write_image(path, noise(3, height=200))
    with pytest.raises(FetchError, match="not the file that was indexed"):
        FileSource(read(lake, FOOTPRINTS)).fetch(Sheet.of(request))
    path.unlink()
    with pytest.raises(FetchError, match=r"^read: .*a\.tif"):
        FileSource(read(lake, FOOTPRINTS)).fetch(Sheet.of(request))
