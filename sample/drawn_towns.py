"""The towns of the demo as files: extracts and images."""

from pathlib import Path

from sample.imagery import write_imagery
from sample.pbf import write_pbf
from sample.towns import nth_town
from skyloom import progress


def draw_towns(folder: Path, count: int) -> tuple[list[Path], list[str]]:
    """The extracts and images of so many towns; what is there is not drawn again."""
    pbfs, images = [], []
    for number in range(1, count + 1):
        name = "town" if number == 1 else f"town_{number}"
        pbf, image = folder / f"{name}.osm.pbf", folder / f"{name}.tif"
        if not (pbf.exists() and image.exists()):
            progress.say(f"drawing the {name}")
            folder.mkdir(parents=True, exist_ok=True)
            elements = nth_town(number)
            write_pbf(elements, pbf)
            write_imagery(elements, image)
        pbfs.append(pbf)
        images.append(str(image))
    return pbfs, images
