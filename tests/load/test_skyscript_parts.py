"""Published parts from a server on this machine that breaks off, lies and is silent."""

import csv
import hashlib
import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from load.skyscript_parts import REGISTRY, download_parts, listing, read_registry
from load.skyscript_unzip import unzip
from skyloom.errors import SkyloomError, UsageError

CSV = b"filepath,title,title_multi_objects\n" + b"images2/a1_CH_19.jpg,t,m\n" * 90_000


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in ("images2/a1_CH_19.jpg", "../a2_CH_19.jpg", "/w3_US_20.jpg"):
            made.writestr(zipfile.ZipInfo(name), b"picture of " + name.encode())
        made.writestr(zipfile.ZipInfo("images2/run.sh"), b"echo")
        made.writestr(zipfile.ZipInfo("images2/a4_CH_19.pickle"), b"echo")
    return buffer.getvalue()


FILES = {"all.csv": CSV, "images2.zip": archive()}


class Server(BaseHTTPRequestHandler):
    """The first part of the path says what goes wrong."""

    def do_GET(self) -> None:
        mode, _, name = self.path[1:].partition("/")
        if mode == "gone":
            return self.send_error(404)
        content = FILES[name]
        wanted = self.headers["Range"]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        if wanted:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", span)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(
            content[start : half if mode == "cuts" and not start else None]
        )
        return None

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, __file__], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def registry(
    folder: Path, address: str, *names: str, size: object = "", md5: str | None = None
) -> Path:
    """A registry of the server's files: checksums as they are, or another."""
    path = folder / "parts.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(REGISTRY.read_text().splitlines()[0].split(","))
        for name in names:
            known = hashlib.md5(FILES[name]).hexdigest() if md5 is None else md5
            about = [name.split(".")[0], "x", name, f"{address}/{name}"]
            writer.writerow([*about, size, known, "", ""])
    return path


@pytest.mark.parametrize("md5", [None, ""])
def test_a_transfer_that_is_cut_goes_on(server, tmp_path, md5, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    parts = registry(tmp_path, f"{server}/cuts", "all.csv", md5=md5)
    download_parts(tmp_path / "got", registry=parts)
    assert (tmp_path / "got" / "all.csv").read_bytes() == CSV


def test_an_archive_is_unfolded_by_the_names_of_its_members(server, tmp_path):
    parts = registry(tmp_path, f"{server}/plain", "images2.zip")
    got = tmp_path / "got"
    download_parts(got, registry=parts)
    found = sorted(str(f.relative_to(got)) for f in got.rglob("*") if f.is_file())
    names = ["a1_CH_19", "a2_CH_19", "w3_US_20"]
    assert found == ["images2.zip.done", *(f"images2/{name}.jpg" for name in names)]
    assert not (tmp_path / "a2_CH_19.jpg").exists()


def test_what_is_there_is_not_asked_for(server, tmp_path):
    got = tmp_path / "got"
    whole = ("all.csv", "images2.zip")
    download_parts(got, registry=registry(tmp_path, f"{server}/plain", *whole))
    # Nobody listens there.
    download_parts(got, registry=registry(tmp_path, "http://127.0.0.1:1", *whole))


def test_only_the_parts_that_are_named_are_asked_for(server, tmp_path):
    parts = registry(tmp_path, f"{server}/plain", "all.csv", "images2.zip")
    download_parts(tmp_path / "got", ["all"], registry=parts)
    assert [f.name for f in (tmp_path / "got").iterdir()] == ["all.csv"]
    with pytest.raises(UsageError, match="images9"):
        download_parts(tmp_path / "got", ["images9"], registry=parts)


@pytest.mark.parametrize(("size", "md5"), [(7, None), ("", "0" * 32)])
def test_another_size_or_checksum_is_refused(server, tmp_path, size, md5):
    parts = registry(tmp_path, f"{server}/plain", "all.csv", size=size, md5=md5)
    with pytest.raises(SkyloomError, match=r"bytes and not|checksum"):
        download_parts(tmp_path / "got", registry=parts)
    assert not list((tmp_path / "got").iterdir())


@pytest.mark.parametrize("away", ["http://127.0.0.1:1", "{server}/gone"])
def test_no_server_and_no_file_are_one_sentence(server, tmp_path, away, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    parts = registry(tmp_path, away.format(server=server), "all.csv")
    with pytest.raises(SkyloomError) as told:
        download_parts(tmp_path / "got", registry=parts)
    assert "\n" not in told.value.sentence()
    assert "all.csv" in told.value.sentence()


def test_a_damaged_archive_is_one_sentence(tmp_path):
    (tmp_path / "images2.zip").write_bytes(FILES["images2.zip"][:-30])
    with pytest.raises(SkyloomError, match="damaged"):
        unzip(tmp_path / "images2.zip", tmp_path)


def test_the_registry_names_each_part_once():
    parts = read_registry(REGISTRY)
    assert len({part.name for part in parts}) == len(parts) == 24
    kinds = [part.kind for part in parts]
    assert (kinds.count("images"), kinds.count("metadata")) == (6, 6)
    for part in parts:
        address = urlsplit(part.url)
        assert (address.scheme, Path(address.path).name) == ("https", part.file)
        assert part.md5 is None or len(part.md5) == 32
    assert "size unknown" in listing()


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        print(running.server_port, flush=True)
        running.serve_forever()
