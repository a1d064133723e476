"""Damaged blocks are found and named, and a copy keeps all the others."""

import random
import struct
import zlib
from pathlib import Path

import osmium
import pytest
from osmium.osm.mutable import Node, Relation, Way

import load.blocks
from load.blocks import BadBlock, check_frames, first_damage, mended, unreadable
from skyloom.errors import SkyloomError

ZLIB = b"\x78\x9c"
# Three blocks, then two of one each: libosmium writes at most 8,000 into one.
NODES, WAYS, RELATIONS = 20_000, 500, 50


def write(path: Path) -> Path:
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", "2024-01-31T21:00:00Z")
    dice = random.Random(0)
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for number in range(1, NODES + 1):
            place = (dice.uniform(7, 8), dice.uniform(47, 48))
            writer.add_node(Node(id=number, location=place, tags={"ele": "1"}))
        for number in range(1, WAYS + 1):
            nodes = [number, number + 1]
            writer.add_way(Way(id=number, nodes=nodes, tags={"highway": "path"}))
        for number in range(1, RELATIONS + 1):
            writer.add_relation(Relation(id=number, members=[("w", number, "")]))
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("blocks") / "town.osm.pbf").read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "town.osm.pbf"


def starts(whole: bytes) -> list[int]:
    """Where the blocks start and the last one ends, counted by hand."""
    found = [0]
    while found[-1] < len(whole):
        length = int.from_bytes(whole[found[-1] : found[-1] + 4])
        header = whole[found[-1] + 4 : found[-1] + 4 + length]
        size = header[header.index(b"\x18") + 1 :]
        blob = sum((byte & 127) << 7 * place for place, byte in enumerate(size))
        found.append(found[-1] + 4 + length + blob)
    return found


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def inflated(content: bytes, begin: int) -> bytes:
    data = content[content.index(ZLIB, begin) :]
    return zlib.decompressobj().decompress(data)


def elements(path: Path) -> dict[str, int]:
    counts = {"Node": 0, "Way": 0, "Relation": 0}
    for element in osmium.FileProcessor(str(path)):
        counts[type(element).__name__] += 1
    return counts


def offsets(found: tuple[BadBlock, ...]) -> list[tuple[int, int]]:
    return [(block.offset, block.size) for block in found]


def test_a_whole_file_has_no_bad_block(whole: bytes, path: Path) -> None:
    path.write_bytes(whole)
    check_frames(path)
    assert len(starts(whole)) == 7
    assert unreadable(path) == ()
    assert mended(path, path.with_name("copy.osm.pbf")) == ()
    assert path.with_name("copy.osm.pbf").read_bytes() == whole
    assert str(first_damage(path)).startswith(f"{path}: not a readable PBF; download")


def test_any_bit_of_a_frame_costs_its_block_and_no_other(
    whole: bytes, path: Path
) -> None:
    """The lengths, the BlobHeader, and the start of the Blob up to its data."""
    begin, end = starts(whole)[4:6]
    data = whole.index(ZLIB, begin) + 2
    good = whole[:begin] + whole[end:]
    copy = path.with_name("copy.osm.pbf")
    for bit in range(begin * 8, data * 8):
        path.write_bytes(flipped(whole, bit))
        assert offsets(mended(path, copy)) == [(begin, end - begin)], bit
        assert copy.read_bytes() == good, bit


def test_a_bit_of_the_data_costs_its_block_and_no_other(
    whole: bytes, path: Path
) -> None:
    dice = random.Random(1)
    edges = starts(whole)
    copy = path.with_name("copy.osm.pbf")
    for _ in range(40):
        bit = dice.randrange(edges[1] * 8, len(whole) * 8)
        path.write_bytes(flipped(whole, bit))
        begin = max(edge for edge in edges if edge * 8 <= bit)
        end = edges[edges.index(begin) + 1]
        found = mended(path, copy)
        if found:
            assert offsets(found) == [(begin, end - begin)], bit
            assert copy.read_bytes() == whole[:begin] + whole[end:], bit
        else:
            # In what repeats, another distance may give the same bytes.
            assert inflated(path.read_bytes(), begin) == inflated(whole, begin), bit


def test_a_copy_without_a_block_lacks_its_elements(whole: bytes, path: Path) -> None:
    edges = starts(whole)
    path.write_bytes(flipped(whole, edges[2] * 8 + 800))
    copy = path.with_name("copy.osm.pbf")
    (bad,) = mended(path, copy)
    assert (bad.number, bad.offset) == (2, edges[2])
    assert "uncompress" in bad.reason
    assert elements(copy) == {"Node": NODES - 8000, "Way": WAYS, "Relation": RELATIONS}


def test_several_bad_blocks_are_all_named(whole: bytes, path: Path) -> None:
    edges = starts(whole)
    damaged = whole
    for start in (edges[1], edges[2], edges[5]):
        damaged = flipped(damaged, start * 8 + 800)
    path.write_bytes(damaged)
    found = unreadable(path)
    assert [(block.number, block.offset) for block in found] == [
        (1, edges[1]),
        (2, edges[2]),
        (5, edges[5]),
    ]
    assert mended(path, path.with_name("copy.osm.pbf")) == found


