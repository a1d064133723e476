"""What is known of an image beside its captions: a dataclass for each query's row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from explore.figures import rows
from explore.gallery import Outlined, Picked, grid_of
from explore.outlines import outline

MOST_OBJECTS = 300
MOST_NEAR = 12
NEAR_KM = 2
# To compare more vectors than these takes longer than a page may.
MOST_VECTORS = 100_000


@dataclass(frozen=True)
class Facts:
    """Where an image comes from; `previous` and `next` are image ids."""

    request_id: str | None
    box_id: str | None
    sha256: str | None
    n_bytes: int | None
    osm_snapshot: str | None
    osm_age_days: int | None
    edit_age_days: int | None
    valid_fraction: float | None
    source_image_ids: list[str] | None
    recipe: str | None
    license: str | None
    attribution: str | None
    source_name: str | None
    source_kind: str | None
    view: str | None
    country: str | None
    quadkey: str | None
    scene_kind: str | None
    scene_gsd_m: float | None
    offset_x_m: float | None
    offset_y_m: float | None
    osm_version: int | None
    osm_timestamp: datetime | None
    region: str | None
    snapshot_date: date | None
    previous: str | None
    next: str | None


@dataclass(frozen=True)
class Shape:
    """An object's outline in the chip's pixels; kind is focus, named or other."""

    object_id: str
    kind: str
    label: str
    path: str


@dataclass(frozen=True)
class Present:
    """An object of the scene; `visible` are the tags of it that may be said."""

    object_id: str
    role: str
    kind: str
    share_of_box: float | None
    visible_fraction: float | None
    extent_px: float | None
    rank: int | None
    visible: list[str]
    tags: list[str]


@dataclass(frozen=True)
class Polished:
    """A language model's caption; `facts` is the JSON that it was told."""

    style: str
    text: str | None
    caption_source: str
    reasons: list[str] | None
    model: str | None
    prompt: str | None
    facts: str | None


@dataclass(frozen=True)
class Published:
    """A caption that the publishers gave an imported image."""

    caption: str
    text: str | None
    dataset: str
    file: str | None


@dataclass(frozen=True)
class Score:
    """How like the image one of its captions is to a model."""

    model: str
    style: str
    caption: str
    similarity: float


@dataclass(frozen=True)
class Judgement:
    """What a selection says of the image; `styles` are those of its training pairs."""

    selection: str
    similarity: float | None
    kept: bool | None
    kept_by: str | None
    reason: str | None
    why_not: str | None
    styles: list[str]


@dataclass(frozen=True)
class Twin:
    """An image that is the same or nearly so; `later` where this one is the copy."""

    what: str
    how: str
    other: str
    later: bool
    distance: float | None
    n_alike: int | None


@dataclass(frozen=True)
class Neighbour:
    """Another image; `how` is metres away, or the cosine of the two."""

    image_id: str
    source: str
    how: float
    title: str | None


@dataclass(frozen=True)
class Model:
    """A model with a vector of the image, and how many images it has one of."""

    name: str
    n: int


def shapes(con: duckdb.DuckDBPyConnection, image: Picked) -> tuple[Shape, ...]:
    """The outlines of the scene's objects, the focus last and so on top."""
    grid = grid_of(image)
    if grid is None:
        return ()
    found = []
    for thing in rows(con, "web_image_outlines", Outlined, scenes=[image.scene_id]):
        named = "named" if thing.named else "other"
        kind = "focus" if thing.role == "focus" else named
        if path := outline(thing.wkb, grid):
            found.append(Shape(thing.object_id, kind, thing.label or "", path))
    order = {"other": 0, "named": 1, "focus": 2}
    return tuple(sorted(found, key=lambda shape: order[shape.kind]))


def alike(
    con: duckdb.DuckDBPyConnection,
) -> tuple[Model | None, tuple[Neighbour, ...]]:
    """The images most like the one of the variable `image`, and to which model.

    The model alone where it has too many vectors to compare in time; None where none
    has a vector of the image.
    """
    models = rows(con, "web_image_models", Model)
    if not models:
        return None, ()
    model = models[0]
    if model.n > MOST_VECTORS:
        return model, ()
    return model, rows(
        con, "web_image_alike", Neighbour, model=model.name, most=MOST_NEAR
    )
