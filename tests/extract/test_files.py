from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import rasterio.shutil
from affine import Affine

from extract.chips import ChipRequest, CloudRule, FetchError, Grid, RawChip, Sheet
from extract.files import FileSource
from extract.footprints import index_files
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import (
    UTM,
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


def sheet_of(*names: str, col: int, row: int, width: int, height: int) -> Sheet:
    x, y = UTM @ (col, row)
    grid = Grid("EPSG:32631", (0.5, 0.0, x, 0.0, -0.5, y), width, height)
    return Sheet.of(ChipRequest("r", "s", "b", "LF", names, grid))


@pytest.mark.parametrize("kind", ["uint16", "int16", "float32"])
def test_values_stay_as_they_are(lake: Lake, tmp_path: Path, kind: str) -> None:
    values = (noise(3) * 11.0).astype(kind)
    void = np.nan if kind == "float32" else 0
    values[:, 30:40, 40:60] = void
    path = write_image(tmp_path / "a.tif", values, nodata=void)
    index_files(lake, [path], scale=(0, 3000))
    source = FileSource(read(lake, FOOTPRINTS))
    chip = source.fetch(sheet_of("a", col=30, row=20, width=60, height=50))
    source.close()
    assert chip.pixels.dtype == values.dtype
    assert np.array_equal(
        chip.pixels, values[:, 20:70, 30:90], equal_nan=kind == "float32"
    )
    assert (~chip.valid).sum() == 200


def test_other_images_fill_what_the_first_lacks(lake: Lake, tmp_path: Path) -> None:
    left, right = noise(3, seed=1), noise(3, seed=2)
    left[:, :, 100:] = 0
    write_image(tmp_path / "left.tif", left, nodata=0)
    # Forty pixels further east and ten further down.
    there = UTM @ Affine.translation(40, 10)
    write_image(tmp_path / "right.tif", right, nodata=0, transform=there)
    index_files(lake, [tmp_path / "left.tif", tmp_path / "right.tif"])
    source = FileSource(read(lake, FOOTPRINTS))
    size = {"col": 20, "row": -5, "width": 170, "height": 100}
    over = source.fetch(sheet_of("left", "right", **size))
    under = source.fetch(sheet_of("right", "left", **size))
    with pytest.raises(FetchError, match=r"^no_coverage"):
        source.fetch(sheet_of("left", col=500, row=0, width=9, height=9))
    with pytest.raises(FetchError, match=r"^grid"):
        grid = Grid("EPSG:32631", (0.5, 0, 500_000.2, 0, -0.5, 4_000_200), 9, 9)
        source.fetch(Sheet("LF", ("left",), grid, ()))
    source.close()
    wide = np.zeros((2, 3, 140, 220), dtype=np.uint8)
    wide[0, :, :120, :160] = left
    wide[1, :, 10:130, 40:200] = right
    first, second = (layer[:, :95, 20:190] for layer in wide)
    expected = np.where(first.any(axis=0), first, second)
    assert not over.pixels[:, :5].any()
    assert np.array_equal(over.pixels[:, 5:], expected)
    assert np.array_equal(over.valid[5:], expected.any(axis=0))
    other = np.where(second.any(axis=0), second, first)
    assert np.array_equal(under.pixels[:, 5:], other)


def test_three_files_are_three_bands(lake: Lake, tmp_path: Path) -> None:
    values = noise(3)
    files = []
    for colour, band in zip("rgb", values, strict=True):
        files.append(write_image(tmp_path / f"{colour}.tif", band[None]))
    index_files(lake, files[:1])
    for named, bands, expected in (
        (files, [1, 1, 1], values),
        ([files[2], files[0], files[2]], [1, 1, 1], values[[2, 0, 2]]),
    ):
        row: dict[str, list[Any]] = {
            "band_locations": [[*map(str, named)]],
            "rgb_bands": [bands],
        }
        frame = read(lake, FOOTPRINTS).with_columns(
            pl.Series(name, column) for name, column in row.items()
        )
        source = FileSource(frame)
        chip = source.fetch(sheet_of("r", col=10, row=20, width=60, height=50))
        source.close()
        assert np.array_equal(chip.pixels, expected[:, 20:70, 10:70])


@pytest.mark.parametrize(
    ("cell", "corner", "pixels_per_cell"),
    [
        (1.0, (0, 0), 2),  # as the classes of Sentinel-2: twice the pixel
        (0.5, (0, 0), 1),
        (0.25, (0, 0), 0.5),
        (1.0, (-0.5, 0.5), 2),  # its edge amid a pixel of the image
        (3.0, (-10.0, 7.0), 6),
    ],
)
def test_clouds_have_a_lattice_of_their_own(
    lake: Lake,
    tmp_path: Path,
    cell: float,
    corner: tuple[float, float],
    pixels_per_cell: float,
) -> None:
    index_files(lake, [write_image(tmp_path / "a.tif", noise(3))])
    lattice = Affine(cell, 0, UTM.c + corner[0], 0, -cell, UTM.f + corner[1])
    classes = noise(1, 100, 90) % 12
    path = write_image(tmp_path / "scl.tif", classes, transform=lattice)
    frame = read(lake, FOOTPRINTS).with_columns(cloud_location=pl.lit(str(path)))
    for rule in (CloudRule((3, 8, 9, 10)), CloudRule(bits=0b0110)):
        source = FileSource(frame, {"LF": rule})
        chip = source.fetch(sheet_of("a", col=13, row=9, width=80, height=61))
        source.close()
        assert chip.cloud is not None
        expected = np.zeros((61, 80), dtype=np.bool_)
        for row in range(61):
            for col in range(80):
                x, y = UTM @ (col + 13 + 0.5, row + 9 + 0.5)
                at = (int((lattice.f - y) // cell), int((x - lattice.c) // cell))
                if at[0] < 100 and at[1] < 90:
                    one = int(classes[0][at])
                    hit = one & rule.bits if rule.bits else one in rule.values
                    expected[row, col] = bool(hit)
        assert np.array_equal(chip.cloud, expected)
    assert (
        FileSource(frame).fetch(sheet_of("a", col=0, row=0, width=9, height=9)).cloud
        is None
    )


def test_jpeg_2000_and_vrt_are_read(lake: Lake, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3))
    as_jp2, as_vrt = tmp_path / "b.jp2", tmp_path / "c.vrt"
    lossless = {"QUALITY": "100", "REVERSIBLE": "YES"}
    with rasterio.open(path) as file:
        rasterio.shutil.copy(file, as_jp2, driver="JP2OpenJPEG", **lossless)
        rasterio.shutil.copy(file, as_vrt, driver="VRT")
    index_files(lake, [as_jp2, as_vrt])
    source = FileSource(read(lake, FOOTPRINTS))
    for name in ("b", "c"):
        chip = source.fetch(sheet_of(name, col=30, row=20, width=60, height=50))
        assert np.array_equal(chip.pixels, noise(3)[:, 20:70, 30:90])
    source.close()
    # What a VRT shows is its content.
    write_image(path, noise(3, seed=9))
    with pytest.raises(FetchError, match="not the file that was indexed"):
        FileSource(read(lake, FOOTPRINTS)).fetch(
            sheet_of("c", col=0, row=0, width=9, height=9)
        )
