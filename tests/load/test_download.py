"""Regions by name: QuackOSM resolves them, and a server on this machine fails."""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

import load.download
import load.regions
import load.transfer
from load.download import Download, download
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake

CONTENT = random.Random(1).randbytes(5 * 2**19)
MD5 = hashlib.md5(CONTENT).hexdigest()
HALF = 2**20
PATH = "/europe/monaco-latest.osm.pbf"
STALL_S = 0.5
AWAY = "http://127.0.0.1:1"
# As QuackOSM keeps them: id, name, file_name, parent, path on the server.
EXTRACTS = [
    ("monaco", "monaco", "europe_monaco", "europe", PATH),
    ("isle-of-man", "isle-of-man", "europe_isle-of-man", "europe", "/europe/iom"),
    ("georgia", "georgia", "europe_georgia", "europe", "/europe/georgia"),
    ("us/georgia", "us_georgia", "us_us_georgia", "us", "/north-america/us/georgia"),
    ("a/twin", "twin", "asia_twin", "asia", "/asia/twin"),
    ("b/twin", "twin", "africa_twin", "africa", "/africa/twin"),
]


class Geofabrik(BaseHTTPRequestHandler):
    """Serves one file; the first part of the path says what goes wrong."""

    asked: list[tuple[str, str | None]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        mode, _, path = self.path[1:].partition("/")
        if mode == "asked":
            return self.answer(200, json.dumps(self.asked).encode())
        self.asked.append((self.path, self.headers["Range"]))
        if mode == "silent":
            time.sleep(60)
        if mode == "gone" or (mode == "broken" and not path.endswith(".md5")):
            return self.send_error(404 if mode == "gone" else 500)
        if path.endswith(".md5"):
            sums = {"wrong": "0" * 32, "portal": "<html>Log in"}
            return self.answer(200, f"{sums.get(mode, MD5)}  {path}\n".encode())
        if mode in ("moved", "away", "file"):
            self.send_response(302)
            host = {"moved": f"http://{self.headers['Host']}/plain/{path}"}
            host |= {"away": "http://192.0.2.1/x", "file": "file:///etc/passwd"}
            self.send_header("Location", host[mode])
            return self.end_headers()
        return self.send(mode)

    def send(self, mode: str) -> None:
        wanted = self.headers["Range"] if mode != "rangeless" else None
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start >= len(CONTENT):
            return self.send_error(416)
        self.send_response(206 if wanted else 200)
        if wanted:
            span = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
            self.send_header("Content-Range", span)
        length = {"vast": 10**17}.get(mode, len(CONTENT) - start)
        if mode != "endless":
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if mode == "stalls":
            self.wfile.write(b"" if start else CONTENT[:HALF])
            time.sleep(60)
        while mode == "drips":
            self.wfile.write(CONTENT[start : start + 1])
            start += 1
            time.sleep(0.02)
        self.wfile.write(CONTENT[start : start + HALF if mode == "cuts" else None])
        return None

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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


@pytest.fixture
def asked(server: str) -> Callable[[], list[list[str]]]:
    """What the server was asked for since the fixture was made: paths and ranges."""

    def all_of_it() -> list[list[str]]:
        with urllib.request.urlopen(f"{server}/asked") as response:
            return list(json.load(response))

    before = len(all_of_it())
    return lambda: all_of_it()[before:]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    (tmp_path / "lake").mkdir()
    return Lake(tmp_path / "lake")


@pytest.fixture
def monaco(monkeypatch: pytest.MonkeyPatch, lake: Lake) -> Path:
    """Monaco is resolved without QuackOSM; where its file is put."""
    known = ("europe_monaco", PATH)
    monkeypatch.setattr(load.download, "resolve", lambda name, folder: known)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return lake.root / "downloads" / "europe_monaco.osm.pbf"


@pytest.fixture
def extracts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """QuackOSM has a list of extracts already."""
    columns: dict[str, list[Any]] = {
        "id": [f"Geofabrik_{one[0]}" for one in EXTRACTS],
        "name": [one[1] for one in EXTRACTS],
        "file_name": [f"geofabrik_{one[2]}" for one in EXTRACTS],
        "parent": [f"Geofabrik_{one[3]}" for one in EXTRACTS],
        "geometry": [shapely.to_wkb(shapely.box(0, 0, 1, 1)) for _ in EXTRACTS],
        "area": [1.0 for _ in EXTRACTS],
        "url": [f"https://download.geofabrik.de{one[4]}" for one in EXTRACTS],
    }
    file = tmp_path / "cache" / "osmfinder" / "geofabrik_index.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), file)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def half_of_it(target: Path, md5: str = MD5) -> Path:
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(f"{target.name}.{md5}.part")
    part.write_bytes(CONTENT[:HALF])
    return part


def test_a_region_is_resolved_by_quackosm_and_downloaded(
    lake, extracts, server, asked, capfd
):
    done = download(lake, "Monaco", server=f"{server}/plain/")
    assert done == Download(
        "europe_monaco", lake.root / "downloads" / "europe_monaco.osm.pbf"
    )
    assert done.path.read_bytes() == CONTENT
    assert [path.name for path in done.path.parent.iterdir()] == [done.path.name]
    # Its own name leads to it again, and what is there is not asked for.
    assert download(lake, done.region, server=f"{server}/plain") == done
    wanted = [f"/plain{PATH}.md5", f"/plain{PATH}", f"/plain{PATH}.md5"]
    assert [path for path, _ in asked()] == wanted
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "region", "path"),
    [
        (" Isle of Man ", "europe_isle-of-man", "/europe/iom"),
        ("us/georgia", "us_us_georgia", "/north-america/us/georgia"),
        ("geofabrik_africa_twin", "africa_twin", "/africa/twin"),
    ],
)
def test_names_of_quackosm_and_of_geofabrik_serve(
    lake, extracts, monkeypatch, name, region, path
):
    assert load.regions.resolve(name, lake.root) == (region, path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Monacco", "no extract has that name; did you mean europe_monaco?"),
        ("atlantis", "no extract has that name; see https://download.geofabrik.de"),
        ("", "no extract has that name"),
        ("-h; rm\n*\0", "no extract has that name"),
        ("twin", "several extracts have that name; .* africa_twin or asia_twin?"),
    ],
)
def test_names_that_are_not_one_extract_are_refused(lake, extracts, name, words):
    with pytest.raises(UsageError, match=f"--region .*{words}"):
        download(lake, name, server=AWAY)


