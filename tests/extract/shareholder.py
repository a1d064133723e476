"""One share of a fetch in a process of its own.

python -m tests.extract.shareholder URL FOLDER LAKE NUMBER COUNT N_SCENES
"""

import sys
from dataclasses import replace
from pathlib import Path

from extract.earthengine import EarthEngineSource
from extract.fetcher import FetchOptions, fetch
from extract.shares import Share
from extract.tables import read
from skyloom.lake import Lake
from skyloom.raw_tables import FOOTPRINTS
from skyloom.shards.place import Place
from tests.extract.earthengine_place import Service
from tests.extract.test_service_fetch import IN_FLIGHT, PER_SECOND, town


def main(url: str, folder: str, root: str, *numbers: str) -> None:
    """Fetch the share's chips at the quota that the tests name."""
    number, count, n_scenes = map(int, numbers)
    service, lake = Service(url, Path(folder)), Lake.open(Path(root))
    home = Lake.open(Place(lake, number, count).root, create=True)
    source = EarthEngineSource(
        read(lake, FOOTPRINTS), service.open(in_flight=IN_FLIGHT), {}, PER_SECOND
    )
    source.limits = replace(source.limits, sheet_px=0)
    done = fetch(
        lake,
        town(service, n_scenes),
        readers={"earthengine": source},
        options=FetchOptions(probe=0),
        share=Share(home, number, count),
    )
    sys.exit(done.fetched != done.planned)


if __name__ == "__main__":
    main(*sys.argv[1:])
