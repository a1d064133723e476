"""Hashes by which near-duplicate images are found."""

import io

import duckdb
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from captioning.perceptual_hashes import hash_images, perceptual_hash
from skyloom.lake import Lake
from skyloom.raw_tables import IMAGE_HASHES
from tests.dbt.compiled import Models


def scene(seed: int, size: int = 240) -> Image.Image:
    numbers = np.random.default_rng(seed)
    image = Image.new("RGB", (size, size), (90, 110, 80))
    draw = ImageDraw.Draw(image)
    for x, y, w, h, *colour in numbers.integers(0, size, (12, 7)).tolist():
        draw.rectangle((x, y, x + w // 3, y + h // 3), tuple(c % 256 for c in colour))
    return image


def jpeg(image: Image.Image, quality: int = 95) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def hashed(image: Image.Image, quality: int = 95) -> int:
    return perceptual_hash(Image.open(io.BytesIO(jpeg(image, quality))))


def bits(one: int, other: int) -> int:
    return (one ^ other).bit_count()


@pytest.mark.parametrize("seed", range(5))
def test_what_looks_alike_is_near_and_what_does_not_is_far(seed):
    image = scene(seed)
    whole = hashed(image)
    assert whole.bit_count() == 32
    assert bits(whole, hashed(image, quality=50)) <= 4
    assert bits(whole, hashed(image.resize((150, 150)))) <= 6
    assert bits(whole, hashed(image.point(lambda v: min(255, v + 25)))) <= 4
    assert bits(whole, hashed(image.filter(ImageFilter.GaussianBlur(1)))) <= 6
    assert bits(whole, hashed(scene(seed + 100))) > 12
    assert bits(whole, hashed(image.rotate(90))) > 12


def test_a_known_image_has_a_known_hash():
    """One wave across and one down: their products alone are above or below nought."""
    wave = np.cos(np.pi * (2 * np.arange(32) + 1) / 64)
    grey = np.rint(128 + 100 * np.outer(wave, wave)).astype(np.uint8)
    assert perceptual_hash(Image.fromarray(grey)) >> 63 == 1
    assert perceptual_hash(Image.fromarray(255 - grey)) >> 63 == 0


@pytest.fixture
def lake(tmp_path):
    made = Lake.open(tmp_path / "lake", create=True)
    (made.root / "images").mkdir()
    rows = []
    for n in range(5):
        content = jpeg(scene(n)) if n else b"no image"
        (made.root / "images" / f"{n}.jpg").write_bytes(content)
        rows.append((f"{n}", f"images/{n}.jpg", "ok"))
    rows += [("9", "images/9.jpg", "ok"), ("", "", "rejected")]
    values = ", ".join(
        f"('{sha}', '{path}', '{status}')" if sha else f"(null, null, '{status}')"
        for sha, path, status in rows
    )
    with duckdb.connect() as con:
        con.execute(
            f"copy (select * from (values {values}) as t (sha256, filepath, status)) "
            f"to '{made.root}/ledger/ledger.parquet'"
        )
    return made


def table(lake):
    with duckdb.connect() as con:
        return con.execute(
            f"select * from '{lake.root}/image_hashes/*.parquet' order by image_sha256"
        ).fetchall()


def test_each_chip_is_hashed_once_and_a_killed_run_goes_on(lake, monkeypatch):
    monkeypatch.setattr("captioning.perceptual_hashes.PART", 2)
    done = hash_images(lake, threads=2)
    assert (done.n_images, done.n_unreadable) == (6, 2)
    rows = table(lake)
    assert [sha for sha, _ in rows] == ["0", "1", "2", "3", "4", "9"]
    assert [sha for sha, phash in rows if phash is None] == ["0", "9"]
    assert dict(rows)["3"] == hashed(scene(3))
    parts = [f for f in lake.files(IMAGE_HASHES) if f.stem != "empty"]
    assert len(parts) == 3
    bytes_before = {part: part.read_bytes() for part in parts}
    parts[1].unlink()
    assert hash_images(lake, threads=1).n_images == 2
    assert {part: part.read_bytes() for part in parts} == bytes_before
    assert hash_images(lake, threads=1).n_images == 0


def test_near_hashes_are_those_that_comparing_all_with_all_gives(compiled):
    """2,000 hashes, many of them a few bits from another."""
    numbers = np.random.default_rng(0)
    values = [int(v) for v in numbers.integers(0, 2**64, 500, dtype=np.uint64)]
    for _ in range(1500):
        flips = numbers.integers(0, 64, int(numbers.integers(1, 9))).tolist()
        near = values[int(numbers.integers(0, len(values)))]
        for bit in flips:
            near ^= 1 << bit
        values.append(near)
    models = Models(compiled)
    names = [(f"s{n}", value) for n, value in enumerate(values)]
    models.table("images", "sha256 varchar", [(name,) for name, _ in names])
    models.table("stg_lake__image_hashes", "image_sha256 varchar, phash ubigint", names)
    models.build("int_near_hashes")
    found = models.con.execute("from int_near_hashes order by all").fetchall()
    distinct = sorted(set(values))
    wanted = [
        (one, other, bits(one, other))
        for n, one in enumerate(distinct)
        for other in distinct[n + 1 :]
        if bits(one, other) <= 6
    ]
    assert found == wanted
    assert len(wanted) > 500
