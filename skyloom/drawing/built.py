"""Surfaces that people laid out: parking bays, panels, plots, seats, pits."""

from collections.abc import Callable

import numpy as np

from skyloom.drawing.roofs import faces
from skyloom.drawing.texture import (
    Field,
    Patch,
    frame_of,
    hash01,
    local,
    mix,
    mottled,
    noise,
    stripe,
    tones,
)


def panels(patch: Patch) -> Field:
    """Solar modules with thin bright frames."""
    along, across = local(patch, frame_of(patch.geometry))
    lines = np.maximum(
        stripe(along, 2.0, 0.12, patch.gsd_m), stripe(across, 1.6, 0.12, patch.gsd_m)
    )
    sheen = mottled(patch, patch.fill, (0.6, 0.04), (19, 0.10))
    return mix(sheen, patch.second, lines)


def bays(patch: Patch) -> Field:
    """Parking: pairs of bay rows with aisles between, some bays with a car."""
    along, across = local(patch, frame_of(patch.geometry))
    base = mottled(patch, patch.fill, (0.7, 0.04), (6, 0.04), (27, 0.05))
    depth, _ = faces(patch)
    # A module is two 5 m rows back to back and a 6 m aisle.
    row = np.floor(across / 8.0).astype(np.int64)
    inside = across - row * 8.0
    in_row = np.where(row % 2 == 0, inside < 5.0, inside > 3.0) & (depth > 1.0)
    line = stripe(along, 2.5, 0.15, patch.gsd_m) * in_row * 0.7
    base = mix(base, tones([225, 225, 220]), line.astype(np.float32))
    i = np.floor(along / 2.5).astype(np.int64)
    middle = np.where(row % 2 == 0, 2.5, 5.5)
    car = (
        (np.abs(along - (i + 0.5) * 2.5) < 0.9)
        & (np.abs(inside - middle) < 2.1)
        & (hash01(i, row, 41) < 0.45)
        & (depth > 2.6)
    )
    paint = tones(
        [[232, 232, 232], [58, 60, 66], [150, 152, 156], [128, 40, 40], [52, 74, 118]]
    )
    body = paint[(hash01(i, row, 42) * 5).astype(np.int64)]
    screen = np.abs(inside - middle - 0.7) < 0.4
    body = np.where(screen[..., None], body * 0.5, body)
    return np.where(car[..., None], body, base).astype(np.float32)


def plots(patch: Patch) -> Field:
    """Allotments: narrow beds of many colours between paths."""
    along, across = local(patch, frame_of(patch.geometry))
    i = np.floor(along / 7).astype(np.int64)
    j = np.floor(across / 15).astype(np.int64)
    beds = tones([[92, 112, 58], [120, 100, 74], [104, 124, 72], [86, 96, 52]])
    bed = beds[(hash01(i, j, 51) * 4).astype(np.int64)]
    lines = 1 + 0.16 * np.sin(across * np.float32(2 * np.pi / 1.7))
    tone = lines * (1 + 0.10 * noise(patch, 0.7))
    paths = np.maximum(
        stripe(along, 7, 0.8, patch.gsd_m), stripe(across, 15, 1.4, patch.gsd_m)
    )
    picture = mix(bed * tone[..., None], patch.fill, paths)
    shed = (np.abs(along - (i + 0.75) * 7) < 1.3) & (
        np.abs(across - (j + 0.85) * 15) < 1.2
    )
    return np.where(shed[..., None], tones([150, 138, 124]), picture)


def graves(patch: Patch) -> Field:
    """Cemetery: rows of stones on a lawn."""
    along, across = local(patch, frame_of(patch.geometry))
    ground = mottled(patch, patch.fill, (0.7, 0.05), (5, 0.05))
    i = np.floor(along / 2.0).astype(np.int64)
    j = np.floor(across / 3.6).astype(np.int64)
    stone = (
        (np.abs(along - (i + 0.5) * 2.0) < 0.6)
        & (np.abs(across - (j + 0.5) * 3.6) < 0.75)
        & (hash01(i, j, 61) < 0.85)
    )
    colour = (135 + 60 * hash01(i, j, 62))[..., None] * tones([1, 0.99, 0.95])
    ground = np.where(stone[..., None], colour, ground)
    walk = np.maximum(
        stripe(along, 34, 2.2, patch.gsd_m), stripe(across, 28.8, 2.2, patch.gsd_m)
    )
    return mix(ground, tones([176, 168, 150]), walk)


def seats(patch: Patch) -> Field:
    """Grandstand: rows of seats."""
    _, across = local(patch, frame_of(patch.geometry))
    lines = stripe(across, 1.6, 0.7, patch.gsd_m)
    return mix(mottled(patch, patch.fill, (0.7, 0.05)), patch.second, lines)


def benches(patch: Patch) -> Field:
    """Pit with terraces that follow its edge, darker as it deepens."""
    depth, light = faces(patch)
    depth = depth + noise(patch, 9, 71) * 2.0
    step = np.clip(((depth / 11.0) % 1.0 - 0.75) * 8, 0, 1).astype(np.float32)
    floor = mottled(patch, patch.fill, (0.6, 0.08), (2.5, 0.07), (17, 0.06))
    wall = -light[..., None] * 0.22 - 0.18
    dark = 1 - 0.004 * np.clip(depth, 0, 45)
    tone: Field = (1 + wall * step[..., None]) * dark[..., None]
    return floor * tone


BUILT: dict[str, Callable[[Patch], Field]] = {
    maker.__name__: maker for maker in (panels, bays, plots, graves, seats, benches)
}
