"""`skyloom embed`: each content once, resumed after a kill, the same bytes."""

import hashlib
import json
import sys

import numpy as np
import polars as pl
import pytest

from captioning.caption_columns import COLUMNS, parse_columns
from captioning.embed import Pace, embed
from captioning.embedding_table import write_part
from skyloom import cli
from skyloom.errors import UsageError
from skyloom.raw_tables import EMBEDDINGS, MODELS
from tests.tiny_clip import draw, new_lake, publish, rows_of

pytest.importorskip("torch")
PACE = Pace(batch_size=2, workers=0)


def own_files(lake):
    return {
        file.name: file.read_bytes()
        for file in lake.files(EMBEDDINGS)
        if file.name != "empty.parquet"
    }


def test_each_image_and_caption_has_one_unit_vector(tmp_path, clip):
    lake = new_lake(tmp_path, 5)
    done = embed(lake, clip, COLUMNS, PACE)
    assert (done.n_images, done.n_texts, done.n_known) == (5, 6 + 10 + 5, 0)
    assert not done.is_partial
    rows = rows_of(lake, EMBEDDINGS)
    assert rows.columns == list(EMBEDDINGS.columns)
    assert rows["model"].unique().to_list() == [clip.label]
    lengths = np.linalg.norm(np.array(rows["vector"].to_list()), axis=1)
    assert np.allclose(lengths, 1, atol=1e-6)
    texts = rows.filter(kind="text")["content_sha256"].to_list()
    assert hashlib.sha256(b"plain thing 0").hexdigest() in texts
    assert hashlib.sha256(b"unseen").hexdigest() not in texts
    assert rows.select("content_sha256", "kind", "model").is_duplicated().sum() == 0


def test_a_second_run_embeds_nothing_and_a_new_image_alone(tmp_path, clip):
    lake = new_lake(tmp_path, 4)
    embed(lake, clip, ("title",), PACE)
    before = own_files(lake)
    again = embed(lake, clip, ("title",), PACE)
    assert (again.n_images, again.n_texts) == (0, 0)
    assert own_files(lake) == before
    publish(lake, 5)
    more = embed(lake, clip, ("title",), PACE)
    assert (more.n_images, more.n_texts) == (1, 2)
    assert before.items() < own_files(lake).items()


def test_bytes_do_not_depend_on_the_batch_or_the_processes(tmp_path, clip):
    found = []
    for number, pace in enumerate((Pace(1, 0), Pace(8, 0), Pace(3, 2))):
        lake = new_lake(tmp_path / str(number), 9)
        embed(lake, clip, ("title",), pace)
        found.append(own_files(lake))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 2


def test_a_killed_run_loses_one_part_at_most(tmp_path, clip, monkeypatch):
    lake = new_lake(tmp_path, 7)
    calls: list[object] = []

    def killed(*arguments):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(arguments)
        return write_part(*arguments)

    monkeypatch.setattr("captioning.embed.write_part", killed)
    with pytest.raises(KeyboardInterrupt):
        embed(lake, clip, ("title",), PACE, part=2)
    assert rows_of(lake, EMBEDDINGS).height == 4
    monkeypatch.setattr("captioning.embed.write_part", write_part)
    done = embed(lake, clip, ("title",), PACE, part=2)
    assert (done.n_images, done.n_known) == (3, 4)
    whole = new_lake(tmp_path / "whole", 7)
    embed(whole, clip, ("title",), PACE, part=2)
    assert own_files(whole) == own_files(lake)
    assert not list((lake.root / "embeddings").glob(".*"))


def test_bad_images_are_counted_and_said(tmp_path, clip, capsys):
    lake = new_lake(tmp_path, 4)
    files = sorted((lake.root / "images").rglob("*.jpg"))
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:300])
    draw(files[2], 77)
    done = embed(lake, clip, ("title",), PACE)
    assert done.n_images == 1 and done.is_partial
    assert done.faults == {"no such file": 1, "other bytes than the catalog has": 2}
    assert "no such file" in str(done)
    assert capsys.readouterr().err.count("image ") == 3


def test_the_registry_says_which_model_a_name_is(tmp_path, tiny, clip):
    lake = new_lake(tmp_path, 1)
    embed(lake, clip, ("title",), PACE)
    (row,) = rows_of(lake, MODELS).to_dicts()
    assert row["model"] == clip.label and row["digest"] == clip.digest
    assert (row["name"], row["checkpoint"], row["dim"]) == ("tiny", "tiny.pt", 16)
    assert json.loads(row["preprocessing"])["size"] == [32, 32]
    assert str(tiny.folder) not in json.dumps(row)


def test_columns_are_those_of_the_catalog():
    assert parse_columns("polished, title,title") == ("polished", "title")
    for text in ("", "titel"):
        with pytest.raises(UsageError):
            parse_columns(text)


def run(monkeypatch, capsys, *arguments):
    """The command line in this process: exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["skyloom", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    return ended.value.code or 0, out, err


def test_the_command_says_what_it_did_and_what_is_missing(
    tmp_path, tiny, monkeypatch, capsys
):
    lake = new_lake(tmp_path, 3)
    flags = ("--lake", lake.root, *tiny.flags, "--json")
    code, out, _ = run(monkeypatch, capsys, "embed", *flags)
    assert code == 0 and json.loads(out)["n_images"] == 3
    publish(lake, 4)
    (lake.root / "images/DR/aa/n3_DR_xx_000000.jpg").unlink()
    code, out, err = run(monkeypatch, capsys, "score", *flags)
    said = json.loads(out)
    assert code == 3 and said["embedded"]["faults"] == {"no such file": 1}
    assert said["n_without"] and "Traceback" not in err
    code, out, err = run(monkeypatch, capsys, "embed", "--lake", lake.root)
    assert code == 2 and "--checkpoint FILE" in err and err.count("\n") == 1
    code, _, err = run(
        monkeypatch, capsys, "score", *flags[:-1], "--captions", "titles"
    )
    assert code == 2 and "title_multi_objects" in err


def test_a_lake_without_a_table_of_vectors_gets_one(tmp_path, clip):
    lake = new_lake(tmp_path, 1)
    for table in (EMBEDDINGS, MODELS):
        (lake.root / table.empty_file).unlink()
    with lake.lock("test"):
        embed(lake, clip, ("title",), PACE)
    assert (lake.root / EMBEDDINGS.empty_file).is_file()
    assert isinstance(rows_of(lake, EMBEDDINGS), pl.DataFrame)
