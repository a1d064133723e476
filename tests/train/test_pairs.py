"""Pairs from every source, their order, and which caption they have."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from skyloom.errors import UsageError
from train.batches import open_image
from train.caption_mix import CaptionMix
from train.config import TrainConfig
from train.csv_pairs import read_csv
from train.order import Order
from train.pairs import Pairs, read_pairs

COLUMNS = ["title", "title_multi_objects"]


def test_tars_hold_the_same_pairs_as_the_csv(tars):
    mixed = TrainConfig(captions=dict.fromkeys(COLUMNS, 1.0))
    nowhere = Path("nowhere")
    by_csv, _ = read_pairs(replace(mixed, train_data=str(tars / "train.csv")), nowhere)
    for data in (tars, tars / "{00000..00001}.tar", tars / "*.tar"):
        by_tar, _ = read_pairs(replace(mixed, train_data=str(data)), nowhere)
        assert by_tar.shards == 2
        of_csv = {key[7:10]: i for i, key in enumerate(by_csv.keys)}
        assert len(by_tar) == len(by_csv) == 35
        for i, key in enumerate(by_tar.keys):
            k = of_csv[key.rpartition("/")[2]]
            assert all(by_tar.captions[c][i] == by_csv.captions[c][k] for c in COLUMNS)
            assert open_image(by_tar, i).tobytes() == open_image(by_csv, k).tobytes()


def test_a_damaged_tar_is_one_sentence(tars):
    whole = (tars / "00001.tar").read_bytes()
    (tars / "00001.tar").write_bytes(whole[:700])
    with pytest.raises(UsageError, match=r"is no tar of pairs|no readable"):
        read_pairs(TrainConfig(train_data=str(tars)), Path("nowhere"))


def test_training_on_tars_is_training(train_tiny, tars):
    out = train_tiny("out", "--train-data", tars, "--epochs", 1, "--workers", 2)
    assert (out / "weights" / "open_clip_config.json").is_file()


def test_the_lake_gives_its_pairs(demo):
    pairs, val = read_pairs(TrainConfig(), demo / "lake")
    assert len(pairs) > 900
    assert val is None
    assert open_image(pairs, 0).size[0] > 100
    assert pairs.digest() == read_pairs(TrainConfig(), demo / "lake")[0].digest()
    with pytest.raises(UsageError, match="no pairs of the selection 'best'"):
        read_pairs(TrainConfig(selection="best"), demo / "lake")
    with pytest.raises(UsageError, match="has no captions 'caption'"):
        read_pairs(TrainConfig(captions={"caption": 1.0}), demo / "lake")


def test_the_other_separator_is_named(data, make_csv):
    make_csv(data / "tabs.csv", [("images/000.jpg", "x", "y")], "\t")
    with pytest.raises(UsageError, match=r"give --csv-separator '\\t'"):
        read_csv(data / "tabs.csv", COLUMNS)
    assert read_csv(data / "tabs.csv", COLUMNS, separator="\t").captions["title"] == (
        "x",
    )


def test_a_root_of_its_own(data, tmp_path):
    rows = read_csv(data / "train.csv", COLUMNS, root=data / "images" / "..")
    assert rows.files[0] == str(data / "images" / "000.jpg")


def test_each_epoch_has_each_pair_once_in_another_order():
    order = Order(pairs=40, global_batch=8, seed=3, epochs=2)
    seen = [item for part in order.parts() for item in part]
    for epoch in range(2):
        places = [place for e, place in seen if e == epoch]
        assert sorted(places) == list(range(40))
        assert places != sorted(places)
    assert seen[:40] != [(0, place) for _, place in seen[40:]]
    assert list(order.parts(start=7)) == list(order.parts())[7:]


def test_processes_and_parts_share_out_each_step():
    whole = Order(pairs=45, global_batch=8, seed=3, epochs=2)
    shared = [replace(whole, world=2, rank=rank, accum=2) for rank in range(2)]
    streams = [list(order.parts()) for order in shared]
    for step, items in enumerate(whole.parts()):
        parts = [s[2 * step + k] for s in streams for k in range(2)]
        assert [item for part in parts for item in part] == items


def test_captions_are_mixed_by_weight_and_differ_by_epoch():
    n = 2000
    texts = {"a": ("one",) * n, "b": ("two",) * n, "c": ("",) * n}
    pairs = Pairs("", ("",) * n, texts, ("",) * n)
    mix = CaptionMix(pairs, {"a": 0.7, "b": 0.3, "c": 5.0}, seed=0)
    counts = Counter(mix(0, place) for place in range(n))
    assert counts["one"] / n == pytest.approx(0.7, abs=0.03)
    assert set(counts) == {"one", "two"}
    assert [mix(0, p) for p in range(50)] != [mix(1, p) for p in range(50)]
    assert [mix(0, p) for p in range(50)] == [mix(0, p) for p in range(50)]
