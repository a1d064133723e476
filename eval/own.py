"""Benchmarks from a lake: its held-out tiles, which no training has seen.

Which images they hold and what is true of them is SQL, in eval/sql/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Protocol

import duckdb

from eval.known import CLASSES, MEAN_RECALL, RETRIEVAL, Benchmark, templates
from eval.rows import inside
from eval.tasks import Missing, Task, retrieval
from skyloom import duck
from skyloom.catalog import Catalog
from skyloom.errors import UsageError
from skyloom.lake import Lake

SQL = Path(__file__).parent / "sql"
SPLITS = ("val", "test")
STYLE = "skyscript"
MAX_CLASSES = 20
MAX_KEYS = 6
# Fewer images say nothing of a class.
MIN_IMAGES = 3
# A tag that half of the images share does not decide the accuracy. The published sets
# have 60 to 100 images of a class.
MAX_IMAGES = 100
TAGS, ATTRIBUTE, CAPTIONS = "lake_tags", "lake_attribute_", "lake_retrieval"


class Tables(Protocol):
    """What opens the published tables."""

    def connect(self) -> duckdb.DuckDBPyConnection: ...  # noqa: D102


@dataclass(frozen=True)
class Said:
    """A tag of the focus of a held-out image."""

    image_id: str
    filepath: str
    key: str
    value: str
    phrase: str
    what: str


def lake_tasks(
    lake: Lake,
    *,
    splits: Sequence[str] = SPLITS,
    style: str = STYLE,
    only: Sequence[str] = (),
) -> tuple[list[Task], list[Missing]]:
    """The benchmarks that the published catalog has images for.

    Raises:
        SkyloomError: nothing is published yet.
        UsageError: there is no such split.
    """
    if unknown := [split for split in splits if split not in SPLITS]:
        raise UsageError(
            f"{unknown[0]!r} is no held-out split", remedy="they are val and test"
        )
    return tasks_of(Catalog.open(lake), lake.root, splits, style, only)


def tasks_of(
    catalog: Tables, root: Path, splits: Sequence[str], style: str, only: Sequence[str]
) -> tuple[list[Task], list[Missing]]:
    """The same from open tables, with chips below `root`."""
    with catalog.connect() as con:
        listed = ", ".join(duck.quoted(split) for split in splits)
        con.execute(f"set variable splits = [{listed}]")
        con.execute(f"set variable style = {duck.quoted(style)}")
        tags = [Said(*row) for row in con.execute(_sql("held_out")).fetchall()]
        captions = con.execute(_sql("captions")).fetchall()
    where = " or ".join(splits)
    tasks = [_classes(root, tags, where), *_attributes(root, tags)]
    if captions:
        tasks.append(_captions(root, captions, where))
    else:
        tasks.append(Missing(_named(CAPTIONS, RETRIEVAL), f"no image is in {where}"))
    kept = [t for t in tasks if not only or t.benchmark.name in only]
    return (
        [one for one in kept if isinstance(one, Task)],
        [one for one in kept if isinstance(one, Missing)],
    )


def _classes(root: Path, tags: Sequence[Said], where: str) -> Task | Missing:
    benchmark = _named(TAGS, CLASSES)
    chosen = [one for one in tags if one.what == "class"]
    found = _task(root, benchmark, chosen, MAX_CLASSES)
    why = f"no two tags have {MIN_IMAGES} images in {where}"
    return found or Missing(benchmark, why)


def _attributes(root: Path, tags: Sequence[Said]) -> list[Task | Missing]:
    """A benchmark for each of the keys that say most often how something is."""
    of_key: dict[str, list[Said]] = {}
    for one in tags:
        if one.what == "attribute":
            of_key.setdefault(one.key, []).append(one)
    keys = sorted(of_key, key=lambda key: (-len(of_key[key]), key))
    made = (
        _task(root, _named(ATTRIBUTE + key, CLASSES), of_key[key], MAX_CLASSES)
        for key in keys
    )
    found: list[Task | Missing] = [one for one in made if one]
    return found[:MAX_KEYS]


def _task(
    root: Path, benchmark: Benchmark, tags: Sequence[Said], most: int
) -> Task | None:
    """Classification over the most frequent phrases; None where there are not two."""
    counts = Counter(one.phrase for one in tags)
    frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    classes = [p for p, count in frequent[:most] if count >= MIN_IMAGES]
    if len(classes) < 2:
        return None
    place = {phrase: n for n, phrase in enumerate(classes)}
    chosen = [one for one in _limited(tags) if one.phrase in place]
    return Task(
        benchmark,
        tuple(inside(one.filepath, [root], one.image_id) for one in chosen),
        labels=tuple(place[one.phrase] for one in chosen),
        classes=tuple(classes),
    )


def _limited(tags: Sequence[Said]) -> list[Said]:
    """The tags of at most MAX_IMAGES images of each phrase, chosen by a hash."""
    turns: Counter[str] = Counter()
    kept: set[Said] = set()
    for one in sorted(tags, key=lambda one: md5(one.image_id.encode()).digest()):
        turns[one.phrase] += 1
        if turns[one.phrase] <= MAX_IMAGES:
            kept.add(one)
    return [one for one in tags if one in kept]


def _captions(root: Path, rows: Sequence[tuple[str, str, str]], where: str) -> Task:
    return retrieval(
        _named(CAPTIONS, RETRIEVAL),
        [(inside(path, [root], image), text) for image, path, text in rows],
        where,
    )


def _named(name: str, kind: str) -> Benchmark:
    title = {TAGS: "Held-out tiles: what it is", CAPTIONS: "Held-out tiles: captions"}
    return Benchmark(
        name=name,
        title=title.get(name, f"Held-out tiles: {name.removeprefix(ATTRIBUTE)}"),
        kind=kind,
        templates=templates(),
        metric=MEAN_RECALL if kind == RETRIEVAL else "top1",
        in_domain=True,
        citation="this lake's own held-out tiles",
    )


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()
