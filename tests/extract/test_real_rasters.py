from pathlib import Path

import numpy as np
import pytest
import rasterio

from extract.chips import ChipRequest, Grid, Sheet
from extract.files import FileSource
from extract.footprints import index_files
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS
from tests.extract.builders import lonlat_box, only_request, read_direct
from tests.extract.range_server import running

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


# Void pixels by the file itself: nodata in all three bands, alpha, or neither.
NODATA = {
    "naip_m_4709963_se_14_1_20200831": 0,
    "ign_montpellier_20cm": 255,
    "rasterio_RGB.byte": 0,
}


def test_every_raster_is_the_same_over_http(lake: Lake, real_data: Path) -> None:
    with running(real_data) as server:
        for path in rasters(real_data):
            url = server.at(path.relative_to(real_data).as_posix())
            index_files(lake, [url])
            footprints = read(lake, FOOTPRINTS)
            (row,) = footprints.to_dicts()
            grid = Grid(
                row["crs"], tuple(row["transform"]), row["width_px"], row["height_px"]
            )
            names = (row["source_image_id"],)
            source = FileSource(footprints)
            whole = ChipRequest("r", "s", "b", "LF", names, grid)
            chip = source.fetch(Sheet.of(whole))
            source.close()
            with rasterio.open(path) as file:
                direct = file.read([1, 2, 3])
                valid = np.ones(direct.shape[1:], dtype=np.bool_)
                if path.stem in NODATA:
                    valid = (direct != NODATA[path.stem]).any(axis=0)
                elif file.count == 4:
                    valid = file.read(4) == 255
                elif "gangneung" in path.stem:
                    valid = file.dataset_mask() > 0
            assert np.array_equal(chip.pixels, direct), path.stem
            assert np.array_equal(chip.valid, valid), path.stem
            (lake.root / "footprints" / "LF.parquet").unlink()
