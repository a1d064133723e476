"""What is wrong is said before the first step, in one sentence."""

import shutil
from collections import namedtuple

import pytest

from skyloom.errors import SkyloomError, UsageError


@pytest.fixture
def refused(train_tiny, data):
    """Train, and expect a sentence; no step may have been made."""

    def run(said, *flags, kind=UsageError):
        with pytest.raises(kind, match=said) as error:
            train_tiny("out", *flags)
        assert "\n" not in error.value.sentence()
        assert not list((data / "out").rglob("*.pt"))

    return run


def test_fewer_pairs_than_a_batch(refused):
    refused("there are 35 pairs, fewer than a batch of 64", "--global-batch", 64)


def test_a_batch_that_does_not_divide(refused):
    refused("a batch of 8 does not divide by 1 processes and 3", "--accum-freq", 3)


def test_a_warm_up_longer_than_the_training(refused):
    refused("the warm-up of 1,000 steps is longer", "--warmup", 1000)


def test_fewer_tars_than_workers(refused, tars):
    refused("2 tars for 4 workers", "--train-data", tars, "--workers", 4)


def test_a_caption_that_is_empty(refused, data, make_csv):
    rows = [(f"images/{n:03d}.jpg", "" if n == 7 else "x", "") for n in range(20)]
    make_csv(data / "train.csv", rows)
    refused(r"1 of 20 pairs have no caption in title.*as images/007\.jpg")


def test_splits_that_overlap(refused, data):
    refused(
        "12 images are in both training and validation",
        "--train-data",
        data / "val.csv",
    )


def test_an_image_that_is_none(refused, data):
    (data / "images" / "004.jpg").write_bytes(b"not an image")
    refused(r"004\.jpg: no readable image", kind=SkyloomError)


def test_an_image_that_is_missing(refused, data):
    (data / "images" / "004.jpg").unlink()
    refused(r"004\.jpg: no readable image \(there is no such file", kind=SkyloomError)


def test_a_full_disk(refused, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9, 9, 1000))
    refused("the states need 0.0 GB, and 0.0 GB are free", kind=SkyloomError)


def test_no_such_column_model_or_selection(refused, data):
    refused("has no column 'text'", "--csv-caption-key", "text")
    refused("open_clip knows no model", "--model", "ViT-Q")
    refused("no augmentation 'blur'", "--aug-cfg", "blur=1")


def test_nowhere_to_write(data, flags):
    from train.train_command import Asked, train

    asked = Asked(str(data / "tiny.toml"), flags(), data / "no_lake")
    with pytest.raises(UsageError, match="give --out"):
        train(asked)


def test_an_unreadable_image_met_later_ends_in_one_sentence(train_tiny, data):
    from train import preflight

    (data / "images" / "004.jpg").write_bytes(b"not an image")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preflight, "SAMPLE", 0)
        with pytest.raises(SkyloomError, match=r"004\.jpg: no readable image"):
            train_tiny("out", "--workers", 1)
