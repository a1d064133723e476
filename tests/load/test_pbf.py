"""Files that cannot be loaded are refused in words, before anything is written."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import osmium
import pytest
from osmium.osm.mutable import Node

from load.pbf import check_pbf, decode
from skyloom.errors import SkyloomError

XML = b'<?xml version="1.0"?>\n<osm version="0.6"></osm>'


def make(
    path: Path, options: str = "pbf", header: dict[str, str] | None = None
) -> Path:
    made = osmium.io.Header()
    for key, value in (header or {}).items():
        made.set(key, value)
    if "history" in options:
        made.has_multiple_object_versions = True
    with osmium.SimpleWriter(osmium.io.File(str(path), options), header=made) as writer:
        for number in range(20_000):
            location = (number % 360 - 180, number % 7 + number / 1e5)
            writer.add_node(Node(id=number + 1, location=location, tags={"ele": "1"}))
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (XML, "OSM XML.*osmium cat"),
        (gzip.compress(XML, mtime=0), "gzip.*osmium cat"),
        (b"BZh91AY&SY", "bzip2.*osmium cat"),
        (b"<!DOCTYPE html><html><body>Not found", "a web page"),
        (b"hello " * 1000, "not a readable PBF"),
        (b"\0" * 4096, "not a readable PBF"),
    ],
)
def test_another_format_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(SkyloomError, match=words) as error:
        check_pbf(path)
    assert str(error.value).startswith(str(path))
    assert error.value.exit_code == 1


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "town.osm.pbf")
    whole = path.read_bytes()
    check_pbf(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SkyloomError, match="not a readable PBF"):
        check_pbf(path)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    path.write_bytes(flipped)
    with pytest.raises(SkyloomError, match="not a readable PBF"):
        check_pbf(path)
        decode(path)


def test_a_missing_file_and_a_folder_have_their_own_words(tmp_path: Path) -> None:
    with pytest.raises(SkyloomError, match="there is no such file"):
        check_pbf(tmp_path / "none.osm.pbf")
    with pytest.raises(SkyloomError, match="a folder"):
        check_pbf(tmp_path)


def test_a_file_without_permission_has_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = make(tmp_path / "town.osm.pbf")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SkyloomError, match="Permission denied"):
        check_pbf(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("pbf,pbf_dense_nodes=false", "without dense nodes.*osmium cat"),
        ("pbf,history=true", "a history file.*time-filter"),
    ],
)
def test_what_duckdb_would_read_wrongly_is_refused(
    tmp_path: Path, options: str, words: str
) -> None:
    with pytest.raises(SkyloomError, match=words):
        check_pbf(make(tmp_path / "town.osm.pbf", options))


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2024-01-31T21:00:00Z", datetime(2024, 1, 31, 21, tzinfo=UTC)),
        ("", None),
    ],
)
def test_the_header_gives_the_time(
    tmp_path: Path, text: str, stamp: datetime | None
) -> None:
    header = {"osmosis_replication_timestamp": text} if text else {}
    assert check_pbf(make(tmp_path / "t.osm.pbf", header=header)).timestamp == stamp
