from pathlib import Path

import numpy as np
import pytest

from extract.chips import Sheet
from extract.files import FileSource
from extract.footprints import index_files
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import lonlat_box, only_request, read_direct

pytestmark = pytest.mark.realdata

# Web mercator's nominal 0.597 m of the Gangneung file is 0.472 m on the ground there.
GSD_M = {
    "naip_m_4709963_se_14_1_20200831": 5.0,
    "riotiler_colorado_hro_15cm": 0.15,
    "pdok_netherlands_25cm": 0.25,
    "ign_montpellier_20cm": 0.2,
    "rasterio_cogeo_gangneung_60cm": 0.472,
    "rasterio_RGB.byte": 300.0,
    "3320D_2010_315_RGB_LATLNG": 2.53,
    "3420B_2010_328_RGB_LATLNG": 2.53,
}


def rasters(data: Path) -> list[Path]:
    pairs = (data / "pairs").rglob("*.tif")
    return sorted([*(data / "imagery").glob("*.tif"), *pairs])


def test_every_raster_is_indexed_and_read(lake: Lake, real_data: Path) -> None:
    files = rasters(real_data)
    assert {file.stem for file in files} == set(GSD_M)
    for path in files:
        index_files(lake, [path])
        footprints = read(lake, FOOTPRINTS)
        row = footprints.row(0, named=True)
        assert row["gsd_m"] == pytest.approx(GSD_M[path.stem], rel=0.01), path.stem
        assert row["rgb_bands"] == [1, 2, 3]
        assert row["alpha_band"] == (4 if "LATLNG" in path.stem else None)
        width, height = row["width_px"] / 2, row["height_px"] / 2
        box = lonlat_box(path, width, height, min(width / 2, 90), min(height / 2, 70))
        request = only_request(lake, box)
        source = FileSource(footprints)
        chip = source.fetch(Sheet.of(request))
        source.close()
        assert np.array_equal(chip.pixels, read_direct(path, request, [1, 2, 3]))
        assert chip.valid.mean() > 0.9
        (lake.root / "footprints" / "LF.parquet").unlink()
