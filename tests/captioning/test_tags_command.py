"""Train, predict, build: the classifier in a lake."""

import csv

import polars as pl
import pytest

from captioning.tag_embeddings import open_backend
from captioning.tags import predict, trained_model, undecided
from skyloom.catalog import Catalog
from skyloom.dbt_run import PROJECT
from skyloom.errors import UsageError
from skyloom.raw_tables import TAG_PREDICTIONS

pytest.importorskip("sklearn")

SEED = PROJECT / "seeds" / "tag_labels.csv"


@pytest.fixture
def labels(tmp_path):
    """A third of the labels: the folds that choose are then quick."""
    with SEED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows[::3])
    return tmp_path / "labels.csv"


@pytest.fixture
def judged(demo_lake, labels, skyloom):
    """The demo's lake with predictions, not built yet."""
    commands = [
        ("train", "--labels", labels, "--backend", "ngrams"),
        ("predict",),
    ]
    for command, *flags in commands:
        done = skyloom("tags", command, "--lake", demo_lake.root, "--quiet", *flags)
        assert done.returncode == 0, done.stderr
    return demo_lake


def predictions(lake):
    (file,) = [file for file in lake.files(TAG_PREDICTIONS) if file.stem != "empty"]
    return pl.read_parquet(file)


def test_only_what_no_rule_decides_is_judged_and_then_decided(judged, skyloom):
    catalog = Catalog.open(judged)
    ruled = catalog.frame("object_tags").filter(pl.col("rule_id") != "classifier")
    n_ruled = ruled.group_by("key", "value").len()
    left = catalog.frame("tags").join(n_ruled, on=["key", "value"], how="left")
    left = left.filter(pl.col("len").fill_null(0) < pl.col("n_objects"))
    said = predictions(judged)
    assert set(said.select("key", "value").rows()) == set(
        left.select("key", "value").rows()
    )
    assert said.height > 5
    assert said["model"].unique().to_list() == [trained_model(judged)[1]]
    # Some are seen and some are not, or the rest would prove nothing.
    assert set(said["groundable"]) == {True, False}
    assert (said["max_gsd_m"].is_null() != said["groundable"]).all()

    done = skyloom("build", "--lake", judged.root, "--quiet")
    assert done.returncode == 0, done.stderr
    built = Catalog.open(judged)
    decided = built.frame("object_tags").filter(pl.col("rule_id") == "classifier")
    assert set(decided.select("key", "value").rows()) == set(
        said.select("key", "value").rows()
    )
    assert set(decided["groundable"]) == {True, False}
    # What the classifier decided stays its own, and is judged again.
    assert undecided(built) == undecided(catalog)


def test_predicting_twice_gives_the_same_bytes_and_one_model_speaks(judged, skyloom):
    (file,) = [one for one in judged.files(TAG_PREDICTIONS) if one.stem != "empty"]
    first = file.read_bytes()
    old = judged.root / "tags" / "minilm-0123456789ab.parquet"
    others = judged.root / "tags" / "by-hand.parquet"
    old.write_bytes(first)
    others.write_bytes(first)
    done = skyloom("tags", "predict", "--lake", judged.root, "--quiet")
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == first
    assert not old.exists() and others.exists()


def test_a_model_of_another_backend_is_refused(judged):
    trained, model = trained_model(judged)
    backend = open_backend("ngrams")
    backend.identity = "ngrams-1-1"
    with pytest.raises(UsageError, match="trained with ngrams-4096"):
        predict(judged, trained, model, backend)


def test_without_a_model_one_sentence_says_how_to_train(demo_lake, skyloom):
    done = skyloom("tags", "predict", "--lake", demo_lake.root)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and "skyloom tags train" in line


def test_a_sample_is_drawn_from_the_lake(demo_lake, skyloom, tmp_path):
    out = tmp_path / "sample.csv"
    done = skyloom("tags", "sample", "--lake", demo_lake.root, "--out", out)
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with SEED.open(newline="") as file:
        known = {(row["key"], row["value"]) for row in csv.DictReader(file)}
    assert rows and not known & {(row["key"], row["value"]) for row in rows}
