"""Lay coats of paint on a pixel grid, a small block at a time."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from PIL import Image, ImageColor, ImageDraw
from shapely.geometry import box

from skyloom.drawing.catalog import SURFACES
from skyloom.drawing.layers import Layer, layers_of
from skyloom.drawing.styles import Style
from skyloom.drawing.texture import Field, Patch, hash01, tones

BLOCK_PX = 512
SUB = 4  # mask samples per pixel side
SHADOW_DARKNESS = 0.52
SHADOW_Z = 50.0
BARE = ("#6f7a50", "#8f8a66")


@dataclass(frozen=True, slots=True)
class Grid:
    """A north-up pixel grid; `transform` maps (col, row) to metres of the CRS."""

    crs: str
    transform: Affine
    width: int
    height: int


def paint(
    features: Sequence[tuple[Style, shapely.Geometry]], grid: Grid
) -> npt.NDArray[np.uint8]:
    """Paint features (geometry in the grid's CRS, metres) as seen from above.

    Returns:
        RGB, shape (height, width, 3). The same place on two aligned grids of one
        resolution has the same pixels.
    """
    # Widest first: a crossing at a junction is laid over the main road.
    paved = [
        (-style.width_m, shapely.to_wkb(geometry))
        for style, geometry in features
        if style.geometry == "line" and style.texture.startswith("flat")
    ]
    roads = [shapely.from_wkb(wkb) for _, wkb in sorted(paved)]
    layers = sorted(
        (layer for feature in features for layer in layers_of(*feature, roads)),
        key=lambda la: (la.z, -la.shape.area, shapely.to_wkb(la.shape), la.fill),
    )
    reach = [la.shape if la.shadow is None else la.shadow for la in layers]
    tree = shapely.STRtree(reach)
    picture = np.empty((grid.height, grid.width, 3), dtype=np.uint8)
    for row in range(0, grid.height, BLOCK_PX):
        for col in range(0, grid.width, BLOCK_PX):
            block = _Block(grid, col, row)
            near = [layers[k] for k in sorted(tree.query(block.extent))]
            rows, cols, _ = block.colour.shape
            picture[row : row + rows, col : col + cols] = block.paint(near)
    return picture


class _Block:
    """A small window of the grid that is painted at one go."""

    def __init__(self, grid: Grid, col: int, row: int) -> None:
        self.gsd = grid.transform.a
        self.west = grid.transform.c + col * self.gsd
        self.north = grid.transform.f - row * self.gsd
        width, height = (
            min(BLOCK_PX, grid.width - col),
            min(BLOCK_PX, grid.height - row),
        )
        self.x = self.west + (np.arange(width) + 0.5) * self.gsd
        self.y = self.north - (np.arange(height) + 0.5) * self.gsd
        east, south = self.west + width * self.gsd, self.north - height * self.gsd
        self.extent = box(self.west, south, east, self.north)
        self.colour = np.empty((height, width, 3), dtype=np.float32)

    def paint(self, layers: Iterable[Layer]) -> npt.NDArray[np.uint8]:
        ground = Layer(0, self.extent, "grass", *BARE)
        layers = [ground, *layers]
        shaded = False
        for layer in layers:
            if layer.z >= SHADOW_Z and not shaded:
                shadows = [la.shadow for la in layers if la.shadow is not None]
                # Holes are rubbed out as they are drawn, so shapes with holes go first.
                shadows.sort(key=lambda shape: shape.geoms[0].interiors == [])
                self._shade(shadows)
                shaded = True
            self._lay(layer)
        # A photograph is soft, a little hazy and never pure.
        grain = hash01(
            np.round(self.x * 1000).astype(np.int64)[None, :],
            np.round(self.y * 1000).astype(np.int64)[:, None],
            seed=99,
        )
        final = self.colour * 0.96 + 5 + (grain[..., None] - 0.5) * 7
        return np.clip(np.round(final), 0, 255).astype(np.uint8)

    def _lay(self, layer: Layer) -> None:
        window = self._window(layer.shape)
        if window is None:
            return
        rows, cols = window
        share = self._mask([layer.shape], rows, cols)
        if not share.any():
            return
        patch = Patch(
            self.x[cols],
            self.y[rows],
            self.gsd,
            tones(ImageColor.getrgb(layer.fill)[:3]),
            tones(ImageColor.getrgb(layer.second)[:3]),
            layer.shape,
        )
        above = SURFACES[layer.surface](patch)
        below = self.colour[rows, cols]
        if layer.z == 0:
            below[...] = above
        else:
            below += (above - below) * (share * layer.opacity)[..., None]

    def _shade(self, shadows: list[shapely.Geometry]) -> None:
        rows, cols = slice(0, self.y.size), slice(0, self.x.size)
        share = self._mask(shadows, rows, cols) * SHADOW_DARKNESS
        # Skylight is blue: a shadow loses more red than blue.
        self.colour *= 1 - share[..., None] * tones([1.06, 1.0, 0.88])

    def _window(self, shape: shapely.Geometry) -> tuple[slice, slice] | None:
        x0, y0, x1, y1 = shape.bounds
        left = max(math.floor((x0 - self.west) / self.gsd), 0)
        right = min(math.ceil((x1 - self.west) / self.gsd), self.x.size)
        top = max(math.floor((self.north - y1) / self.gsd), 0)
        bottom = min(math.ceil((self.north - y0) / self.gsd), self.y.size)
        if left >= right or top >= bottom:
            return None
        return slice(top, bottom), slice(left, right)

    def _mask(self, shapes: list[shapely.Geometry], rows: slice, cols: slice) -> Field:
        """Share of each pixel that the shapes cover."""
        size = (cols.stop - cols.start, rows.stop - rows.start)
        image = Image.new("L", (size[0] * SUB, size[1] * SUB))
        draw = ImageDraw.Draw(image)
        west = self.west + cols.start * self.gsd
        north = self.north - rows.start * self.gsd
        for shape in shapes:
            for polygon in shapely.get_parts(shape):
                for k, ring in enumerate((polygon.exterior, *polygon.interiors)):
                    xy = np.asarray(ring.coords)[:, :2]
                    pixel = np.floor(
                        (xy - (west, north)) * (SUB / self.gsd, -SUB / self.gsd)
                    )
                    if pixel.size:
                        draw.polygon(pixel.ravel().tolist(), fill=0 if k else 255)
        mask: Field = np.asarray(image.reduce(SUB), dtype=np.float32) / 255
        return mask
