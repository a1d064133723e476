"""The classifier apart from any lake."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from captioning.tag_classifier import Choice, fit
from captioning.tag_embeddings import open_backend
from captioning.tag_evaluation import Choices, choose, evaluate
from captioning.tag_labels import Label, labels_digest, read_labels
from captioning.tag_model_file import Trained, load, save
from captioning.tag_page import write_evaluation
from captioning.tag_text import MAX_CHARS, tag_shape, words
from captioning.tags import predict
from skyloom.catalog import Catalog
from skyloom.dbt_run import PROJECT
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake

pytest.importorskip("sklearn")

SEED = PROJECT / "seeds" / "tag_labels.csv"
# As the folds choose for ngrams; given, they need not be run.
CHOICES = Choices(Choice(0.3, True), Choice(10, False))
HOSTILE = [
    ("name", "'; drop table tags; --"),
    ("note", 'line\nbreak\t"quotes" <script>'),
    ("name:zh", "特拉法尔加广场"),
    ("description", "x" * 10_000),
    ("\u202ekey", "\U0001f6b2\u0301"),
    (";;", "|||"),
]


@pytest.fixture(scope="module")
def labels():
    return read_labels(SEED)


@pytest.fixture(scope="module")
def backend():
    return open_backend("ngrams")


@pytest.fixture(scope="module")
def trained(labels, backend):
    features = backend.features([label.tag for label in labels])
    model = fit(labels, features, CHOICES.shows, CHOICES.coarsest)
    digest = labels_digest(labels)
    return Trained(
        model, "ngrams", backend.identity, digest, CHOICES.shows, CHOICES.coarsest
    )


@pytest.fixture(scope="module")
def seen(labels, backend):
    return evaluate(labels, backend, choices=CHOICES)


def test_tags_become_words():
    assert words("roof:shape") == "roof shape"
    assert words("LocationCode") == "location code"
    assert words("paving_stones;sett|") == "paving stones sett"
    assert tag_shape("Mo-Fr 08:00-18:30") == "mo-fr 0:0-0:0"
    assert len(words("x" * 10_000)) == MAX_CHARS


def test_it_beats_both_baselines_on_keys_that_it_has_not_seen(seen):
    model, key_alone, majority = seen.held_out
    assert model.f1 > key_alone.f1 + 0.05
    assert model.f1 > majority.f1 + 0.4
    assert model.accuracy > majority.accuracy
    assert model.gsd_accuracy > key_alone.gsd_accuracy + 0.05
    assert model.gsd_accuracy > majority.gsd_accuracy + 0.03


def test_held_out_keys_are_a_fifth_and_in_no_fold(labels, seen):
    held = {label.key for label in labels if label.held_out}
    assert not held & {label.key for label in labels if not label.held_out}
    assert 0.15 < len(held) / seen.n_keys < 0.25
    assert 0.15 < seen.held_out[0].n / len(labels) < 0.25


def test_the_tables_add_up(seen):
    assert sum(map(sum, seen.confusion)) == seen.held_out[0].n
    assert sum(map(sum, seen.gsd_confusion)) == seen.held_out[0].n_gsd
    assert sum(one.n for one in seen.calibration) == seen.folds[0].n
    (_, false_yes), (_, hits) = seen.confusion
    assert seen.held_out[0].precision == pytest.approx(hits / (hits + false_yes))


def test_the_page_escapes_what_tags_hold(seen, tmp_path):
    from dataclasses import replace

    bad = replace(seen.hardest[0], key="<script>", value="x")
    page = write_evaluation(tmp_path / "p.html", replace(seen, hardest=(bad,)))
    text = page.read_text()
    assert "<script>" not in text and "&lt;script&gt;=x" in text
    assert "<circle" in text


def test_training_twice_gives_the_same_bytes(labels, backend, trained, tmp_path):
    features = backend.features([label.tag for label in labels[::-1]])[::-1]
    model = fit(labels, features, CHOICES.shows, CHOICES.coarsest)
    again = Trained(
        model,
        "ngrams",
        backend.identity,
        labels_digest(labels),
        CHOICES.shows,
        CHOICES.coarsest,
    )
    first = save(trained, tmp_path / "a.npz")
    assert save(again, tmp_path / "b.npz") == first
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded, name = load(tmp_path / "a.npz")
    assert name == first and name.startswith("ngrams-")
    rows = backend.features([("surface", "tarmac"), ("surname", "Smith")])
    assert np.array_equal(loaded.model.probabilities(rows), model.probabilities(rows))


def test_it_has_learnt_something(backend, trained):
    rows = backend.features([("surface", "asphalt;concrete"), ("operator", "Smith")])
    asphalt, smith = trained.model.probabilities(rows)
    assert asphalt > 0.7 and smith < 0.4


def test_hostile_tags_have_a_probability_and_a_class(backend, trained):
    likely = trained.model.probabilities(backend.features(HOSTILE))
    assert np.isfinite(likely).all() and len(likely) == len(HOSTILE)
    assert set(trained.model.gsd_classes(backend.features(HOSTILE))) <= set(range(5))


def test_hostile_tags_pass_through_and_what_is_partly_ruled_is_judged(
    backend, trained, tmp_path, monkeypatch
):
    lake = Lake.open(tmp_path / "lake", create=True)
    partly, wholly = ("building", "a'b"), ("shop", "yes")
    tags = [*((*tag, 1) for tag in HOSTILE), (*partly, 2), (*wholly, 2)]
    ruled = [
        (*partly, "r"),
        (*wholly, "r"),
        (*wholly, "r"),
        (*HOSTILE[0], "classifier"),
    ]
    files = {"tags": tmp_path / "t.parquet", "object_tags": tmp_path / "o.parquet"}
    columns = ["key", "value"]
    pl.DataFrame(tags, schema=[*columns, "n_objects"], orient="row").write_parquet(
        files["tags"]
    )
    pl.DataFrame(ruled, schema=[*columns, "rule_id"], orient="row").write_parquet(
        files["object_tags"]
    )
    catalog = Catalog(tmp_path, "run", files)
    monkeypatch.setattr(Catalog, "open", lambda _: catalog)
    written = predict(lake, trained, "ngrams-0123456789ab", backend)
    rows = pl.read_parquet(written.path)
    assert set(rows.select(columns).rows()) == {*HOSTILE, partly}
    assert rows["probability"].is_between(0, 1).all()
    assert written.n_groundable == rows["groundable"].sum()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off"])
def test_another_file_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(SkyloomError, match="no tag classifier") as error:
        load(tmp_path / "m.npz")
    assert "\n" not in error.value.sentence()


def test_changed_arrays_and_pickles_are_refused(trained, tmp_path):
    file = tmp_path / "m.npz"
    save(trained, file)
    with np.load(file) as read:
        content = dict(read)
    np.savez(file, **content | {"shows_biases": content["shows_biases"] + 1})
    with pytest.raises(SkyloomError, match="not those that were written"):
        load(file)
    pickled = np.array([{}], dtype=object)
    np.savez(file, **content | {"shows_biases": pickled})
    with pytest.raises(SkyloomError, match="no tag classifier"):
        load(file)


def test_too_few_labels_are_refused(backend):
    few = [Label("k", str(n), n % 2 == 0, 1 if n % 2 == 0 else None) for n in range(9)]
    features = backend.features([label.tag for label in few])
    with pytest.raises(UsageError, match="do not suffice"):
        choose(few, features, "skyloom")


def test_a_backend_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no backend 'word2vec'"):
        open_backend("word2vec")
    with pytest.raises(UsageError, match="needs a file of weights"):
        open_backend("clip")
    with pytest.raises(UsageError, match="there are no weights"):
        open_backend("clip", weights=tmp_path / "none.pt")


def test_without_scikit_learn_one_sentence_names_the_extra():
    code = (
        "import sys; sys.modules['sklearn'] = None; "
        "sys.argv = ['skyloom', 'tags', 'evaluate', '--backend', 'ngrams']; "
        "from skyloom.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "scikit-learn" in line and "pip install -e '.[tags]'" in line
