"""A real town in two regions that meet in its middle, imaged by drawing."""

import json

import pytest

from extract.drawn_footprints import index_drawn
from skyloom.lake import Lake

# Small tiles and many of each split: the town spans few tiles of the usual size.
SPLITS = {"split_zoom": 15, "split_val": 0.25, "split_test": 0.25}
HALVES = {"west": "8.36,49.01,8.43,49.17", "east": "8.43,49.01,8.52,49.17"}


@pytest.fixture(scope="session")
def real_town(once, real_data, skyloom):
    """A part of Karlsruhe as two regions, built with the splits above. Read only."""

    def fill(folder):
        file = real_data / "osm" / "karlsruhe_kirchfeld_osr.osm.pbf"
        for region, bbox in HALVES.items():
            done = skyloom(
                *("load", file, "--lake", folder / "lake"),
                *("--region-name", region, "--bbox", bbox),
            )
            assert done.returncode == 0, done.stderr
        index_drawn(Lake.open(folder / "lake"), None)
        chosen = json.dumps(SPLITS)
        done = skyloom("build", "--lake", folder / "lake", "--vars", chosen)
        assert done.returncode == 0, done.stderr

    return Lake.open(once("real_town", fill) / "lake")
