"""Each form of a release is opened by the library that it is for, without a network."""

import csv
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from skyloom.release.export import export_release
from skyloom.release.names import file_stem, image_path
from skyloom.release.order import FORMATS, Order
from tests.skyloom.release_catalog import jpeg, small_catalog

TITLE = "a satellite image of building"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """All forms side by side; a shard holds three pairs."""
    folder = tmp_path_factory.mktemp("release")
    lake = small_catalog(folder / "lake").publish()
    order = Order(FORMATS, pickles=True, shard_rows=3)
    assert export_release(lake, folder / "out", order).n_pairs == 7
    return folder / "out"


@pytest.fixture
def offline(monkeypatch):
    """What would ask the hub fails instead."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def faults(kind: str, document: dict[str, object]) -> list[object]:
    """What the specification's own schema, which pystac carries, says against it."""
    import jsonschema  # type: ignore[import-untyped]
    from pystac.validation.local_validator import get_local_schema_cache
    from referencing import Registry, Resource

    schemas = get_local_schema_cache()
    known = [(name, Resource.from_contents(one)) for name, one in schemas.items()]
    (name,) = [one for one in schemas if one.endswith(f"/{kind}.json")]
    validator = jsonschema.Draft7Validator(
        schemas[name], registry=Registry().with_resources(known)
    )
    return list(validator.iter_errors(document))


@pytest.mark.parametrize(("split", "count"), [("train", 4), ("val", 1), ("test", 1)])
def test_torchgeo_opens_skyscript(release, split, count):
    from skyloom.torch_shim import import_torchvision

    import_torchvision()
    from torchgeo.datasets import SkyScript

    data = SkyScript(release, split)
    assert len(data) == count
    sample = data[0]
    assert sample["caption"] == TITLE
    assert tuple(sample["image"].shape) == (3, 24, 32)


def test_open_clips_own_reader_of_csv_opens_it(release, monkeypatch):
    from skyloom.torch_shim import import_torchvision

    import_torchvision()
    from open_clip_train.data import CsvDataset  # type: ignore[import-untyped]

    # Paths of the table start at the release.
    monkeypatch.chdir(release)
    data = CsvDataset(
        "pairs_train.csv",
        lambda image: image.size,
        img_key="filepath",
        caption_key="title_multi_objects",
        sep=",",
        tokenizer=lambda texts: texts,
    )
    assert data[0] == ((32, 24), f"{TITLE}, surrounded by road of residential")


def test_published_names_and_polished_captions(release):
    assert [row["filepath"] for row in rows_of(release / "pairs.csv")] == [
        image_path(f"{name}_20")
        for name in ("a0_US", "a1_US", "a2_US", "a3_US", "n5_CH", "w6_US", "w7_US")
    ]
    polished = rows_of(
        release
        / "SkyScript_train_top30pct_filtered_by_CLIP_openai_language_polished.csv"
    )
    assert polished[1] == {
        "filepath": image_path("a1_US_20"),
        "title_raw": "Building 1.",
        "title": "An aerial image. It shows: Building 1.",
    }
    assert len(polished) == 4
    assert rows_of(release / "pairs_val_language_polished.csv") == []
    assert list(rows_of(release / "pairs.csv")[0]) == [
        *("filepath", "title", "title_multi_objects")
    ]
    assert (release / image_path("a3_US_20")).read_bytes() == jpeg(3)


def test_metadata_says_what_skyscripts_does(release):
    import pickle

    lines = (release / "metadata.jsonl").read_text().splitlines()
    records = {one["image_id"]: one for one in map(json.loads, lines)}
    first, undated = records["a0_US_20"], records["w6_US_20"]
    assert first["time"] == [2020, 6, 1, 10, 30]
    assert undated["time"] is None
    assert first["center_tags"] == {"building": "yes"}
    # Two roads of the same tags stand once.
    assert first["surrounding_tags"] == [{"highway": "service"}]
    meta = pickle.loads((release / "meta" / "a0_US_20.pickle").read_bytes())
    assert meta["bbox"] == first["box"] == [9.0, 45.1, 9.001, 45.101]


def test_webdataset_and_open_clip_open_the_tars(release):
    from skyloom.torch_shim import import_torchvision

    import_torchvision()
    import torch
    from open_clip_train.data import get_wds_dataset

    torch.set_num_threads(1)
    train = release / "webdataset" / "train"
    assert json.loads((train / "sizes.json").read_text()) == {
        **{"00000.tar": 3, "00001.tar": 1}
    }
    args = SimpleNamespace(
        train_data=str(train / "{00000..00001}.tar"),
        train_num_samples=None,
        train_data_upsampling_factors=None,
        dataset_resampled=False,
        batch_size=2,
        workers=1,
        world_size=1,
        seed=0,
    )
    found = get_wds_dataset(
        args,
        lambda image: torch.tensor(image.size),
        is_train=True,
        tokenizer=lambda text: [text],
    )
    assert found.dataloader.num_samples == 4
    args.workers, args.val_data, args.val_num_samples = 0, args.train_data, None
    loader = get_wds_dataset(
        args, lambda image: torch.tensor(image.size), False, tokenizer=lambda t: [t]
    ).dataloader
    images, texts = zip(*loader, strict=True)
    assert torch.cat(images).tolist() == [[32, 24]] * 4
    assert [text for batch in texts for text in batch] == [TITLE] * 4


