"""`skyloom query --like` and `--near-duplicates`, over the lake's vectors."""

import json
import shutil
import sys

import numpy as np
import pytest

from captioning.embed import Pace, embed
from skyloom import cli
from skyloom.clip_models import ClipRequest, load_clip
from skyloom.errors import SkyloomError
from skyloom.search import alike, near_duplicates, nearest
from tests.tiny_clip import draw, new_lake, write_tiny

pytest.importorskip("torch")
NO_WEIGHTS = ClipRequest("")


@pytest.fixture(scope="module")
def lake(tiny, tmp_path_factory):
    lake = new_lake(tmp_path_factory.mktemp("search"), 6)
    embed(lake, load_clip(tiny.request), ("title",), Pace(4, 0))
    return lake


def found(result):
    return [(row[0], row[1]) for row in result.fetchall()]


def test_an_image_of_the_lake_is_most_like_itself_without_a_model(lake, tmp_path):
    copy = tmp_path / "copy.jpg"
    shutil.copy(lake.root / "images/DR/aa/n4_DR_xx_000000.jpg", copy)
    rows = found(nearest(lake, str(copy), NO_WEIGHTS, model=None, limit=3))
    assert len(rows) == 3
    assert rows[0] == ("n4_DR_xx", 1.0)
    assert [s for _, s in rows] == sorted((s for _, s in rows), reverse=True)


def test_a_new_image_and_a_new_text_need_the_model_of_the_vectors(lake, tiny, tmp_path):
    like = str(tmp_path / "other.jpg")
    draw(tmp_path / "other.jpg", 40)
    with pytest.raises(SkyloomError, match=r"--checkpoint tiny\.pt"):
        nearest(lake, like, NO_WEIGHTS, model=None, limit=3)
    for text in (like, "tennis courts beside a river"):
        assert len(found(nearest(lake, text, tiny.request, model="tiny", limit=9))) == 6
    known = nearest(lake, "plain thing 1", NO_WEIGHTS, model=None, limit=2)
    own = nearest(lake, "plain thing 1 ", tiny.request, model=None, limit=2)
    assert found(known)[0][0] == found(own)[0][0]


def test_weights_of_another_model_are_refused(lake, tmp_path):
    other = write_tiny(tmp_path / "other", seed=1)
    with pytest.raises(SkyloomError, match="the lake's vectors of tiny@"):
        nearest(lake, "a lake", other.request, model=None, limit=1)


def test_faulty_questions_are_one_sentence(lake, tiny, tmp_path):
    (tmp_path / "words.jpg").write_text("no image")
    for like, request, model, said in (
        (str(tmp_path / "no.jpg"), NO_WEIGHTS, None, "could not be read"),
        (str(tmp_path / "words.jpg"), tiny.request, None, "no readable image"),
        (" ", NO_WEIGHTS, None, "empty"),
        ("a lake", NO_WEIGHTS, "giant", "there are tiny@"),
    ):
        with pytest.raises(SkyloomError, match=said):
            nearest(lake, like, request, model=model, limit=1)
    empty = new_lake(tmp_path, 1)
    with pytest.raises(SkyloomError, match="skyloom embed"):
        nearest(empty, "a lake", NO_WEIGHTS, model=None, limit=1)


def test_several_models_are_to_be_chosen_from(tiny, tmp_path):
    lake = new_lake(tmp_path, 2)
    other = write_tiny(tmp_path / "other", seed=1)
    clips = [load_clip(one.request) for one in (tiny, other)]
    for clip in clips:
        embed(lake, clip, ("title",), Pace(4, 0))
    like = str(lake.root / "images/DR/aa/n1_DR_xx_000000.jpg")
    with pytest.raises(SkyloomError, match="several models"):
        nearest(lake, like, NO_WEIGHTS, model=None, limit=1)
    for clip in clips:
        rows = found(nearest(lake, like, NO_WEIGHTS, model=clip.label, limit=1))
        assert rows == [("n1_DR_xx", 1.0)]


def test_pairs_across_blocks_are_found_exactly(monkeypatch):
    from skyloom import search

    monkeypatch.setattr(search, "BLOCK", 3)
    random = np.random.default_rng(1)
    vectors = random.normal(size=(10, 8)).astype(np.float32)
    vectors[7] = vectors[2] + 0.001
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    for threshold in (0.99, 0.3, -1):
        wanted = {
            (a, b) for a in range(10) for b in range(a) if cosines[a, b] >= threshold
        }
        assert {(b, a) for a, b, _ in alike(vectors, threshold)} == wanted
    assert [(a, b) for a, b, _ in alike(vectors, 0.99)] == [(2, 7)]


def test_near_duplicates_are_pairs_of_published_images(lake):
    rows = near_duplicates(lake, -1, model=None, limit=100).fetchall()
    assert len(rows) == 6 * 5 / 2
    assert all(row[0] < row[1] for row in rows)
    assert near_duplicates(lake, 1, model=None, limit=100).fetchall() == []


def test_the_command_asks_one_question(lake, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["skyloom", "query", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    where = ("--lake", lake.root)
    like = lake.root / "images/DR/aa/n2_DR_xx_000000.jpg"
    code, out, _ = run(*where, "--like", like, "--limit", 2, "--json")
    rows = json.loads(out)
    assert code == 0 and rows[0]["image_id"] == "n2_DR_xx"
    assert rows[0]["title"] == "plain thing 1"
    code, out, _ = run(*where, "--near-duplicates", -1, "--limit", 3, "--json")
    assert code == 0 and len(json.loads(out)) == 3
    assert run(*where)[0] == 2
    assert run(*where, "select 1", "--like", like)[0] == 2
    code, out, _ = run(*where, "--json", "select count(*) as n from images")
    assert code == 0 and json.loads(out) == [{"n": 6}]
