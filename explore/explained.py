"""What is known of one scene and its captions: one dataclass for each query's row."""

from dataclasses import dataclass

from explore.page import osm_path


@dataclass(frozen=True)
class Scene:
    """The scene; `images` hold image_id and filepath."""

    scene_id: str
    object_id: str
    source: str
    kind: str
    gsd_m: float
    width_px: int
    height_px: int
    west: float
    south: float
    east: float
    north: float
    split: str
    osm_snapshot: str
    drawn: bool
    images: list[dict[str, str]]

    def link(self, object_id: str | None) -> str:
        """Where OpenStreetMap shows an object; empty under drawn pixels."""
        path = "" if self.drawn or not object_id else osm_path(object_id)
        return f"https://www.openstreetmap.org/{path}" if path else ""


@dataclass(frozen=True)
class Spoken:
    """A run of words with the object, tag and rule behind it, and the rule's reason."""

    style: str
    caption: str
    position: int
    words: str
    role: str
    object_id: str | None
    key: str | None
    value: str | None
    rule_id: str | None
    note: str | None


@dataclass(frozen=True)
class LeftOut:
    """An object of the scene that a style does not say, and the test it failed.

    reason is undecided, not_groundable, too_coarse, attributes_only, too_small,
    same_text, over_budget or style; `why` says it with its figures.
    """

    scene_id: str
    style: str
    object_id: str
    role: str
    kind: str
    tag: str
    extent_px: float | None
    reason: str
    why: str


@dataclass(frozen=True)
class UnsaidTag:
    """A tag of the focus that a style does not say."""

    scene_id: str
    style: str
    key: str
    value: str
    rule_id: str | None
    note: str | None
    reason: str
    why: str


@dataclass(frozen=True)
class Caption:
    """The two captions of a scene in one style."""

    style: str
    title: str | None
    title_multi_objects: str | None