def test_a_sample_bears_both_captions_and_where_it_comes_from(release):
    import webdataset  # type: ignore[import-untyped]

    urls = [str(path) for path in (release / "webdataset" / "train").glob("*.tar")]
    samples = {
        one["__key__"]: one for one in webdataset.WebDataset(urls, shardshuffle=False)
    }
    assert samples.keys() == {f"a{number}_US_20" for number in range(4)}
    sample = samples["a2_US_20"]
    assert sample["jpg"] == jpeg(2)
    assert sample["multi.txt"].decode().startswith(f"{TITLE}, surrounded by")
    assert sample["polished.txt"] == b"Building 2."
    about = json.loads(sample["json"])
    assert about["title_multi_objects"] == sample["multi.txt"].decode()
    assert (about["source"], about["license"]) == ("US", "CC-BY-4.0")
    with tarfile.open(urls[0]) as tar:
        assert {(m.mtime, m.uid, m.gid, m.uname) for m in tar} == {(0, 0, 0, "")}


def test_datasets_opens_the_folder_with_images(release, offline, tmp_path):
    import datasets  # type: ignore[import-untyped]

    found = datasets.load_dataset(str(release), cache_dir=str(tmp_path))
    assert {split: data.num_rows for split, data in found.items()} == {
        **{"train": 4, "val": 1, "test": 1, "gap": 1}
    }
    row = found["train"][3]
    assert row["image_id"] == "a3_US_20"
    assert row["image"].size == (32, 24)
    assert found["train"].cast_column("image", datasets.Image(decode=False))[3][
        "image"
    ] == {"bytes": jpeg(3), "path": "a3_US_20.jpg"}
    assert row["polished"] == "Building 3."
    assert row["box"] == [9.0, 45.1, 9.001, 45.101]
    # What the card says is what `datasets` made of the files.
    builder = datasets.load_dataset_builder(str(release), cache_dir=str(tmp_path))
    assert builder.info.features == found["train"].features
    assert builder.info.splits["train"].num_examples == 4


def test_croissant_iterates_over_parquet_and_over_csv(release, offline, tmp_path):
    import mlcroissant  # type: ignore[import-untyped]

    data = mlcroissant.Dataset(release / "croissant.json")
    assert not data.metadata.ctx.issues.errors
    assert "Whole map tiles" in data.metadata.data_limitations[0]
    records = list(data.records("train"))
    assert len(records) == 4
    assert records[0]["train/image"].size == (32, 24)
    assert records[0]["train/title"] == TITLE.encode()
    lake = small_catalog(tmp_path / "lake").publish()
    export_release(lake, tmp_path / "out", Order(("croissant", "skyscript")))
    rows = list(mlcroissant.Dataset(tmp_path / "out/croissant.json").records("pairs"))
    assert len(rows) == 7
    assert rows[0]["pairs/filepath"] == image_path("a0_US_20").encode()


def test_pystac_opens_collection_and_items(release):
    import geopandas
    import pyarrow.parquet as pq
    import pystac
    from stac_geoparquet.arrow import stac_table_to_items

    collection = pystac.Collection.from_file(str(release / "collection.json"))
    assert not faults("collection", collection.to_dict())
    items = list(stac_table_to_items(pq.read_table(release / "items.parquet")))
    assert len(items) == 7
    for one in items:
        assert not faults("item", one), one
    item = pystac.Item.from_dict(items[0])
    assert item.datetime is not None
    assert item.datetime.isoformat() == "2020-06-01T10:30:00+00:00"
    assert item.ext.proj.code == "EPSG:32632"
    assert item.ext.proj.shape == [24, 32]
    asset = item.assets["image"]
    assert (release / asset.href).read_bytes() == jpeg(0)
    assert pystac.Item.from_dict(items[5]).datetime is None
    frame = geopandas.read_parquet(release / "items.parquet")
    # 32 by 24 pixels of half a metre.
    assert frame.to_crs("EPSG:32632").area.round(3).tolist() == [192.0] * 7
    assert frame.geometry.is_valid.all()


def test_names_are_one_to_one_and_hold_no_path():
    ids = ["a1_US_20", "../a", "a/b", "a.b", "a~b", "a~2Eb", "é", "A", "a"]
    stems = [file_stem(one) for one in ids]
    assert stems[0] == "a1_US_20"
    assert len(set(stems)) == len(ids)
    assert not any(set(stem) & set("/.\\ ") for stem in stems)


def test_the_command_needs_no_library_of_the_forms():
    """The wheel writes every form by itself."""
    names = ["datasets", "mlcroissant", "webdataset", "pystac", "torch", "pandas"]
    code = (
        "import sys, skyloom.release.export; "
        f"print([name for name in {names!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
