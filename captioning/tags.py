"""The tag classifier at work on a lake: train, predict, and what it decides.

In: the seed tag_labels.csv and the published tags. Out: `tags/model.npz`, and
`tags/<model>.parquet`, which the next build reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from captioning.tag_classifier import fit, gsd_of
from captioning.tag_embeddings import BACKENDS, Backend, need_sklearn
from captioning.tag_evaluation import choose
from captioning.tag_labels import labels_digest, read_labels
from captioning.tag_model_file import Trained, load, save
from skyloom import duck, progress
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError, UsageError
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import TAG_PREDICTIONS

MODEL = "model.npz"
CHUNK = 10_000
_OWN = re.compile(rf"({'|'.join(BACKENDS)})-[0-9a-f]{{12}}\.parquet")
_SCHEMA = {
    "key": pl.String,
    "value": pl.String,
    "groundable": pl.Boolean,
    "max_gsd_m": pl.Float64,
    "probability": pl.Float64,
    "model": pl.String,
}
# The rule that a decision of the classifier names: int_tag_decisions.sql.
RULE = "classifier"


@dataclass(frozen=True)
class Predicted:
    """What a run of `predict` wrote."""

    path: Path
    model: str
    n_tags: int
    n_groundable: int

    def __str__(self) -> str:
        return (
            f"{self.model}: {self.n_groundable:,} of {self.n_tags:,} tags that no rule "
            f"decides can be seen; `skyloom build` says them"
        )


def train(
    lake: Lake, labels_file: Path, backend: Backend, *, seed: str = "skyloom"
) -> str:
    """Fit the classifier to all labels, write it into the lake, return its name.

    How it is fitted is chosen by folds over the keys that are not held out.

    Raises:
        SkyloomError: the labels are faulty, or something is not installed.
    """
    need_sklearn()
    labels = read_labels(labels_file)
    features = backend.features([label.tag for label in labels])
    choices = choose(labels, features, seed)
    trained = Trained(
        fit(labels, features, choices.shows, choices.coarsest),
        backend.name,
        backend.identity,
        labels_digest(labels),
        choices.shows,
        choices.coarsest,
    )
    return save(trained, _folder(lake) / MODEL)


def predict(lake: Lake, trained: Trained, model: str, backend: Backend) -> Predicted:
    """Judge every published tag that no rule decides; earlier models' rows go.

    Raises:
        UsageError: the backend is another than the model was trained with.
        SkyloomError: nothing is published, or the file could not be written.
    """
    if backend.identity != trained.identity:
        raise UsageError(
            f"the model was trained with {trained.identity}, not {backend.identity}",
            remedy="run `skyloom tags train`",
        )
    tags = undecided(Catalog.open(lake))
    parts = [
        _judged(tags[start : start + CHUNK], trained, model, backend)
        for start in range(0, len(tags), CHUNK)
    ]
    frame = pl.concat([pl.DataFrame(schema=_SCHEMA), *parts])
    path = _folder(lake) / f"{model}.parquet"
    with duck.connect() as con:
        con.register("judged", frame.to_arrow())
        types = ", ".join(
            f"{name}::{kind} as {name}"
            for name, kind in TAG_PREDICTIONS.columns.items()
        )
        write_parquet(con, f"select {types} from judged", path, order_by="all")
    for file in _folder(lake).iterdir():
        if _OWN.fullmatch(file.name) and file != path:
            file.unlink()
    return Predicted(path, model, frame.height, int(frame["groundable"].sum()))


def trained_model(lake: Lake) -> tuple[Trained, str]:
    """The lake's classifier and its name."""
    return load(_folder(lake) / MODEL)


def undecided(catalog: Catalog) -> list[tuple[str, str]]:
    """The tags that on some object no rule decides, by key and value.

    A tag that only the classifier decides is one of them: it may be judged anew.
    """
    with duck.connect() as con:
        rows = con.execute(f"""
            with ruled as (
                select key, value, count(*) as n_ruled
                from read_parquet({duck.quoted(catalog.path("object_tags"))})
                where rule_id != {duck.quoted(RULE)}
                group by key, value
            )
            select tags.key, tags.value
            from read_parquet({duck.quoted(catalog.path("tags"))}) as tags
            left join ruled on tags.key = ruled.key and tags.value = ruled.value
            where coalesce(ruled.n_ruled, 0) < tags.n_objects
            order by tags.key, tags.value
        """).fetchall()
    return [(str(key), str(value)) for key, value in rows]


def _judged(
    tags: Sequence[tuple[str, str]], trained: Trained, model: str, backend: Backend
) -> pl.DataFrame:
    features = backend.features(tags)
    width = trained.model.shows.weights.shape[1]
    if features.shape[1] != width:
        raise SkyloomError(
            f"the model takes {width} features, and the backend gives another number",
            remedy="run `skyloom tags train`",
        )
    likely = trained.model.probabilities(features)
    gsds = gsd_of(trained.model.gsd_classes(features))
    shows = [bool(one >= 0.5) for one in likely]
    progress.say(f"{len(tags):,} tags judged")
    return pl.DataFrame(
        {
            "key": [key for key, _ in tags],
            "value": [value for _, value in tags],
            "groundable": shows,
            "max_gsd_m": [
                g if yes else None for g, yes in zip(gsds, shows, strict=True)
            ],
            "probability": [round(float(one), 6) for one in likely],
            "model": [model] * len(tags),
        },
        schema=_SCHEMA,
    )


def _folder(lake: Lake) -> Path:
    return lake.root / Path(TAG_PREDICTIONS.pattern).parent
