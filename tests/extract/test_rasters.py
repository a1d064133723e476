from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from extract.rasters import alpha_band, check_raster, rgb_bands
from skyloom.errors import SkyloomError, UsageError
from tests.extract.builders import noise, write_image


def test_a_good_file_passes(tmp_path: Path) -> None:
    check_raster(write_image(tmp_path / "a.tif", noise(3)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crs": None}, "coordinate reference system"),
        ({"transform": Affine(0.5, 0.1, 5e5, 0.1, -0.5, 4e6)}, "gdalwarp"),
        ({"transform": Affine(0.5, 0.0, 5e5, 0.0, 0.5, 4e6)}, "north up"),
        ({"crs": 'LOCAL_CS["a workshop",UNIT["metre",1]]'}, "lon/lat"),
    ],
)
def test_a_bad_grid_is_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    path = write_image(tmp_path / "a.tif", noise(3), **options)
    with pytest.raises(UsageError, match=words):
        check_raster(path)


def test_values_that_are_no_bytes_name_the_remedy(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.tif", noise(3).astype(np.uint16))
    with pytest.raises(SkyloomError, match=r"--scale .*gdal_translate -ot Byte -scale"):
        check_raster(path)
    check_raster(path, scaled=True)


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.tif").write_text("not a picture")
    for name, words in (("none.tif", "no such"), ("text.tif", "GDAL can read")):
        with pytest.raises(UsageError, match=words) as caught:
            check_raster(tmp_path / name)
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("bands", "colours", "expected"),
    [
        (3, ["blue", "green", "red"], [3, 2, 1]),
        (4, ["gray", "undefined", "undefined", "undefined"], [1, 2, 3]),
        (4, ["undefined", "red", "green", "blue"], [2, 3, 4]),
        (1, ["gray"], [1, 1, 1]),
        (2, ["gray", "alpha"], [1, 1, 1]),
    ],
)
def test_bands_follow_the_colours(
    tmp_path: Path, bands: int, colours: list[str], expected: list[int]
) -> None:
    path = write_image(
        tmp_path / "a.tif", noise(bands), colours=colours, photometric="MINISBLACK"
    )
    with rasterio.open(path) as image:
        assert rgb_bands(image, None) == expected


def test_bands_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with rasterio.open(write_image(tmp_path / "a.tif", noise(3))) as image:
        assert rgb_bands(image, (3, 1, 2)) == [3, 1, 2]
        with pytest.raises(UsageError, match="between 1 and 3"):
            rgb_bands(image, (1, 2, 4))


def test_infrared_tagged_as_alpha_is_no_alpha(tmp_path: Path) -> None:
    # GDAL tags the fourth band of such a file as alpha of its own accord.
    infrared = write_image(tmp_path / "nir.tif", noise(4))
    pixels = noise(4)
    pixels[3] = 255
    pixels[3, :40] = 0
    true = write_image(tmp_path / "rgba.tif", pixels)
    for path, expected in ((infrared, None), (true, 4)):
        with rasterio.open(path) as image:
            assert image.colorinterp[3].name == "alpha"
            assert alpha_band(image, [1, 2, 3]) == expected


def test_transparency_of_16_bits_is_known(tmp_path: Path) -> None:
    pixels = noise(4).astype(np.uint16)
    pixels[3] = 65_535
    pixels[3, :40] = 0
    colours = ["red", "green", "blue", "alpha"]
    path = write_image(tmp_path / "a.tif", pixels, colours=colours)
    with rasterio.open(path) as image:
        assert alpha_band(image, [1, 2, 3]) == 4
