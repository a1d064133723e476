"""Surfaces that grow, lie or flow: grass, crops, woods, gravel, water."""

from collections.abc import Callable

import numpy as np

from skyloom.drawing.texture import (
    SUN,
    Field,
    Patch,
    frame_of,
    hash01,
    local,
    mix,
    mottled,
    noise,
    stripe,
)


def flat(patch: Patch) -> Field:
    """Paved or painted ground."""
    return mottled(patch, patch.fill, (0.7, 0.035), (6, 0.03), (31, 0.03))


def grass(patch: Patch) -> Field:
    """Grass, meadow and bare ground: two colours in soft patches."""
    dry = np.clip(noise(patch, 23, 5) * 0.5 + noise(patch, 7, 6) * 0.4, 0, 1)
    ground = mix(patch.fill, patch.second, dry)
    return mottled(patch, ground, (0.7, 0.06), (2.6, 0.05), (61, 0.05))


def gravel(patch: Patch) -> Field:
    """Loose, rough material."""
    return mottled(patch, patch.fill, (0.6, 0.13), (1.7, 0.09), (9, 0.07), seed=11)


def heap(patch: Patch) -> Field:
    """Dumped material: large patches of two colours, very rough."""
    share = np.clip(noise(patch, 4, 3) * 0.9 + noise(patch, 11, 4) * 0.6, 0, 1)
    base = mix(patch.fill, patch.second, share)
    return mottled(patch, base, (0.6, 0.2), (2.5, 0.15), seed=12)


def water(patch: Patch) -> Field:
    """Open water: dark, calm, with a little glitter and depth."""
    tone = mottled(patch, patch.fill, (1.4, 0.03), (17, 0.05), (71, 0.09), seed=21)
    glint: Field = np.clip(noise(patch, 0.9, 25) - 0.8, 0, 1)[..., None]
    return tone + glint * 90


def pool(patch: Patch) -> Field:
    """Tiled pool with a bright caustic pattern."""
    return mottled(patch, patch.fill, (1.1, 0.07), (3, 0.04), seed=22)


def furrows(patch: Patch) -> Field:
    """Ploughed or drilled field, worked along its long side."""
    _, across = local(patch, frame_of(patch.geometry))
    lines = np.sin(across * np.float32(2 * np.pi / 3.1)) * 0.05
    trams = stripe(across, 21.0, 0.9, patch.gsd_m) * 0.13
    tone = (1 + lines - trams + noise(patch, 0.7) * 0.05 + noise(patch, 37) * 0.07)[
        ..., None
    ]
    soil = mix(patch.fill, patch.second, np.clip(noise(patch, 29, 8), 0, 1))
    worked: Field = soil * tone
    return worked


def mown(patch: Patch) -> Field:
    """Kept lawn with the broad stripes of a mower."""
    along, _ = local(patch, frame_of(patch.geometry))
    light = np.clip(np.sin(along * np.float32(2 * np.pi / 10.0)) * 4, -1, 1)
    tone: Field = 1 + 0.045 * light[..., None]
    return mottled(patch, patch.fill, (0.7, 0.03), (9, 0.03)) * tone


def rows(patch: Patch) -> Field:
    """Vine rows, about 2.5 m apart, over soil of the second colour."""
    _, across = local(patch, frame_of(patch.geometry))
    vines = stripe(across, 2.6, 1.3, patch.gsd_m) * (0.8 + 0.2 * noise(patch, 1.1))
    leaves = mottled(patch, patch.fill, (0.8, 0.15))
    return mix(mottled(patch, patch.second, (0.7, 0.05), (9, 0.05)), leaves, vines)


def crowns(patch: Patch, spacing: float, radius: float, jitter: float) -> Field:
    """Tree crowns on a jittered lattice, lit from the sun's side.

    Nearest-centre (Worley) noise, with the lattice laid along the patch's long side
    where the trees were planted (no jitter) and along the axes where they grew.
    """
    if jitter < 0.3:
        place_x, place_y = local(patch, frame_of(patch.geometry))
    else:
        # Northings of millions of metres do not fit 32 bits.
        place_x, place_y = np.meshgrid(patch.x, patch.y)
    cell_x = np.floor(place_x / spacing).astype(np.int64)
    cell_y = np.floor(place_y / spacing).astype(np.int64)
    best = np.full(place_x.shape, np.inf, dtype=np.float32)
    light, tint = np.zeros_like(best), np.zeros_like(best)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            i, j = cell_x + dx, cell_y + dy
            off_x = place_x - (i + 0.5 + jitter * (hash01(i, j, 1) - 0.5)) * spacing
            off_y = place_y - (j + 0.5 + jitter * (hash01(i, j, 2) - 0.5)) * spacing
            size = radius * (0.75 + 0.5 * hash01(i, j, 3))
            reach = (np.hypot(off_x, off_y) / size).astype(np.float32)
            nearer = reach < best
            best = np.where(nearer, reach, best)
            lit = (off_x * SUN[0] + off_y * SUN[1]) / size
            light = np.where(nearer, lit, light).astype(np.float32)
            tint = np.where(nearer, hash01(i, j, 4) - 0.5, tint)
    tone = 1 + 0.30 * np.clip(light, -1, 1) + 0.22 * tint + 0.12 * noise(patch, 0.9)
    leaves = patch.fill * tone[..., None]
    gap = np.clip((best - 0.95) * 4, 0, 1).astype(np.float32)
    return mix(leaves, mottled(patch, patch.second, (0.8, 0.1)), gap)


def canopy(patch: Patch) -> Field:
    """Closed wood."""
    return crowns(patch, 6.5, 4.6, 0.9)


def orchard(patch: Patch) -> Field:
    """Trees planted in a square lattice."""
    return crowns(patch, 6.0, 2.1, 0.1)


def bushes(patch: Patch) -> Field:
    """Scrub: small bushes with grass between."""
    return crowns(patch, 4.2, 1.7, 1.0)


GROUND: dict[str, Callable[[Patch], Field]] = {
    "flat": flat,
    "grass": grass,
    "gravel": gravel,
    "heap": heap,
    "water": water,
    "pool": pool,
    "furrows": furrows,
    "mown": mown,
    "rows": rows,
    "canopy": canopy,
    "orchard": orchard,
    "bushes": bushes,
}