def test_a_file_cut_anywhere_is_refused_at_its_last_block(
    whole: bytes, path: Path
) -> None:
    begin, end = starts(whole)[3:5]
    for cut in (*range(begin + 1, begin + 30), (begin + end) // 2, end - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(SkyloomError, match=rf"block 3 at byte {begin}, "):
            check_frames(path)
        assert offsets(unreadable(path)) == [(begin, cut - begin)]


@pytest.mark.parametrize("tail", [b"\0", b"\0\0\0", b"xyz", b"\0" * 5000])
def test_what_libosmium_takes_for_the_end_is_refused(
    tail: bytes, whole: bytes, path: Path
) -> None:
    edge = starts(whole)[4]
    path.write_bytes(whole[:edge] + tail)
    assert elements(path)["Node"] == NODES
    with pytest.raises(SkyloomError, match=rf"block 4 at byte {edge}, {len(tail)} "):
        check_frames(path)
    assert offsets(unreadable(path)) == [(edge, len(tail))]


def test_a_hole_in_the_file_is_one_bad_block(whole: bytes, path: Path) -> None:
    edges = starts(whole)
    hole = bytes(edges[3] - edges[2] + 10)
    path.write_bytes(whole[: edges[2] - 5] + hole + whole[edges[3] + 5 :])
    assert offsets(unreadable(path)) == [(edges[1], edges[4] - edges[1])]


@pytest.mark.parametrize("at_once", [64, 1000])
def test_the_next_block_is_found_across_the_edge_of_what_is_read(
    at_once: int, whole: bytes, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load.blocks, "SEARCHED_AT_ONCE", at_once)
    begin, end = starts(whole)[4:6]
    for shift in range(20):
        path.write_bytes(whole[:begin] + b"?" * (end - begin + shift) + whole[end:])
        assert offsets(unreadable(path)) == [(begin, end - begin + shift)]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (struct.pack(">I", 64 * 1024 + 1), "no length of a BlobHeader"),
        (b"\0\0\0\x0e\n\x07OSMData\x18\x81\x80\x80\x10", "a Blob of 33554433 bytes"),
        (b"\0\0\0\x0e\n\x07OSMData\x18\x80\x80\x80\x10", "cut off, 335[0-9]* bytes"),
        (b"\0\0\0\x0b\n\x07OSMData\x18\0", "a Blob of 0 bytes"),
        (b"\0\0\0\x0b\n\x07OSMNote\x18\x05", "no BlobHeader of the type"),
        (b"\0\0\0\x0d\n\x09OSMHeader\x18\x05", "no BlobHeader of the type"),
    ],
)
def test_the_limits_of_the_format_hold(
    frame: bytes, words: str, whole: bytes, path: Path
) -> None:
    path.write_bytes(whole + frame + b"?" * 50)
    with pytest.raises(SkyloomError, match=words):
        check_frames(path)


def test_a_block_may_carry_an_index(whole: bytes, path: Path) -> None:
    begin, end = starts(whole)[5:7]
    index = b"\x12\x05\x18\x18hel"
    data = whole.index(b"\x18", begin)
    header = (
        whole[begin + 4 : data] + index + whole[data : begin + 4 + whole[begin + 3]]
    )
    block = struct.pack(">I", len(header)) + header
    path.write_bytes(whole[:begin] + block + whole[begin + 4 + whole[begin + 3] : end])
    assert unreadable(path) == ()


def test_a_nul_byte_in_a_tag_does_not_end_the_process(path: Path) -> None:
    """It is legal in a PBF, and what looks at tags in libosmium crashes on it."""
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf")) as writer:
        writer.add_node(Node(id=1, location=(7, 47), tags={"name": "a\0b" * 100}))
    assert unreadable(path) == ()


def test_without_a_header_block_nothing_is_mended(whole: bytes, path: Path) -> None:
    copy = path.with_name("copy.osm.pbf")
    copy.write_text("before")
    begin = starts(whole)[1]
    for content in (flipped(whole, 33), flipped(whole, begin * 8 - 1), whole[begin:]):
        path.write_bytes(content)
        (bad,) = unreadable(path)
        assert (bad.number, bad.offset) == (0, 0)
        with pytest.raises(SkyloomError, match="block 0 at byte 0") as error:
            mended(path, copy)
        assert "--keep-going" not in str(error.value)
        assert sorted(path.parent.iterdir()) == [copy, path]
        assert copy.read_text() == "before"


@pytest.mark.parametrize("content", [b"", b"?", b"hello " * 1000, b"\0" * 4096])
def test_what_is_no_pbf_is_refused_at_its_start(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(SkyloomError, match=r"not a readable PBF.*block 0 at byte 0"):
        check_frames(path)
    assert "block 0 at byte 0" in str(first_damage(path))


def test_a_file_whose_every_block_is_bad_is_not_mended(
    whole: bytes, path: Path
) -> None:
    damaged = whole
    for start in starts(whole)[1:-1]:
        damaged = flipped(damaged, start * 8 + 800)
    path.write_bytes(damaged)
    with pytest.raises(SkyloomError, match="block 1 at byte") as error:
        mended(path, path.with_name("copy.osm.pbf"))
    assert "--keep-going" not in str(error.value)
    assert list(path.parent.iterdir()) == [path]


def test_a_copy_that_cannot_be_written_is_an_error_in_words(
    whole: bytes, path: Path
) -> None:
    path.write_bytes(whole)
    with pytest.raises(SkyloomError, match="could not be written"):
        mended(path, path.parent / "none" / "copy.osm.pbf")


def test_the_error_names_the_file_the_block_and_the_remedy(
    whole: bytes, path: Path
) -> None:
    begin, end = starts(whole)[2:4]
    path.write_bytes(flipped(whole, begin * 8 + 800))
    assert str(first_damage(path)) == (
        f"{path}: not a readable PBF (block 2 at byte {begin}, {end - begin} bytes: "
        "failed to uncompress data: data error); download or export it again, or load "
        "its other blocks with --keep-going"
    )
    assert first_damage(path).exit_code == 1


@pytest.mark.realdata
def test_real_files_have_no_bad_block(real_data: Path) -> None:
    for path in sorted((real_data / "osm").glob("*.pbf")):
        check_frames(path)
        if path.stat().st_size < 1_000_000:
            assert unreadable(path) == ()
