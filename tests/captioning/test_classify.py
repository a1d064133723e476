"""`skyloom classify`: labels of one's own for images and for tiles of rasters."""

import csv
import json
import sys

import geopandas
import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from captioning.classify import Classes, classify_images, classify_tiles
from captioning.embed import Pace
from captioning.label_file import TEMPLATES, read_labels, read_templates
from captioning.raster_tiles import Tiles, check_tiles, read_tiles
from skyloom import cli
from skyloom.errors import UsageError
from tests.tiny_clip import draw

pytest.importorskip("torch")
LABELS = ["tennis court", "river", "wood"]
PACE = Pace(4, 0)


@pytest.fixture(scope="module")
def classes(clip):
    return Classes.of(clip, LABELS, read_templates(None))


def write_raster(
    path, *, width=100, height=70, dtype="uint8", crs="EPSG:2056", bands=3
):
    values = np.random.default_rng(3).integers(1, 250, (bands, height, width))
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=width,
        height=height,
        count=3,
        dtype=dtype,
        crs=crs,
        nodata=0,
        transform=from_origin(2600000, 1200000, 0.5, 0.5),
    ) as raster:
        # The first tile of 32 pixels holds nothing.
        values[:, :32, :32] = 0
        raster.write(values.astype(dtype))
    return path


def test_classes_are_normalised_means_of_the_two_published_sentences(clip, classes):
    import torch

    texts = ["a satellite photo of river.", "a satellite image of river"]
    with torch.inference_mode():
        rows = clip.model.encode_text(clip.tokenizer(texts), normalize=True)
    mean = rows.mean(0)
    assert np.allclose(classes.vectors[1], (mean / mean.norm()).numpy(), atol=1e-6)
    assert TEMPLATES.read_text().splitlines() == [
        "a satellite photo of {}.",
        "a satellite image of {}",
    ]


def test_probabilities_are_open_clips_softmax(clip, classes, tmp_path):
    import torch

    draw(tmp_path / "a.jpg", 1)
    done = classify_images(clip, classes, [tmp_path / "a.jpg"], 3, PACE)
    with torch.inference_mode(), Image.open(tmp_path / "a.jpg") as image:
        seen = clip.model.encode_image(clip.preprocess(image)[None], normalize=True)
        scale = clip.model.logit_scale.exp()
        wanted = (scale * seen @ torch.from_numpy(classes.vectors).T).softmax(-1)[0]
    shares = {row["label"]: row["probability"] for row in done.rows}
    assert [row["rank"] for row in done.rows] == [1, 2, 3]
    assert [shares[label] for label in LABELS] == pytest.approx(wanted, abs=2e-6)
    assert sum(shares.values()) == pytest.approx(1, abs=3e-6)


def test_tiles_cover_the_raster_and_know_where_they_are(clip, classes, tmp_path):
    file = write_raster(tmp_path / "field.tif")
    tiles = Tiles(32)
    read = list(read_tiles(file, tiles))
    assert len(read) == 4 * 3
    covered = np.zeros((70, 100), bool)
    for tile in read:
        assert (tile.width_px, tile.height_px) == (32, 32)
        rows = slice(tile.row_px, tile.row_px + 32)
        covered[rows, tile.col_px : tile.col_px + 32] = True
    assert covered.all()
    assert read[0].image is None and read[1].image.size == (32, 32)
    # Bern's old observatory is the origin of the Swiss grid.
    assert (read[0].west, read[0].north) == pytest.approx((7.43863, 46.95108), abs=1e-4)
    done = classify_tiles(clip, classes, [file], tiles, 1, PACE)
    assert done.n_empty == 1 and len(done.rows) == 11
    small = write_raster(tmp_path / "small.tif", width=40, height=20)
    sizes = {(t.width_px, t.height_px) for t in read_tiles(small, Tiles(64))}
    assert sizes == {(40, 20)}


