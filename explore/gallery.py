"""The chips of the report: a fixed sample, with outlines and captions word by word."""

import base64
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path

import duckdb
from PIL import Image

from explore.figures import rows
from explore.outlines import Grid, outlines

MOST_OUTLINES = 40
GALLERY_BYTES = 5_000_000  # of all the JPEGs, so that the page stays below 10 MB
CARD_BYTES = 1_500  # of a card without its pixels and texts
CARDS_BYTES = 8_500_000  # of all the cards: JPEGs in base64, outlines and captions
SIDES_PX = (1024, 640, 480, 320, 240, 160, 96, 64)


@dataclass(frozen=True)
class Picked:
    """One image of the sample with what the catalog says of it."""

    image_id: str
    scene_id: str
    object_id: str
    source: str
    filepath: str
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    crs: str | None
    transform: list[float] | None
    width_px: int
    height_px: int
    gsd_x_m: float | None
    gsd_y_m: float | None
    acquired: datetime | None
    acquired_precision: str | None
    drawn: bool
    split: str | None
    osm_type: str | None
    osm_id: int | None
    shape: str
    title: str | None
    title_multi_objects: str | None


@dataclass(frozen=True)
class Word:
    """A piece of a caption and why it is there."""

    scene_id: str
    caption: str
    words: str
    role: str
    key: str | None
    value: str | None
    rule_id: str | None


@dataclass(frozen=True)
class Outlined:
    """An object of a scene as stored, before it is drawn."""

    scene_id: str
    object_id: str
    role: str
    named: bool
    label: str | None
    wkb: bytes


@dataclass(frozen=True)
class Trace:
    """An outline in the chip's pixels; kind is focus, named or other."""

    kind: str
    label: str
    path: str


@dataclass(frozen=True)
class Chip:
    """One card of the gallery; `jpeg` is base64, None when the file is not there."""

    image: Picked
    jpeg: str | None
    title: tuple[Word, ...]
    multi: tuple[Word, ...]
    traces: tuple[Trace, ...]

    @property
    def osm_path(self) -> str | None:
        """`way/12` for a real OpenStreetMap object, None for one under drawn pixels."""
        image = self.image
        if image.drawn or image.osm_type not in {"node", "way", "relation"}:
            return None
        return f"{image.osm_type}/{image.osm_id}" if image.osm_id else None

    @property
    def n_bytes(self) -> int:
        """About how much the card takes of a page, markup and escapes included."""
        texts = [
            *(word.words for word in (*self.title, *self.multi)),
            *(trace.label for trace in self.traces),
        ]
        # Words stand among markup and once more in the picture's text; an escape takes
        # five letters.
        return (
            CARD_BYTES
            + len(self.jpeg or "")
            + sum(len(trace.path) + 30 for trace in self.traces)
            + sum(150 + 10 * len(text.encode()) for text in texts)
        )


def gallery(con: duckdb.DuckDBPyConnection, root: Path, chips: int) -> tuple[Chip, ...]:
    """Pick `chips` images by shape, source, key and title, then by md5 of their ids.

    There are fewer where more would not fit into one page.
    """
    return fitting(chips_of(con, root, rows(con, "gallery", Picked, chips=chips)))


def fitting(chips: tuple[Chip, ...], most_bytes: int = CARDS_BYTES) -> tuple[Chip, ...]:
    """The first chips whose cards have so many bytes together."""
    sizes = accumulate(chip.n_bytes for chip in chips)
    return tuple(
        chip for chip, size in zip(chips, sizes, strict=True) if size <= most_bytes
    )


def chips_of(
    con: duckdb.DuckDBPyConnection,
    root: Path | None,
    picked: tuple[Picked, ...],
    *,
    outlines: str = "chip_objects",
) -> tuple[Chip, ...]:
    """Images with words, the outlines that a query gives, and pixels below a root."""
    scenes = [image.scene_id for image in picked]
    words: dict[tuple[str, str], list[Word]] = defaultdict(list)
    for word in rows(con, "chip_words", Word, scenes=scenes):
        words[word.scene_id, word.caption].append(word)
    objects: dict[str, list[Outlined]] = defaultdict(list)
    for thing in rows(con, outlines, Outlined, scenes=scenes, most=MOST_OUTLINES):
        objects[thing.scene_id].append(thing)
    budget = GALLERY_BYTES // max(len(picked), 1)
    return tuple(
        Chip(
            image,
            _jpeg(root / image.filepath, budget) if root else None,
            _caption(image.title, words[image.scene_id, "title"]),
            _caption(
                image.title_multi_objects, words[image.scene_id, "title_multi_objects"]
            ),
            _traces(image, objects[image.scene_id]),
        )
        for image in picked
    )


def _caption(text: str | None, words: list[Word]) -> tuple[Word, ...]:
    # A trace that does not add up to the caption would misquote it.
    if text is None or "".join(word.words for word in words) == text:
        return tuple(words)
    return (Word("", "", text, "grammar", None, None, None),)


def _traces(image: Picked, objects: list[Outlined]) -> tuple[Trace, ...]:
    grid = grid_of(image)
    if grid is None:
        return ()
    traces = []
    paths = outlines([thing.wkb for thing in objects], grid)
    for thing, path in zip(objects, paths, strict=True):
        named = "named" if thing.named else "other"
        kind = "focus" if thing.role == "focus" else named
        about = f"{thing.object_id}: {thing.label}" if thing.label else thing.object_id
        if path:
            traces.append(Trace(kind, about, path))
    return tuple(traces)


def grid_of(image: Picked) -> Grid | None:
    """The chip's pixel grid; None where the catalog does not know where it lies."""
    box = (image.west, image.south, image.east, image.north)
    if image.crs is None or not image.transform or None in box:
        return None
    west, south, east, north = (float(side or 0) for side in box)
    return Grid(
        image.crs,
        tuple(image.transform),
        image.width_px,
        image.height_px,
        (west, south, east, north),
    )


def _jpeg(path: Path, budget: int) -> str | None:
    """The file as it is, or made smaller until it fits the budget in bytes."""
    try:
        data = path.read_bytes()
        for side in SIDES_PX:
            if len(data) <= budget:
                break
            with Image.open(path) as image:
                small = image.convert("RGB")
                small.thumbnail((side, side))
            buffer = io.BytesIO()
            small.save(buffer, "JPEG", quality=80)
            data = buffer.getvalue()
    except OSError:
        return None
    return base64.b64encode(data).decode("ascii")


def linked_chip(image: Picked, words: list[Word], objects: list[Outlined]) -> Chip:
    """The same without pixels, for a page that links them; `words` of both captions."""
    told: dict[str, list[Word]] = defaultdict(list)
    for word in words:
        told[word.caption].append(word)
    return Chip(
        image,
        None,
        _caption(image.title, told["title"]),
        _caption(image.title_multi_objects, told["title_multi_objects"]),
        _traces(image, objects),
    )
