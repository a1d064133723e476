"""`skyloom embed`, `score` and `classify`, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from captioning.caption_columns import parse_columns
from captioning.classified_file import answers_frame, check_out, write_answers
from captioning.classify import Classes, Classified, classify_images, classify_tiles
from captioning.embed import Embeddings, Pace
from captioning.embed import embed as embed_all
from captioning.label_file import read_labels, read_templates
from captioning.raster_tiles import Tiles, check_tiles
from captioning.score import Scores
from captioning.score import score as score_all
from skyloom import progress
from skyloom.answers import print_json, print_table
from skyloom.clip_models import ClipRequest, check_request, load_clip
from skyloom.errors import UsageError
from skyloom.work import at_work

Done = TypeVar("Done", Embeddings, Scores)
ALL_COLUMNS = "title,title_multi_objects,polished"


@dataclass(frozen=True)
class Order:
    """Which model, which captions, and how fast."""

    request: ClipRequest
    pace: Pace
    captions: str = ALL_COLUMNS


def embed(folder: Path, order: Order) -> Embeddings:
    """Embed what a lake has; flags are judged before the lake is touched."""
    return _worked(folder, order, embed_all, "embedded")


def score(folder: Path, order: Order) -> Scores:
    """Score what a lake has; flags are judged before the lake is touched."""
    return _worked(folder, order, score_all, "scored")


def _worked(folder: Path, order: Order, work: Callable[..., Done], event: str) -> Done:
    columns = parse_columns(order.captions)
    check_request(order.request)
    with at_work(folder) as (lake, log):
        done = work(lake, load_clip(order.request), columns, order.pace)
        log(event, **done.summary())
    return done


@dataclass(frozen=True)
class Question:
    """What to classify, into what, how rasters are cut and shown, and where to."""

    files: Sequence[Path]
    labels: Path
    templates: Path | None = None
    top: int = 3
    tile_px: int | None = None
    bands: tuple[int, ...] | None = None
    scale: tuple[float, ...] | None = None
    out: Path | None = None


def classify(
    request: ClipRequest, question: Question, pace: Pace, *, as_json: bool = False
) -> bool:
    """Say what images show, and whether all of them could be looked at.

    Files and flags are judged before a model is loaded.
    """
    if question.out:
        check_out(question.out)
    done = _classified(request, question, pace)
    for file, why in done.faults:
        progress.say(f"{file}: {why}")
    if done.n_empty:
        progress.say(f"{done.n_empty:,} tiles hold no data")
    frame = answers_frame(done, tiles=bool(question.tile_px))
    if question.out:
        n_rows = write_answers(frame, question.out)
        print(f"{n_rows:,} rows in {question.out}")
    elif as_json:
        print_json(frame.to_dicts())
    else:
        print_table(frame.columns, frame.rows())
    return not done.faults


def _classified(request: ClipRequest, question: Question, pace: Pace) -> Classified:
    check_request(request)
    labels = read_labels(question.labels)
    templates = read_templates(question.templates)
    if not question.tile_px:
        if question.bands or question.scale:
            raise UsageError("--bands and --scale are for rasters, with --tile-px")
        clip = load_clip(request)
        classes = Classes.of(clip, labels, templates)
        return classify_images(clip, classes, question.files, question.top, pace)
    tiles = Tiles(question.tile_px, question.bands, question.scale)
    for file in question.files:
        check_tiles(file, tiles)
    clip = load_clip(request)
    classes = Classes.of(clip, labels, templates)
    return classify_tiles(clip, classes, question.files, tiles, question.top, pace)
