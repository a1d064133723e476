"""Benchmarks of one's own, and files that are not what they should be."""

import json
import struct
import zlib

import pytest
from PIL import Image

from eval import known, vectors
from eval.evaluate import Machine, evaluate
from eval.folders import find_tasks
from skyloom.errors import UsageError
from tests.eval.planted import confusion_of, draw, write_csv

HERE = Machine(batch_size=16, workers=0)


def only_task(folder):
    (task,), missing = find_tasks(folder, None)
    assert missing == []
    return task


def test_a_csv_and_a_class_list(tmp_path, clip, store):
    (tmp_path / "classnames.txt").write_text("pond\nbarn\n")
    for n in range(4):
        draw(tmp_path / f"{n}.png", n)
    rows = [[f"{n}.png", ["barn", "pond"][n % 2]] for n in range(4)]
    write_csv(tmp_path / "pairs.csv", ["file", "label"], rows)
    task = only_task(tmp_path)
    assert (task.classes, task.labels) == (("pond", "barn"), (1, 0, 1, 0))
    assert task.benchmark.templates == known.templates("scene")
    assert confusion_of(evaluate(task, clip, store, HERE)).sum() == 4


def test_a_csv_alone_gives_its_classes_by_their_names(tmp_path):
    rows = [["a.png", "golf_course"], ["b.png", "airport"], ["c.png", "NA"]]
    write_csv(tmp_path / "labels.csv", ["file", "label"], rows)
    task = only_task(tmp_path)
    assert task.classes == ("airport", "golf course")
    assert task.labels == (1, 0)


def test_numbers_without_a_list_are_refused(tmp_path):
    write_csv(tmp_path / "labels.csv", ["file", "label"], [["a.png", 0], ["b.png", 1]])
    with pytest.raises(UsageError, match="no list says what they mean"):
        find_tasks(tmp_path, None)


def test_a_folder_for_each_class_with_its_settings(tmp_path):
    draw(tmp_path / "salt_pan/1.png", 1)
    draw(tmp_path / "reef/2.png", 2)
    (tmp_path / "benchmark.toml").write_text(
        'title = "Coasts"\ntemplates = ["seen from above: {}"]\nin_domain = true\n'
    )
    task = only_task(tmp_path)
    assert task.classes == ("reef", "salt pan")
    assert task.benchmark.title == "Coasts"
    assert task.benchmark.templates == ("seen from above: {}",)
    assert task.benchmark.in_domain
    assert not task.benchmark.in_mean


def test_captions_in_the_form_of_coco(tmp_path, clip, store):
    draw(tmp_path / "images/1.png", 1)
    draw(tmp_path / "images/2.png", 2)
    captions = {
        "images": [
            {"id": 7, "file_name": "images/1.png"},
            {"id": 8, "file_name": "images/2.png"},
        ],
        "annotations": [
            {"image_id": 7, "caption": "a barn"},
            {"image_id": 7, "caption": "a red barn"},
            {"image_id": 8, "caption": "a barn"},
        ],
    }
    (tmp_path / "captions.json").write_text(json.dumps(captions))
    task = only_task(tmp_path)
    assert task.texts == ("a barn", "a red barn")
    assert task.pairs == ((0, 0), (0, 1), (1, 0))
    result = evaluate(task, clip, store, HERE)
    assert result.figure("i2t_r5").value == 1
    captions["annotations"][0]["image_id"] = 99
    (tmp_path / "captions.json").write_text(json.dumps(captions))
    with pytest.raises(UsageError, match="there is no image 99"):
        find_tasks(tmp_path, None)


def test_a_binary_benchmark(tmp_path, clip, store):
    (tmp_path / "classnames.txt").write_text("swimming pool\n")
    rows = []
    for n in range(20):
        draw(tmp_path / f"{n}.png", n)
        rows.append([f"{n}.png", n % 2, "val" if n < 8 else "test"])
    write_csv(tmp_path / "pairs.csv", ["filepath", "label", "split"], rows)
    task = only_task(tmp_path)
    assert task.benchmark.kind == known.BINARY
    assert sum(task.tuning) == 8
    result = evaluate(task, clip, store, HERE)
    assert "comes from 8 images" in result.notes[0]
    assert 0 <= result.figure("f1").value <= 1


