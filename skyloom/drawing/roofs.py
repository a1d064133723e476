"""Roofs of the drawn imagery, lit by one sun."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import shapely

from skyloom.drawing.texture import (
    SUN,
    Field,
    Patch,
    frame_of,
    hash01,
    local,
    mix,
    mottled,
    stripe,
    tones,
)


def faces(patch: Patch) -> tuple[Field, Field]:
    """Depth inside the outline (m) and light of the nearest side's slope, each pixel.

    The nearest side of a polygon is the face of its hipped roof (straight skeleton).
    """
    depth = np.full((patch.y.size, patch.x.size), np.inf, dtype=np.float32)
    light = np.zeros_like(depth)
    for polygon in shapely.get_parts(patch.geometry):
        rings = [polygon.exterior, *polygon.interiors]
        for ring in rings:
            outline = np.asarray(ring.simplify(0.05).coords)
            for (x0, y0), (x1, y1) in pairwise(outline):
                side = np.array([x1 - x0, y1 - y0])
                length = max(float(np.hypot(*side)), 1e-6)
                side = side / length
                dx, dy = (patch.x - x0)[None, :], (patch.y - y0)[:, None]
                along = np.clip(dx * side[0] + dy * side[1], 0, length)
                away = np.hypot(dx - along * side[0], dy - along * side[1])
                nearer = away < depth
                normal = np.array([side[1], -side[0]])
                if ring.is_ccw == (ring is not rings[0]):
                    normal = -normal
                depth = np.where(nearer, away, depth).astype(np.float32)
                light = np.where(nearer, float(normal @ SUN), light).astype(np.float32)
    return depth, light


def _tiled(patch: Patch, light: Field) -> Field:
    tone = 1 + 0.24 * light
    return mottled(patch, patch.fill, (0.6, 0.05), (2.2, 0.05)) * tone[..., None]


def gabled(patch: Patch) -> Field:
    """Two slopes that meet in a ridge along the long side."""
    frame = frame_of(patch.geometry)
    _, across = local(patch, frame)
    up = float(np.array([-frame.along_y, frame.along_x]) @ SUN)
    slope = np.clip(across / max(patch.gsd_m, 0.3), -1, 1)
    ridge = stripe(across, 1e6, 0.35, patch.gsd_m)
    return mix(_tiled(patch, slope * up), patch.fill * 0.62, ridge * 0.6)


def hipped(patch: Patch) -> Field:
    """A slope from every side; a pyramid over a square."""
    return _tiled(patch, faces(patch)[1])


def barrel(patch: Patch) -> Field:
    """A round roof, as of a hangar: light changes smoothly across it, with ribs."""
    frame = frame_of(patch.geometry)
    along, across = local(patch, frame)
    up = float(np.array([-frame.along_y, frame.along_x]) @ SUN)
    ribs = stripe(along, 5.0, 0.5, patch.gsd_m) * 0.07
    bend = np.clip(across / (frame.width / 2), -1, 1)
    return _tiled(patch, bend * (up or 0.2) * 2.2) * (1 - ribs)[..., None]


def skillion(patch: Patch) -> Field:
    """One slope."""
    frame = frame_of(patch.geometry)
    up = float(np.array([-frame.along_y, frame.along_x]) @ SUN)
    return _tiled(patch, np.full((patch.y.size, patch.x.size), up, dtype=np.float32))


def dome(patch: Patch) -> Field:
    """A round cap, bright towards the sun."""
    frame = frame_of(patch.geometry)
    half = max(frame.length / 2, 0.1)
    dx, dy = (patch.x - frame.x)[None, :] / half, (patch.y - frame.y)[:, None] / half
    light = (dx * SUN[0] + dy * SUN[1]).astype(np.float32)
    return _tiled(patch, np.clip(light * 1.3, -1, 1))


def deck(patch: Patch) -> Field:
    """Flat roof: membrane, parapet, and machines on the larger ones."""
    frame = frame_of(patch.geometry)
    along, across = local(patch, frame)
    depth, _ = faces(patch)
    base = mottled(patch, patch.fill, (0.7, 0.03), (5, 0.03), (13, 0.05))
    base = base * (1 - 0.05 * stripe(along, 6.0, 0.3, patch.gsd_m))[..., None]
    i = np.floor(along / 7).astype(np.int64)
    j = np.floor(across / 7).astype(np.int64)
    mm = np.int64(round(frame.x * 10) % 9973)
    box = (
        (np.abs(along - (i + 0.5) * 7) < 0.7 + 1.2 * hash01(i + mm, j, 32))
        & (np.abs(across - (j + 0.5) * 7) < 0.7 + 1.0 * hash01(i + mm, j, 33))
        & (hash01(i + mm, j, 31) < 0.22)
        & (depth > 3.0)
    )
    base = np.where(box[..., None], patch.fill * 1.16 + 8, base)
    edge = np.clip((0.6 - depth) / patch.gsd_m + 0.5, 0, 1).astype(np.float32)
    return mix(base, patch.fill * 0.8, edge)


def sawtooth(patch: Patch) -> Field:
    """Factory roof of repeated single slopes with glass between."""
    along, _ = local(patch, frame_of(patch.geometry))
    tooth = ((along / 8.0) % 1.0).astype(np.float32)
    glass = stripe(along, 8.0, 1.6, patch.gsd_m)
    return mix(_tiled(patch, tooth - 0.5), tones([120, 135, 145]), glass)


def glass(patch: Patch) -> Field:
    """Greenhouse: bright parallel spans with gutters."""
    _, across = local(patch, frame_of(patch.geometry))
    span = np.sin(across * np.float32(2 * np.pi / 6.4)) * 0.10
    gutter = stripe(across + 1.6, 6.4, 0.6, patch.gsd_m) * 0.3
    tone: Field = 1 + (span - gutter)[..., None]
    return mottled(patch, patch.fill, (0.7, 0.05), (4, 0.06)) * tone


ROOFS: dict[str, Callable[[Patch], Field]] = {
    maker.__name__: maker
    for maker in (gabled, hipped, barrel, skillion, dome, deck, sawtooth, glass)
}
