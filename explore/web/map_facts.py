"""What the map tells beside its tiles: one dataclass for each query's row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """What there is to draw, and the box round it; no sides where there is none."""

    n_scenes: int
    n_objects: int
    west: float | None
    south: float | None
    east: float | None
    north: float | None

    @property
    def extent(self) -> list[float] | None:
        """West, south, east, north; west may lie below -180."""
        sides = [self.west, self.south, self.east, self.north]
        return [side for side in sides if side is not None] or None


@dataclass(frozen=True)
class Named:
    """A selection, and how many images it judges."""

    name: str
    n: int


@dataclass(frozen=True)
class Count:
    """How many images touch a box."""

    n: int


@dataclass(frozen=True)
class Part:
    """The scenes of one source and split that touch a box."""

    source: str
    split: str
    n: int


@dataclass(frozen=True)
class SceneShown:
    """A scene as the map's panel tells it."""

    scene_id: str
    source: str
    split: str | None
    gsd_m: float | None
    title: str | None
    title_multi_objects: str | None
    images: list[str]


@dataclass(frozen=True)
class ObjectShown:
    """An object as the map's panel tells it; `tags` are entries of key and value."""

    object_id: str
    kind: str
    tags: list[dict[str, str]]
    snapshot: str | None
    drawn: bool
    scenes: list[str] | None