def test_without_a_connection_one_sentence_comes_within_seconds(
    lake, monkeypatch, tmp_path, capfd
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # No way out, also where the tests run on a machine that has one.
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, AWAY)
    before = time.monotonic()
    with pytest.raises(
        SkyloomError, match=r"list of extracts cannot be fetched .*http"
    ):
        download(lake, "monaco")
    assert time.monotonic() - before < 20
    assert capfd.readouterr() == ("", "")
    assert not (lake.root / "downloads").exists()


def test_a_list_that_never_comes_is_not_waited_for(lake, monkeypatch):
    monkeypatch.setattr(load.regions, "RESOLVE_S", 0.01)
    with pytest.raises(SkyloomError, match=r"fetched \(no answer in 0 seconds"):
        download(lake, "monaco")


def test_a_damaged_list_is_named_with_the_way_to_clear_it(lake, extracts, tmp_path):
    (tmp_path / "cache" / "osmfinder" / "geofabrik_index.parquet").write_text("x")
    with pytest.raises(SkyloomError, match=r"cannot read its list.*clear_osm_index"):
        download(lake, "monaco")


def test_a_connection_that_is_cut_is_taken_up_again(lake, monaco, server, asked):
    download(lake, "monaco", server=f"{server}/cuts")
    assert monaco.read_bytes() == CONTENT
    ranges = [None, None, f"bytes={HALF}-", f"bytes={2 * HALF}-"]
    assert [part for _, part in asked()] == ranges


def test_a_killed_download_goes_on_where_it_ended(
    lake, monaco, extracts, server, asked
):
    call = f"download(Lake({lake.root!r}), 'monaco', server='{server}/stalls')"
    code = "from load.download import download; from skyloom.lake import Lake; "
    code += "from pathlib import PosixPath; " + call
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        part = monaco.with_name(f"{monaco.name}.{MD5}.part")
        deadline = time.monotonic() + 60
        while load.transfer._size(part) < HALF and time.monotonic() < deadline:
            os.sched_yield()
        process.kill()
    assert not monaco.exists()
    download(lake, "monaco", server=f"{server}/plain")
    assert monaco.read_bytes() == CONTENT
    assert asked()[-1] == [f"/plain{PATH}", f"bytes={HALF}-"]
    assert not part.exists()


