"""Benchmarks from a lake's held-out tiles."""

import duckdb
import pytest

from eval import own
from eval.evaluate import Machine, evaluate
from tests.eval.planted import draw

HERE = Machine(batch_size=16, workers=0)
TABLES = """
create table images (image_id varchar, scene_id varchar, filepath varchar);
create table scenes (scene_id varchar, split varchar);
create table captions (scene_id varchar, style varchar, title_multi_objects varchar);
create table attribute_keys (key varchar, note varchar);
create table scene_tags (scene_id varchar, role varchar, key varchar, value varchar,
    phrase varchar, tag_rank int);
insert into attribute_keys values ('roof:*', 'of a roof'), ('surface', 'of a road');
"""


class Tables:
    def __init__(self):
        self.sql = TABLES

    def connect(self):
        con = duckdb.connect()
        con.execute(self.sql)
        return con

    def add(self, number, split, tags):
        name = f"a{number}_DR"
        self.sql += (
            f"insert into images values ('{name}_20', '{name}', 'images/{number}.png');"
            f"insert into scenes values ('{name}', '{split}');"
            f"insert into captions values ('{name}', 'skyscript', 'seen {number % 4}');"
        )
        for rank, (role, key, value) in enumerate(tags):
            self.sql += (
                f"insert into scene_tags values ('{name}', '{role}', '{key}', "
                f"'{value}', '{key} of {value}', {rank});"
            )


@pytest.fixture
def tables(tmp_path):
    """Twelve held-out images, and four of the training set."""
    made = Tables()
    for n in range(16):
        kind = "barn" if n % 2 else "house"
        tags = [
            ("focus", "roof:shape", "flat" if n % 3 else "gabled"),
            ("focus", "building", kind),
            ("focus", "height", "tall"),
            ("surrounding", "natural", "tree"),
        ]
        made.add(n, "train" if n >= 12 else ("val", "test")[n % 2], tags)
        draw(tmp_path / f"images/{n}.png", n)
    return made


def test_a_frequent_tag_counts_no_more_than_another(tables, tmp_path, monkeypatch):
    monkeypatch.setattr(own, "MAX_IMAGES", 5)
    tasks, _ = own.tasks_of(tables, tmp_path, ("val", "test"), "skyscript", ())
    what, roof = tasks[0], tasks[1]
    assert sorted(what.labels) == [0] * 5 + [1] * 5
    assert (roof.labels.count(0), roof.labels.count(1)) == (5, 4)
    again, _ = own.tasks_of(tables, tmp_path, ("val", "test"), "skyscript", ())
    assert again[0].images == what.images


def test_held_out_tiles_become_three_benchmarks(tables, tmp_path, clip, store):
    tasks, missing = own.tasks_of(tables, tmp_path, ("val", "test"), "skyscript", ())
    assert missing == []
    by_name = {one.benchmark.name: one for one in tasks}
    names = ["lake_tags", "lake_attribute_roof:shape", "lake_retrieval"]
    assert list(by_name) == names
    what = by_name["lake_tags"]
    # The first tag that is no attribute: not the roof's shape, not the height.
    assert sorted(what.classes) == ["building of barn", "building of house"]
    assert len(what.images) == 12
    roof = by_name["lake_attribute_roof:shape"]
    assert roof.classes == ("roof:shape of flat", "roof:shape of gabled")
    assert roof.labels.count(1) == 4
    captions = by_name["lake_retrieval"]
    # Captions are the ground truth: twelve images share four of them.
    assert (len(captions.images), len(captions.texts)) == (12, 4)
    assert len(captions.pairs) == 12
    for task in tasks:
        assert not task.benchmark.in_mean
        result = evaluate(task, clip, store, HERE)
        assert result.faults == {}


def test_one_split_alone(tables, tmp_path):
    tasks, _ = own.tasks_of(
        tables, tmp_path, ("test",), "skyscript", ("lake_retrieval",)
    )
    assert [len(one.images) for one in tasks] == [6]


def test_a_lake_without_held_out_images_says_so(tmp_path):
    made = Tables()
    made.add(1, "train", [("focus", "building", "barn")])
    tasks, missing = own.tasks_of(made, tmp_path, ("val", "test"), "skyscript", ())
    assert tasks == []
    lines = [one.line() for one in missing]
    assert lines == [
        "lake_tags: no two tags have 3 images in val or test",
        "lake_retrieval: no image is in val or test",
    ]
