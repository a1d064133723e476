"""`skyloom score`: cosines of images and their captions, each pair once."""

import polars as pl
import pytest

from captioning.caption_columns import COLUMNS
from captioning.embed import Pace
from captioning.embedding_table import write_named
from captioning.score import score
from skyloom.clip_models import load_clip
from skyloom.raw_tables import EMBEDDINGS, SCORES
from tests.tiny_clip import new_lake, publish, rows_of, write_tiny

pytest.importorskip("torch")
PACE = Pace(batch_size=4, workers=0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return load_clip(write_tiny(tmp_path_factory.mktemp("clip")).request)


def test_a_score_is_the_rounded_cosine_of_its_vectors(tmp_path, clip):
    lake = new_lake(tmp_path, 4)
    done = score(lake, clip, COLUMNS, PACE)
    scores = rows_of(lake, SCORES)
    assert scores.columns == list(SCORES.columns)
    # Two styles of two captions, and one polished.
    assert done.n_scored == scores.height == 4 * 5
    vectors = rows_of(lake, EMBEDDINGS)
    images, texts = (
        dict(rows.select("content_sha256", "vector").iter_rows())
        for rows in (vectors.filter(kind="image"), vectors.filter(kind="text"))
    )
    for row in scores.to_dicts():
        pair = zip(images[row["image_sha256"]], texts[row["text_sha256"]], strict=True)
        assert row["similarity"] == pytest.approx(sum(a * b for a, b in pair), abs=6e-7)
        assert row["similarity"] == round(row["similarity"], 6)
        assert row["model"] == clip.label
    titles = pl.read_parquet(lake.catalog / "files" / "captions.parquet")
    assert set(scores["text_sha256"]) <= set(texts)
    assert titles.height > 0


def test_only_pairs_that_lack_a_score_are_scored(tmp_path, clip):
    lake = new_lake(tmp_path, 3)
    score(lake, clip, ("title",), PACE)
    before = {file: file.read_bytes() for file in lake.files(SCORES)}
    again = score(lake, clip, ("title",), PACE)
    assert (again.n_scored, again.n_known) == (0, 6)
    assert {file: file.read_bytes() for file in lake.files(SCORES)} == before
    publish(lake, 4)
    more = score(lake, clip, ("title", "polished"), PACE)
    assert (more.n_scored, more.n_known) == (2 + 4, 6)
    assert rows_of(lake, SCORES).is_duplicated().sum() == 0


def test_scores_do_not_depend_on_how_they_are_divided(tmp_path, clip):
    found = []
    for number, (batch, pairs) in enumerate(((1, 3), (8, 1000))):
        lake = new_lake(tmp_path / str(number), 5)
        score(lake, clip, COLUMNS, Pace(batch, 0), pairs=pairs)
        found.append(rows_of(lake, SCORES))
    assert found[0].equals(found[1])


def test_a_killed_run_goes_on_where_it_ended(tmp_path, clip, monkeypatch):
    lake = new_lake(tmp_path, 4)
    calls: list[object] = []

    def killed(*arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append(arguments)
        return write_named(*arguments)

    monkeypatch.setattr("captioning.score.write_named", killed)
    with pytest.raises(KeyboardInterrupt):
        score(lake, clip, COLUMNS, PACE, pairs=6)
    assert rows_of(lake, SCORES).height == 6
    monkeypatch.setattr("captioning.score.write_named", write_named)
    done = score(lake, clip, COLUMNS, PACE, pairs=6)
    assert (done.n_known, done.n_scored) == (6, 14)


def test_pairs_of_a_lost_image_are_counted_and_left(tmp_path, clip):
    lake = new_lake(tmp_path, 3)
    (lake.root / "images/DR/aa/n1_DR_xx_000000.jpg").unlink()
    done = score(lake, clip, ("title",), PACE)
    assert (done.n_scored, done.n_without) == (4, 2) and done.is_partial
    assert "2 pairs have no vector" in str(done)