def test_half_a_file_of_another_day_is_not_gone_on_with(lake, monaco, server, asked):
    other = half_of_it(monaco, "f" * 32)
    download(lake, "monaco", server=f"{server}/plain")
    assert monaco.read_bytes() == CONTENT
    assert asked()[-1] == [f"/plain{PATH}", None]
    assert not other.exists()


def test_a_whole_part_needs_only_its_name(lake, monaco, server):
    half_of_it(monaco).write_bytes(CONTENT)
    download(lake, "monaco", server=f"{server}/plain")
    assert monaco.read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_of_it_again(lake, monaco, server):
    half_of_it(monaco)
    download(lake, "monaco", server=f"{server}/rangeless")
    assert monaco.read_bytes() == CONTENT


def test_a_newer_or_a_damaged_file_is_replaced(lake, monaco, server):
    monaco.parent.mkdir()
    monaco.write_bytes(CONTENT[::-1])
    download(lake, "monaco", server=f"{server}/moved")
    assert monaco.read_bytes() == CONTENT


def test_a_wrong_checksum_removes_what_came_and_keeps_what_was(lake, monaco, server):
    monaco.parent.mkdir()
    monaco.write_bytes(b"of yesterday")
    with pytest.raises(SkyloomError, match=r"not the checksum .* removed; run again"):
        download(lake, "monaco", server=f"{server}/wrong")
    assert [path.name for path in monaco.parent.iterdir()] == [monaco.name]
    assert monaco.read_bytes() == b"of yesterday"


@pytest.mark.parametrize(
    ("mode", "words", "kept"),
    [
        ("gone", r"404 \(Not Found\); if .* list of extracts is old", 0),
        ("portal", "no MD5 checksum in it", 0),
        ("broken", r"broke off after 0 bytes .*500 .*run again: it goes on", 0),
        ("silent", "no answer: timed out; check the connection", 0),
        ("stalls", f"broke off after {HALF} bytes .no answer: .*timed out", HALF),
        ("drips", "fewer than 1024 bytes a second", 3),
        ("endless", "does not say how long it is", 0),
        ("vast", r"could not be written .100000000000000000 bytes are not free", 0),
        ("away", "sent on to http://192.0.2.1/x, not by https", 0),
        ("file", "302 .*not allowed.; check the connection", 0),
    ],
)
def test_a_server_that_fails_is_named_in_time(lake, monaco, server, mode, words, kept):
    before = time.monotonic()
    with pytest.raises(SkyloomError, match=words) as error:
        download(lake, "monaco", server=f"{server}/{mode}", stall_s=STALL_S)
    assert time.monotonic() - before < 10
    assert str(error.value).startswith((f"{server}/{mode}{PATH}", str(monaco)))
    assert not monaco.exists()
    sizes = [path.stat().st_size for path in monaco.parent.glob("*.part")]
    assert sum(sizes) >= kept


def test_no_server_is_no_matter_where_the_file_is_there(lake, monaco, capsys):
    with pytest.raises(SkyloomError, match=r"no answer: Connection refused; check"):
        download(lake, "monaco", server=AWAY)
    monaco.parent.mkdir()
    monaco.write_bytes(CONTENT)
    assert download(lake, "monaco", server=AWAY).path == monaco
    assert "Connection refused; the file downloaded on 2" in capsys.readouterr().err


def test_a_full_disk_is_named(lake, monaco, server):
    half_of_it(monaco).unlink()
    half = monaco.with_name(f"{monaco.name}.{MD5}.part")
    half.symlink_to("/dev/full")
    with pytest.raises(SkyloomError, match=r"not be written \(No space left on device"):
        download(lake, "monaco", server=f"{server}/plain")
    assert not monaco.exists()


@pytest.mark.parametrize(
    "server",
    [
        "http://download.geofabrik.de",
        "http://localhost.example.org",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "file:///tmp",
        "https://",
        "http://[::1",
        "geofabrik",
        "",
    ],
)
def test_only_https_leaves_this_machine(lake, monaco, server):
    with pytest.raises(UsageError, match="not an https address"):
        download(lake, "monaco", server=server)


def test_quackosm_is_not_imported_here():
    code = (
        "import sys, load.download; print({'osmfinder', 'quackosm'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Geofabrik) as serving:
        serving.daemon_threads = True
        print(serving.server_port, flush=True)
        serving.serve_forever()
