"""What cutting chips from a large file costs, beside one read per chip.

`python -m benchmarks.extract_files [--chips 2000] [--side 8192] [--rounds 3]`

Ours reads each sheet once and cuts its chips from it; a sheet is what the chips in a
square of the image span. The others read a window per chip with rasterio, from a file
that is opened for each chip and from one that stays open. All run in processes of
their own, and each tells a digest of every pixel of every chip, which must be equal.
What starting Python, indexing the file and making the digests cost is taken off.

Read in rows, a handle that stays open decodes each block once too, for one thread and
as long as the blocks of a row fit GDAL's cache: there a sheet saves nothing.
"""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import rasterio
from affine import Affine
from rasterio.windows import Window

from benchmarks.measure import Cost, conclude, cost, figure, median
from extract.chips import ChipRequest, Grid, Sheet
from extract.files import FileSource
from extract.identity import identity
from extract.outlines import grid_columns
from extract.tables import schema
from skyloom.raw_tables import FOOTPRINTS

CHIP_PX, BLOCK_PX, SHEET_PX = 300, 512, FileSource.limits.sheet_px
CRS = "EPSG:32632"
STEP = Affine(0.5, 0.0, 500_000.0, 0.0, -0.5, 4_100_000.0)
OURS, OPENED, HANDLE = "Skyloom, sheets", "open per chip", "one open handle"
NOTHING = "no reading"
WAYS = {OURS: "sheets", OPENED: "opened", HANDLE: "handle", NOTHING: "nothing"}
Corner = tuple[int, int]
Pixels = npt.NDArray[Any]