def test_benchmarks_of_ones_own_lie_beside_the_registered(tmp_path):
    write_csv(tmp_path / "mine/labels.csv", ["file", "label"], [["a.png", "x"]])
    write_csv(tmp_path / "two/a.csv", ["file", "label"], [["a.png", "x"]])
    write_csv(tmp_path / "two/b.csv", ["file", "label"], [["a.png", "x"]])
    tasks, missing = find_tasks(tmp_path, None)
    assert [one.benchmark.name for one in tasks] == ["mine"]
    assert missing[-1].line() == "two: which of its files is meant is not clear"


@pytest.mark.parametrize(
    "path", ["../secret.png", "/etc/passwd", "a/../../secret.png", "link/secret.png"]
)
def test_a_path_that_leads_out_is_refused(tmp_path, path):
    root = tmp_path / "bench"
    draw(tmp_path / "secret.png", 1)
    write_csv(root / "labels.csv", ["file", "label"], [["a.png", "x"], [path, "y"]])
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError) as refused:
        find_tasks(root, None)
    sentence = refused.value.sentence()
    assert "leads out of the benchmark's folder" in sentence
    assert "labels.csv:3" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("labels.csv", b"file,label\n\xff\xfe\x00,x\n", "cannot be read as CSV"),
        ("labels.csv", b"", "holds no rows"),
        ("labels.csv", b"name,label\na,x\n", "has no column filepath or file"),
        ("labels.csv", b"file,label\na.png,\n", "no row has a label"),
        ("captions.json", b"[" * 100_000, "holds no captions in COCO's form"),
        ("captions.json", b'{"images": 3}', "holds no captions in COCO's form"),
        ("benchmark.toml", b"kind = 'other'", "kind is not classes, binary"),
        ("benchmark.toml", b"csv = '../x.csv'", "leads out"),
        ("benchmark.toml", b"colour = 'red'", "there is no setting 'colour'"),
        ("benchmark.toml", b"title = ", "is not TOML"),
    ],
)
def test_files_with_faults_are_refused_in_one_sentence(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError) as refused:
        find_tasks(tmp_path, None)
    assert said in refused.value.sentence()
    assert str(tmp_path) in refused.value.sentence()


def test_a_label_outside_the_list_names_its_row(tmp_path):
    (tmp_path / "classnames.txt").write_text("pond\n barn \n\n\n")
    rows = [["a.png", "pond"], ["b.png", "shed"]]
    write_csv(tmp_path / "pairs.csv", ["file", "label"], rows)
    with pytest.raises(UsageError, match=r"pairs.csv:3: the label 'shed' is not in"):
        find_tasks(tmp_path, None)
    (tmp_path / "classnames.txt").write_text("pond\n\nbarn\n")
    with pytest.raises(UsageError, match=r"classnames.txt:2: no class stands here"):
        find_tasks(tmp_path, None)


def flat_png(path, width, height):
    """A PNG of one bit a pixel, all black: next to no bytes."""

    def chunk(kind, data):
        whole = kind + data
        return (
            struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
        )

    row = b"\0" + b"\0" * ((width + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", packed)
        + chunk(b"IEND", b"")
    )
    return path


def test_an_image_bomb_is_not_decoded(tmp_path):
    bomb = flat_png(tmp_path / "bomb.png", 20_000, 20_000)
    with vectors.large_images():
        digest, why = vectors.look(bomb)
    assert digest == ""
    assert "unpack to 20,000 by 20,000 pixels" in why


def test_a_large_image_that_weighs_something_passes(tmp_path, monkeypatch, clip, store):
    """As a satellite scene does: beyond Pillow's own limit, and with bytes."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    monkeypatch.setattr(vectors, "SUSPECT_PIXELS", 500)
    path = draw(tmp_path / "small.png", 3)
    Image.new("RGB", (40, 40), (3, 0, 7)).save(tmp_path / "large.png")
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / "large.png")
    seen = vectors.image_vectors(
        clip,
        [path, tmp_path / "large.png"],
        store,
        title="",
        batch_size=1,
        workers=0,
    )
    assert seen.faults == {}
    assert (seen.vectors[0] == seen.vectors[1]).all()
    assert Image.MAX_IMAGE_PIXELS == 500


def test_too_many_pixels_are_refused_whatever_they_weigh(tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "MAX_PIXELS", 3)
    assert vectors.look(draw(tmp_path / "a.png", 1)) == (
        "",
        "an image of 2 by 2 pixels",
    )
