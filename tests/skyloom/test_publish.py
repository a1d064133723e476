"""Publishing: the pointer moves last, and who reads the old run goes on reading it."""

import json
import shutil

import duckdb
import pytest

from skyloom import publish as publishing
from skyloom.catalog import Catalog, write_views
from skyloom.history import remember_run
from tests.skyloom.reader_catalog import small_lake

CHANGE = "update captions set title = 'another pier'"


def titles(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute("select distinct title from captions order by title").fetchall()
    return [row[0] for row in rows]


def test_readers_of_the_old_run_are_not_disturbed(tmp_path):
    lake = small_lake(tmp_path / "lake")
    old = Catalog.open(lake)
    views = duckdb.connect(str(lake.catalog / "catalog.duckdb"), read_only=True)
    held, half_read = old.connect(), old.connect()
    before = titles(held)
    half_read.execute("select image_id from images order by image_id").fetchone()
    small_lake(lake.root, extra=CHANGE)
    assert titles(held) == titles(views) == before != ["another pier"]
    assert len(half_read.fetchall()) == 3
    assert titles(old.connect()) == before
    new = Catalog.open(lake)
    assert new.run_id != old.run_id
    assert titles(new.connect()) == ["another pier"]
    # One process shares what it has open of one path.
    views.close()
    with duckdb.connect(str(lake.catalog / "catalog.duckdb"), read_only=True) as again:
        assert titles(again) == ["another pier"]


@pytest.mark.parametrize("fails_at", range(5))
def test_the_pointer_moves_last(fails_at, tmp_path, monkeypatch):
    """Wherever publishing fails, the old run is current and whole."""
    lake = small_lake(tmp_path / "lake")
    old = Catalog.open(lake)
    steps: list[str] = []

    def step(name, real):
        def run(*arguments, **named):
            steps.append(name)
            if len(steps) == fails_at + 1:
                raise OSError("no space left")
            return real(*arguments, **named)

        return run

    monkeypatch.setattr(publishing, "write_views", step("views", write_views))
    monkeypatch.setattr(publishing, "remember_run", step("history", remember_run))
    real_write = publishing._write

    def write(path, text):
        return step(path.name, real_write)(path, text)

    monkeypatch.setattr(publishing, "_write", write)
    with pytest.raises(OSError, match="no space"):
        small_lake(lake.root, extra=CHANGE)
    run, *rest = steps
    order = [run, "views", "history", "current.json", "written.json"]
    assert [run, *rest] == order[: fails_at + 1]
    # What comes after the pointer is our own note.
    moved = "current.json" in steps[:fails_at]
    assert (Catalog.open(lake).run_id == old.run_id) is not moved
    assert all(file.is_file() for file in old.files.values())
    monkeypatch.undo()
    small_lake(lake.root, extra=CHANGE)
    assert titles(Catalog.open(lake).connect()) == ["another pier"]


def test_an_unchanged_catalog_is_no_new_run(tmp_path):
    lake = small_lake(tmp_path / "lake")
    before = (lake.catalog / "current.json").read_text()
    small_lake(lake.root)
    assert (lake.catalog / "current.json").read_text() == before
    history = (lake.catalog / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["run_id"] for line in history] == [
        json.loads(before)["run_id"]
    ]


def test_a_copy_of_the_lake_is_the_same_catalog(tmp_path):
    lake = small_lake(tmp_path / "lake")
    shutil.copytree(lake.root, tmp_path / "copy")
    copied = Catalog.open(type(lake).open(tmp_path / "copy"))
    assert copied.run_id == Catalog.open(lake).run_id
    assert all(tmp_path / "copy" in file.parents for file in copied.files.values())
