"""A published folder becomes tables; whatever is wrong with it is a row."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from load import skyscript_images
from load.skyscript_import import Imported, check, dataset_name, import_skyscript
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.raw_tables import (
    IMPORT_REJECTS,
    IMPORTED_CAPTIONS,
    IMPORTED_IMAGES,
    SCORES,
    RawTable,
)
from skyloom.settings import read_settings
from tests.load.skyscript_folder import BOX, jpeg, put, put_meta, put_pair


@pytest.fixture
def lake(tmp_path):
    return Lake.open(tmp_path / "lake", create=True)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "published"
    put_pair(made, "a12_CH_19", time=2019)
    put_pair(made, "w7_US_20", part=3, center_tags={"highway": "track"})
    return made


def take(lake: Lake, folder: Path, **flags: str) -> Imported:
    return import_skyscript(lake, folder, read_settings(lake, threads=1), **flags)


def rows(lake: Lake, table: RawTable, columns: str = "*") -> list[tuple[Any, ...]]:
    files = f"read_parquet('{lake.root / table.pattern}')"
    return duckdb.sql(f"select {columns} from {files} order by all").fetchall()


def state(lake: Lake) -> dict[str, tuple[int, int]]:
    files = [*(lake.root / "imports").rglob("*"), *lake.images.rglob("*")]
    return {str(f): (f.stat().st_ino, f.stat().st_mtime_ns) for f in sorted(files)}


def test_images_stand_with_their_boxes_times_and_tags(lake, folder):
    done = take(lake, folder)
    assert (done.written.images, done.written.rejects) == (2, 0)
    columns = "image_name, source, width_px, height_px, acquired::varchar, center_tags"
    ground, track = {"landuse": "recreation_ground"}, {"highway": "track"}
    assert rows(lake, IMPORTED_IMAGES, columns) == [
        ("a12_CH_19", "CH", 40, 36, "2019-01-01 00:00:00", ground),
        ("w7_US_20", "US", 40, 36, "2020-04-24 00:00:00", track),
    ]
    ((west, tags),) = rows(lake, IMPORTED_IMAGES, "distinct west, surrounding_tags")
    assert (west, tags) == (BOX[0], [{"highway": "secondary", "surface": "asphalt"}])


def test_bytes_are_linked_and_not_stored_twice(lake, folder):
    take(lake, folder)
    ((path,), _) = rows(lake, IMPORTED_IMAGES, "filepath")
    assert path.startswith("images/CH/")
    chip, published = lake.root / path, folder / "images2" / "a12_CH_19.jpg"
    assert chip.stat().st_ino == published.stat().st_ino


def test_where_links_are_not_to_be_had_the_bytes_are_copied(lake, folder, monkeypatch):
    def refuse(*_):
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", refuse)
    take(lake, folder)
    paths = [lake.root / path for (path,) in rows(lake, IMPORTED_IMAGES, "filepath")]
    assert [path.read_bytes() for path in paths] == [jpeg(), jpeg()]
    assert not list(lake.images.rglob(".*"))


def test_what_is_damaged_or_missing_is_a_row_with_a_reason(lake, folder):
    put(folder, "a1_CH_19", image=jpeg()[:300])
    put_meta(folder, "a1_CH_19")
    put(folder, "a2_CH_19", image=b"GIF89a")
    put_meta(folder, "a2_CH_19")
    put(folder, "a3_CH_19")
    put_pair(folder, "a4_CH_19", bbox=...)
    put_pair(folder, "a5_QQ_19")
    put_pair(folder, "holiday")
    put_pair(folder, "\udcff")
    put_pair(folder, "a7_CH_19", raw=b"ca\0b\x1b[31m\nc\n.")
    put_pair(folder, "a6_CH_19", raw=b"cos\nsystem\n(S'touch ran'\ntR.")
    put_pair(folder, "a12_CH_19", part=4)
    done = take(lake, folder)
    assert rows(lake, IMPORT_REJECTS, "image_name, reason, file") == [
        ("a12_CH_19", "same_name", "images4"),
        ("a1_CH_19", "image_damaged", "images2"),
        ("a2_CH_19", "image_damaged", "images2"),
        ("a3_CH_19", "no_meta", "images2"),
        ("a4_CH_19", "no_box", "images2"),
        ("a5_QQ_19", "source", "images2"),
        ("a6_CH_19", "meta_damaged", "images2"),
        ("a7_CH_19", "meta_damaged", "images2"),
        ("holiday", "name", "images2"),
        ("\N{REPLACEMENT CHARACTER}", "name", "images2"),
    ]
    assert (done.written.images, done.written.rejects) == (2, 10)
    assert "10 rejected" in str(done)


def test_captions_and_similarities_are_read_by_their_columns(lake, folder):
    (folder / "a.csv").write_text(
        "filepath,title,title_multi_objects,similarity_CLIP_openai\n"
        'images2/a12_CH_19.jpg,"a, b","a with b",0.25\n'
        "images3/w7_US_20.jpg,c,d,nan\n"
    )
    (folder / "dataframe").mkdir()
    (folder / "dataframe" / "plain.csv").write_text(
        'filepath,title,title_multi_objects\nimages2/a12_CH_19.jpg,"a, b",a with b\n'
    )
    (folder / "polished.csv").write_text(
        "filepath,title_raw,title\n"
        'images2/a12_CH_19.jpg,"A ""b"".","An aerial image. It shows: A ""b""."\n'
    )
    take(lake, folder)
    columns = 'image_name, caption, "text", "file"'
    assert rows(lake, IMPORTED_CAPTIONS, columns) == [
        ("a12_CH_19", "polished", 'An aerial image. It shows: A "b".', "polished.csv"),
        ("a12_CH_19", "polished_raw", 'A "b".', "polished.csv"),
        ("a12_CH_19", "title", "a, b", "a.csv"),
        ("a12_CH_19", "title_multi_objects", "a with b", "a.csv"),
        ("w7_US_20", "title", "c", "a.csv"),
        ("w7_US_20", "title_multi_objects", "d", "a.csv"),
    ]
    text = hashlib.sha256(b"a, b").hexdigest()
    image = rows(lake, IMPORTED_IMAGES, "sha256")[0][0]
    assert rows(lake, SCORES) == [(image, text, "ViT-L-14/openai", 0.25)]
    assert rows(lake, IMPORT_REJECTS, "line, reason, detail") == [
        (3, "similarity", "nan")
    ]


def test_rows_of_captions_that_name_no_image_are_rejects(lake, folder, tmp_path):
    (tmp_path / "a1_CH_19.jpg").write_bytes(jpeg())
    paths = ["../a1_CH_19.jpg", "/etc/passwd", "images2/a9_CH_19.jpg", "", "images2/"]
    lines = "".join(f"{path},t,m\n" for path in paths)
    (folder / "a.csv").write_text(f"filepath,title,title_multi_objects\n{lines}")
    (folder / "labels.csv").write_text("a,b\n1,2\n")
    (folder / "noise.csv").write_bytes(b"\xff\xfe\x00")
    take(lake, folder)
    assert rows(lake, IMPORTED_CAPTIONS) == []
    assert rows(lake, IMPORT_REJECTS, '"file", line, reason, image_name') == [
        ("a.csv", 2, "path", None),
        ("a.csv", 3, "path", None),
        ("a.csv", 4, "no_image", "a9_CH_19"),
        ("a.csv", 5, "path", None),
        ("a.csv", 6, "path", None),
        ("labels.csv", None, "columns", None),
        ("noise.csv", None, "columns", None),
    ]


def test_the_same_content_again_touches_nothing(lake, folder, tmp_path, monkeypatch):
    take(lake, folder)
    before = state(lake)
    monkeypatch.setattr(
        skyscript_images.Reader, "row", lambda *_: pytest.fail("read again")
    )
    assert not take(lake, folder).written.changed
    assert state(lake) == before
    monkeypatch.undo()
    # Other times, and even another place: the content is what counts.
    shutil.copytree(folder, tmp_path / "elsewhere" / "published")
    again = take(lake, tmp_path / "elsewhere" / "published", name="published")
    assert not again.written.changed
    assert state(lake) == before


def test_a_killed_import_goes_on_and_leaves_nothing_half(lake, folder, monkeypatch):
    real = skyscript_images.Reader.row
    seen = []

    def dies(reader, file):
        seen.append(file.stem)
        if file.stem == "w7_US_20":
            raise KeyboardInterrupt
        return real(reader, file)

    def notes(reader, file):
        seen.append(file.stem)
        return real(reader, file)

    monkeypatch.setattr(skyscript_images.Reader, "row", dies)
    with pytest.raises(KeyboardInterrupt):
        take(lake, folder)
    assert rows(lake, IMPORTED_IMAGES) == []
    monkeypatch.setattr(skyscript_images.Reader, "row", notes)
    assert take(lake, folder).written.images == 2
    assert seen == ["a12_CH_19", "w7_US_20", "w7_US_20"]


def test_what_is_gone_from_the_folder_is_gone_from_the_tables(lake, folder):
    take(lake, folder)
    (folder / "images3" / "w7_US_20.jpg").unlink()
    put_pair(folder, "n3_FI_17", part=3)
    assert take(lake, folder).written.changed
    assert rows(lake, IMPORTED_IMAGES, "image_name") == [("a12_CH_19",), ("n3_FI_17",)]


def test_metadata_may_stand_in_one_file(lake, tmp_path):
    folder = tmp_path / "export"
    for name in ("a1_LF_20", "a2_LF_20", "a3_US_20"):
        put(folder, name)
    (folder / "images2").rename(folder / "images")
    record = {"box": BOX, "time": 2020, "center_tags": {"a": "b"}, "drawn": True}
    terms = {"license": "mine", "attribution": "me"}
    lines = [
        {"filepath": "images/a1_LF_20.jpg", **record, **terms},
        {"filepath": "images/a2_LF_20.jpg", **record},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metadata.jsonl").write_text(text)
    (folder / "meta.json").write_text(json.dumps({"a3_US_20": record}))
    take(lake, folder)
    # A source that the seed does not know needs terms of its own.
    assert rows(lake, IMPORTED_IMAGES, "image_name, license, drawn") == [
        ("a1_LF_20", "mine", True),
        ("a3_US_20", None, True),
    ]
    assert rows(lake, IMPORT_REJECTS, "image_name, reason") == [("a2_LF_20", "source")]


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": NaN}x'])
def test_records_that_are_no_json_are_one_error(lake, folder, text):
    (folder / "meta.json").write_text(text)
    with pytest.raises(UsageError, match=r"meta\.json"):
        take(lake, folder)


def test_a_folder_without_images_is_refused(tmp_path, folder):
    with pytest.raises(UsageError, match="no such folder"):
        check(tmp_path / "none")
    with pytest.raises(UsageError, match="no folder of images"):
        check(tmp_path)
    check(folder)


def test_an_import_does_not_replace_that_of_another_folder(lake, folder, tmp_path):
    take(lake, folder)
    other = tmp_path / "b" / "published"
    put_pair(other, "n1_FI_17")
    with pytest.raises(UsageError, match="--name"):
        take(lake, other)
    take(lake, other, name="second")
    assert len(rows(lake, IMPORTED_IMAGES)) == 3


def test_an_import_is_called_as_its_folder(tmp_path):
    assert dataset_name(tmp_path / "Sky Script (v1)") == "sky-script-v1"
    assert dataset_name(tmp_path / "x", "mine") == "mine"
    with pytest.raises(UsageError):
        dataset_name(tmp_path, "../up")