def write_file(path: Path, side_px: int) -> None:
    """A tiled, deflated image of fields, shades and a little noise."""
    random = np.random.default_rng(7)
    size = {"count": 3, "width": side_px, "height": side_px, "dtype": "uint8"}
    tiles = {"tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX}
    how = {"compress": "deflate", "predictor": 2, "interleave": "pixel"}
    with rasterio.open(
        path, "w", driver="GTiff", crs=CRS, transform=STEP, **size, **tiles, **how
    ) as file:
        for top in range(0, side_px, BLOCK_PX):
            high = min(BLOCK_PX, side_px - top)
            fields = random.integers(40, 200, (3, -(-high // 64), -(-side_px // 64)))
            shown = fields.repeat(64, axis=1).repeat(64, axis=2)[:, :high, :side_px]
            noise = random.integers(0, 12, (3, high, side_px))
            strip = Window(0, top, side_px, high)
            file.write((shown + noise).astype(np.uint8), window=strip)


def corners(side_px: int, count: int) -> list[Corner]:
    """Where chips lie: anywhere, so that they overlap as scenes do, in rows."""
    found = np.random.default_rng(3).integers(0, side_px - CHIP_PX, (count, 2))
    return sorted((int(row), int(col)) for row, col in found)


def sheets(places: list[Corner]) -> Iterator[Sheet]:
    """Chips of one square of the image, and the window that they span."""
    room = SHEET_PX - CHIP_PX
    squares: dict[Corner, list[int]] = {}
    for number, (row, col) in enumerate(places):
        squares.setdefault((row // room, col // room), []).append(number)
    for numbers in squares.values():
        rows = [places[number][0] for number in numbers]
        cols = [places[number][1] for number in numbers]
        top, left = min(rows), min(cols)
        whole = grid(top, left, max(rows) + CHIP_PX - top, max(cols) + CHIP_PX - left)
        chips = tuple(
            ChipRequest(
                str(number),
                "",
                "",
                "LF",
                ("a",),
                grid(*places[number], CHIP_PX, CHIP_PX),
            )
            for number in numbers
        )
        yield Sheet("LF", ("a",), whole, chips)


def grid(row: int, col: int, height: int, width: int) -> Grid:
    """A window as a grid."""
    x, y = STEP @ (col, row)
    return Grid(CRS, (STEP.a, 0.0, x, 0.0, STEP.e, y), width, height)


def cut_sheets(path: Path, places: list[Corner]) -> Iterator[tuple[int, Pixels]]:
    """Each chip from its sheet, by its number."""
    source = FileSource(_footprints(path))
    for sheet in sheets(places):
        read = source.fetch(sheet)
        for chip in sheet.chips:
            row, col = places[int(chip.request_id)]
            top = row - round((sheet.grid.transform[5] - STEP.f) / STEP.e)
            left = col - round((sheet.grid.transform[2] - STEP.c) / STEP.a)
            rows, cols = slice(top, top + CHIP_PX), slice(left, left + CHIP_PX)
            yield int(chip.request_id), read.pixels[:, rows, cols]
    source.close()


def _footprints(path: Path) -> pl.DataFrame:
    place = str(path)
    with rasterio.open(path) as image:
        row = {
            "source": "LF",
            "kind": "file",
            "source_image_id": "a",
            "location": place,
            "band_locations": [place] * 3,
            "rgb_bands": [1, 2, 3],
            "sha256": identity(image, place),
            **grid_columns(CRS, image.transform, image.width, image.height),
        }
    return pl.DataFrame([row], schema=schema(FOOTPRINTS))


def cut_opened(path: Path, places: list[Corner]) -> Iterator[tuple[int, Pixels]]:
    """Each chip from a file opened for it."""
    for number, (row, col) in enumerate(places):
        with rasterio.open(path) as image:
            yield number, image.read(window=Window(col, row, CHIP_PX, CHIP_PX))


def cut_handle(path: Path, places: list[Corner]) -> Iterator[tuple[int, Pixels]]:
    """Each chip from one file that stays open, row by row of the image."""
    with rasterio.open(path) as image:
        for number, (row, col) in enumerate(places):
            yield number, image.read(window=Window(col, row, CHIP_PX, CHIP_PX))


def cut_nothing(path: Path, places: list[Corner]) -> Iterator[tuple[int, Pixels]]:
    """Pixels that are there already; the file is indexed as for the sheets."""
    _footprints(path)
    pixels = np.zeros((3, CHIP_PX, CHIP_PX), dtype=np.uint8)
    yield from ((number, pixels) for number in range(len(places)))


def work(way: str, path: Path, count: int, out: Path) -> None:
    """Cut all chips one way and leave a digest of all pixels."""
    cut = {
        "sheets": cut_sheets,
        "opened": cut_opened,
        "handle": cut_handle,
        "nothing": cut_nothing,
    }[way]
    with rasterio.open(path) as image:
        places = corners(image.width, count)
    digests = dict.fromkeys(range(count), b"")
    for number, pixels in cut(path, places):
        digests[number] = hashlib.sha1(pixels.tobytes()).digest()
    out.write_text(hashlib.sha256(b"".join(digests.values())).hexdigest())


def compare(path: Path, count: int, rounds: int, folder: Path) -> dict[str, Cost]:
    """Medians over rounds in which each way had its turn; pixels must be equal."""
    costs: dict[str, list[Cost]] = {}
    digests: dict[str, set[str]] = {}
    me = (sys.executable, "-m", "benchmarks.extract_files", "--chips", count)
    for _ in range(rounds):
        for name, way in WAYS.items():
            out = folder / f"{way}.txt"
            done = cost([*me, "--way", way, "--file", path, "--out", out])
            costs.setdefault(name, []).append(done)
            digests.setdefault(name, set()).add(out.read_text())
    told = set().union(*(digests[name] for name in (OURS, OPENED, HANDLE)))
    if len(told) != 1:
        raise SystemExit("the ways differ in their pixels")
    return {name: median(several) for name, several in costs.items()}


def main() -> None:
    """Measure, print the table, and end with the figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.extract_files")
    parser.add_argument("--chips", type=int, default=2000)
    parser.add_argument("--side", type=int, default=8192)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS.values())
    parser.add_argument("--file", type=Path)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if asked.way:
        work(asked.way, asked.file, asked.chips, asked.out)
        return
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "image.tif"
        write_file(path, asked.side)
        n_sheets = len(list(sheets(corners(asked.side, asked.chips))))
        print(
            f"{asked.chips} chips of {CHIP_PX} px from {asked.side} x {asked.side} px, "
            f"{path.stat().st_size / 2**20:.0f} MB; {n_sheets} sheets",
            flush=True,
        )
        table = compare(path, asked.chips, asked.rounds, Path(name))
    idle = table[NOTHING].cpu_s
    ours = table[OURS].cpu_s - idle
    times = {name: (table[name].cpu_s - idle) / ours for name in (OPENED, HANDLE)}
    print(f"{HANDLE}: {times[HANDLE]:.2f} times the CPU of {OURS}")
    name = f"chips from a file: CPU, {OPENED} / {OURS}"
    figures = [figure(name, times[OPENED], ">= 4")]
    conclude(table, figures)


if __name__ == "__main__":
    main()