def test_rasters_that_cannot_be_shown_are_one_sentence(tmp_path):
    deep = write_raster(tmp_path / "deep.tif", dtype="uint16")
    (tmp_path / "words.tif").write_text("no raster")
    for file, tiles, said in (
        (deep, Tiles(32), "--scale"),
        (deep, Tiles(32, (1, 2, 7), (0, 10)), "no band 7"),
        (tmp_path / "words.tif", Tiles(32), "no raster"),
    ):
        with pytest.raises(UsageError, match=said):
            check_tiles(file, tiles)
    check_tiles(deep, Tiles(32, scale=(0, 250)))
    shown = list(read_tiles(deep, Tiles(32, scale=(0, 250))))[1].image
    assert np.asarray(shown).dtype == np.uint8 and np.asarray(shown).max() > 200


def test_labels_are_lines_or_a_column(tmp_path):
    lines, table = tmp_path / "labels.txt", tmp_path / "labels.csv"
    lines.write_text("river\n\n  wood \n")
    table.write_text('id,label\n1,"river, wide"\n2,wood\n')
    assert read_labels(lines) == ["river", "wood"]
    assert read_labels(table) == ["river, wide", "wood"]
    bare = tmp_path / "bare.csv"
    bare.write_text("river\nwood\n")
    assert read_labels(bare) == ["river", "wood"]
    for content, said in ((b"", "no label"), (b"a\na\n", "twice"), (b"\xff", "UTF-8")):
        lines.write_bytes(content)
        with pytest.raises(UsageError, match=said):
            read_labels(lines)
    with pytest.raises(UsageError, match="could not be read"):
        read_labels(tmp_path / "none.txt")
    lines.write_text("a photo\n")
    with pytest.raises(UsageError, match="line 1"):
        read_templates(lines)


@pytest.fixture
def run(tiny, monkeypatch, capsys, tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(LABELS))

    def run(*arguments):
        flags = ["--labels", tmp_path / "labels.txt", *tiny.flags, *arguments]
        monkeypatch.setattr(sys, "argv", ["skyloom", "classify", *map(str, flags)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    return run


def test_a_damaged_image_does_not_stop_the_others(run, tmp_path):
    draw(tmp_path / "a.jpg", 1)
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:200])
    code, out, err = run(tmp_path / "a.jpg", tmp_path / "b.jpg", "--json", "--top", 1)
    rows = json.loads(out)
    assert code == 3 and "b.jpg: no readable image" in err
    assert len(rows) == 1 and rows[0]["label"] in LABELS


def test_tiles_go_to_files_of_three_kinds(run, tmp_path):
    file = write_raster(tmp_path / "field.tif")
    for name in ("a.parquet", "a.csv", "a.json"):
        code, out, err = run(
            file, "--tile-px", 32, "--top", 2, "--out", tmp_path / name
        )
        assert code == 0 and "22 rows" in out and "1 tiles hold no data" in err
    placed = geopandas.read_parquet(tmp_path / "a.parquet")
    assert len(placed) == 22 and str(placed.crs).upper() in ("OGC:CRS84", "EPSG:4326")
    assert placed.geometry.bounds.minx.tolist() == placed["west"].tolist()
    near = geopandas.read_parquet(tmp_path / "a.parquet", bbox=(7.4, 46.9, 7.5, 47))
    assert len(near) == 22
    with (tmp_path / "a.csv").open() as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 22 and {row["rank"] for row in rows} == {"1", "2"}
    assert json.loads((tmp_path / "a.json").read_text())[0]["raster"] == str(file)
    assert run(file, "--tile-px", 32, "--out", tmp_path / "a.txt")[0] == 2
    assert run(file, "--scale", "0,1")[0] == 2


def test_a_raster_without_a_place_has_tiles_without_one(run, tmp_path):
    file = write_raster(tmp_path / "field.tif", crs=None)
    out = tmp_path / "a.parquet"
    assert run(file, "--tile-px", 64, "--out", out)[0] == 0
    assert geopandas.read_parquet(out)["west"].isna().all()
