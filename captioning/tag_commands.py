"""The commands of the classifier that judges tags: `skyloom tags`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skyloom import options as opt
from skyloom import progress

app = typer.Typer(
    no_args_is_help=True, help="Judge the tags that no rule decides, by a classifier."
)

# Inside the dbt project.
LABELS = Path("seeds", "tag_labels.csv")
CLIP_MODEL = "ViT-B-32"

LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="labels (default: the seed tag_labels.csv)"),
]
BackendOption = Annotated[
    str | None,
    typer.Option(help="minilm, ngrams or clip (default: minilm where installed)"),
]
WeightsOption = Annotated[
    Path | None, typer.Option(help="a CLIP model's weights, for the backend clip")
]
ClipModelOption = Annotated[
    str, typer.Option("--clip-model", help="open_clip's name of that model")
]
SampleOption = Annotated[Path, typer.Option("--out", help="the CSV file to write")]


@app.command("train")
def train_tags(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    labels: LabelsOption = None,
    backend: BackendOption = None,
    weights: WeightsOption = None,
    clip_model: ClipModelOption = CLIP_MODEL,
    quiet: opt.QuietOption = False,
) -> None:
    """Train the classifier on labels, into the lake."""
    from captioning.tag_embeddings import open_backend
    from captioning.tags import train as train_on
    from skyloom.settings import read_settings
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    with at_work(lake) as (opened, log):
        file = labels or read_settings(opened).project / LABELS
        embedding = open_backend(backend, weights=weights, clip_model=clip_model)
        model = train_on(opened, file, embedding)
        log("tag classifier trained", model=model)
    print(model)


@app.command("predict")
def predict_tags(
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    weights: WeightsOption = None,
    clip_model: ClipModelOption = CLIP_MODEL,
    quiet: opt.QuietOption = False,
) -> None:
    """Judge the tags that no rule decides; the next build uses what it finds."""
    from captioning.tag_embeddings import open_backend
    from captioning.tags import predict as judge
    from captioning.tags import trained_model
    from skyloom.work import at_work

    progress.be_quiet(quiet)
    with at_work(lake) as (opened, log):
        trained, model = trained_model(opened)
        embedding = open_backend(
            trained.backend, weights=weights, clip_model=clip_model
        )
        predicted = judge(opened, trained, model, embedding)
        log("tags judged", model=model, tags=predicted.n_tags)
    print(predicted)


@app.command("evaluate")
def evaluate_tags(
    labels: LabelsOption = None,
    backend: BackendOption = None,
    weights: WeightsOption = None,
    clip_model: ClipModelOption = CLIP_MODEL,
    out: opt.PageOption = None,
    as_json: opt.SummaryOption = False,
) -> None:
    """See how right the classifier is on keys that it was not trained on."""
    from dataclasses import asdict

    from captioning.tag_embeddings import open_backend
    from captioning.tag_evaluation import evaluate as measure
    from captioning.tag_labels import read_labels
    from captioning.tag_page import print_evaluation, write_evaluation
    from skyloom.answers import print_json
    from skyloom.dbt_run import PROJECT

    read = read_labels(labels or PROJECT / LABELS)
    embedding = open_backend(backend, weights=weights, clip_model=clip_model)
    seen = measure(read, embedding)
    page = write_evaluation(out, seen) if out else None
    if as_json:
        print_json(asdict(seen))
    else:
        print_evaluation(seen, page)


@app.command("sample")
def sample_tags(
    out: SampleOption,
    lake: opt.LakeOption = opt.DEFAULT_LAKE,
    labels: LabelsOption = None,
    rows: Annotated[int, typer.Option(min=1, help="how many tags at most")] = 300,
    seed: Annotated[
        str, typer.Option("--seed", help="another text draws other tags")
    ] = "skyloom",
) -> None:
    """Draw tags of the lake to label by hand; those labelled already stay out."""
    from captioning.label_sample import (
        label_sample,
        read_tags,
        thing_keys,
        write_sample,
    )
    from captioning.tag_labels import read_labels
    from skyloom.catalog import Catalog
    from skyloom.lake import Lake
    from skyloom.settings import read_settings

    opened = Lake.open(lake)
    project = read_settings(opened).project
    known = read_labels(labels or project / LABELS)
    drawn = label_sample(
        read_tags(Catalog.open(opened).path("tags")),
        thing_keys(project / "seeds" / "plain_words.csv"),
        rows=rows,
        seed=seed,
        labelled=frozenset(label.tag for label in known),
    )
    write_sample(drawn, out)
    print(f"{len(drawn):,} tags in {out}")
