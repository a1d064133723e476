"""What is known before anything runs: benchmarks, published figures, checkpoints."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLES = Path(__file__).parent / "registry"
WHERE = "https://opendatasharing.s3.us-west-2.amazonaws.com/SkyScript/"
CLASSES, BINARY, RETRIEVAL = "classes", "binary", "retrieval"
TOP1, MEAN_RECALL, F1 = "top1", "mean_recall", "f1"
SCENE_MEAN = "scene_mean"
SKYSCRIPT_RETRIEVAL = "SkyScript_retrieval"


@dataclass(frozen=True)
class Benchmark:
    """What is asked, and in which words; `folders` are names that its folder may have.

    `n_classes` and `n_images` are those of the published set, `archive` is its address;
    all are empty where it is nobody's published set.
    """

    name: str
    title: str
    kind: str = CLASSES
    folders: tuple[str, ...] = ()
    csv: str = ""
    label_column: str = "label"
    classnames: str = ""
    caption_column: str = ""
    prefix: str = ""
    templates: tuple[str, ...] = ()
    n_classes: int | None = None
    chance: float | None = None
    n_images: int | None = None
    metric: str = TOP1
    in_mean: bool = False
    in_domain: bool = False
    archive: str = ""
    citation: str = ""


@dataclass(frozen=True)
class Published:
    """One figure of one model, in percent, and the table that it stands in."""

    model: str
    benchmark: str
    figure: str
    percent: float
    in_domain: bool
    source: str


@dataclass(frozen=True)
class Checkpoint:
    """Published weights: how to build their model, and their name in the tables."""

    name: str
    model: str
    quick_gelu: bool
    pretrained: str
    published_as: str
    archive: str


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """The registered benchmarks, in the order of the report."""
    return tuple(_benchmark(row) for row in _rows("benchmarks"))


@cache
def templates(name: str = "scene") -> tuple[str, ...]:
    """Sentences with {} where a class stands."""
    return tuple(r["template"] for r in _rows("templates") if r["name"] == name)


@cache
def published() -> tuple[Published, ...]:
    """Every figure of the paper's tables 2 and 3 and of its repository's README."""
    return tuple(
        Published(
            row["model"],
            row["benchmark"],
            row["figure"],
            float(row["percent"]),
            _truth(row["in_domain"]),
            row["source"],
        )
        for row in _rows("published")
    )


@cache
def checkpoints() -> tuple[Checkpoint, ...]:
    """The published checkpoints, and the weights that they started from."""
    return tuple(
        Checkpoint(
            row["name"],
            row["model"],
            _truth(row["quick_gelu"]),
            row["pretrained"],
            row["published_as"],
            row["archive"],
        )
        for row in _rows("checkpoints")
    )


def checkpoint_of(
    file: Path | None, model: str | None, pretrained: str | None
) -> Checkpoint | None:
    """The published weights that a file's name, or its folder's, stands for.

    A model that is named, and is another one, is not theirs.
    """
    names = [file.stem] if file else []
    names += [folder.name for folder in file.absolute().parents[:2]] if file else []
    for one in checkpoints():
        # A folder may be called like a tag of open_clip's, and is none.
        is_it = one.pretrained == pretrained if pretrained else one.name in names
        if is_it and bool(one.pretrained) == bool(pretrained):
            return one if model in (None, one.model) else None
    return None


def expected(model: str | None, benchmark: str, figure: str) -> Published | None:
    """The published figure of a model, by its name in the tables."""
    asked = (model, benchmark, figure)
    found = (p for p in published() if (p.model, p.benchmark, p.figure) == asked)
    return next(found, None)


def expected_mean(model: str | None, names: Sequence[str]) -> float | None:
    """The published mean over scene benchmarks, in percent, or over some of them.

    Of all of them it is the printed one.
    """
    if set(names) == {one.name for one in benchmarks() if one.in_mean}:
        mean = expected(model, SCENE_MEAN, TOP1)
        return mean.percent if mean else None
    each = [expected(model, name, TOP1) for name in names]
    found = [one.percent for one in each if one]
    return sum(found) / len(found) if found and len(found) == len(each) else None


def _benchmark(row: Mapping[str, str]) -> Benchmark:
    return Benchmark(
        name=row["name"],
        title=row["title"],
        kind=row["kind"],
        folders=tuple(filter(None, row["folders"].split("|"))),
        csv=row["csv"],
        label_column=row["label_column"],
        classnames=row["classnames"],
        caption_column=row["caption_column"],
        prefix=row["prefix"],
        templates=templates(row["templates"]),
        n_classes=int(row["n_classes"]) if row["n_classes"] else None,
        chance=float(row["chance"]) if row["chance"] else None,
        n_images=int(row["n_images"]) if row["n_images"] else None,
        metric=row["metric"],
        in_mean=_truth(row["in_mean"]),
        in_domain=_truth(row["in_domain"]),
        archive=WHERE + row["archive"],
        citation=row["citation"],
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (TABLES / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _truth(word: str) -> bool:
    return word == "true"
