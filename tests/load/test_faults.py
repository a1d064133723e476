"""Damaged files, full disks and killed loads, through the command line.

Whatever happens, a load ends with its rows in the lake or with one line on stderr,
and the lake holds whole snapshots only.
"""

import bz2
import gzip
import hashlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import osmium
import pytest
from osmium.osm.mutable import Node, Relation, Way
from typer.main import get_command

from skyloom.cli import app
from skyloom.lake import Lake

LOAD = cast("Any", get_command(app)).commands["load"]
KEEPS_GOING = "--keep-going" in {name for flag in LOAD.params for name in flag.opts}
needs_keep_going = pytest.mark.skipif(
    not KEEPS_GOING, reason="skyloom load has no --keep-going"
)
TABLES = ("objects.parquet", "rejects.parquet")
SNAPSHOT = "town@2024-01-31"
XML = b'<?xml version="1.0"?>\n<osm version="0.6"></osm>\n'
Done = subprocess.CompletedProcess[str]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "skyloom.cli", *map(str, arguments)]


def run(
    *arguments: object,
    prefix: tuple[str, ...] = (),
    limits: Callable[[], None] | None = None,
    **environment: str,
) -> Done:
    return subprocess.run(
        [*prefix, *command(*arguments)],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        preexec_fn=limits,
        timeout=300,
        check=False,
    )


def one_line(done: Done, *patterns: str) -> None:
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert re.fullmatch(r"skyloom: [^\n]+\n", done.stderr), done.stderr
    assert "please report" not in done.stderr, done.stderr
    for pattern in patterns:
        assert re.search(pattern, done.stderr), done.stderr


def tree(root: Path) -> dict[str, str]:
    """What is in a folder but for the log of the runs."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name != "lock" and not name.startswith("runs"):
            content = path.read_bytes() if path.is_file() else b""
            found[name] = hashlib.sha256(content).hexdigest()
    return found


def contents(lake: Path, snapshot: str = SNAPSHOT) -> dict[str, bytes]:
    folder = lake / "osm" / snapshot
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def write_town(path: Path) -> None:
    """Five blocks: two of nodes, ways, relations; and the header."""
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", "2024-01-31T21:00:00Z")
    dice = random.Random(0)
    squares = 2000
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for number in range(squares):
            x, y = dice.uniform(7, 8), dice.uniform(47, 48)
            for corner, (dx, dy) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)]):
                node = number * 4 + corner + 1
                place = (x + dx / 1e4, y + dy / 1e4)
                writer.add_node(Node(id=node, location=place))
        for number in range(1000):
            place = (dice.uniform(7, 8), dice.uniform(47, 48))
            tags = {"natural": "tree", "ref": str(number)}
            writer.add_node(
                Node(id=squares * 4 + 1 + number, location=place, tags=tags)
            )
        for number in range(squares):
            ring = [number * 4 + corner + 1 for corner in (0, 1, 2, 3, 0)]
            tags = {"building": "yes", "ref": str(number)} if number % 10 else {}
            writer.add_way(Way(id=number + 1, nodes=ring, tags=tags))
        for number in range(0, squares, 10):
            tags = {"type": "multipolygon", "landuse": "forest"}
            members = [("w", number + 1, "outer")]
            writer.add_relation(Relation(id=number + 1, members=members, tags=tags))


@dataclass(frozen=True)
class Town:
    """An extract, and what an undisturbed load makes of it."""

    pbf: Path
    content: bytes
    starts: tuple[int, ...]
    new_lake: Path
    lake: Path
    seconds: float

    def damaged(self, folder: Path, content: bytes, name: str = "town") -> Path:
        path = folder / f"{name}.osm.pbf"
        path.write_bytes(content)
        return path


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    folder = tmp_path_factory.mktemp("faults")
    pbf, lake = folder / "town.osm.pbf", folder / "lake"
    write_town(pbf)
    content = pbf.read_bytes()
    starts = tuple(
        found.start() - 4 for found in re.finditer(rb"\n[\x07\x09]OSM[DH]", content)
    )
    Lake.open(folder / "new", create=True)
    began = time.monotonic()
    done = run("load", pbf, "--lake", lake, "--quiet")
    assert done.returncode == 0, done.stderr
    assert len(starts) == 5
    seconds = time.monotonic() - began
    return Town(pbf, content, starts, folder / "new", lake, seconds)


@pytest.fixture
def lake(town: Town, tmp_path: Path) -> Path:
    """A lake in which nothing is loaded."""
    return Path(shutil.copytree(town.new_lake, tmp_path / "lake"))


def names_the_place(path: Path) -> tuple[str, str]:
    place = r"block \d at byte \d+, \d+ bytes: " if KEEPS_GOING else ""
    return re.escape(str(path)), place


@pytest.mark.parametrize("number", range(10))
def test_a_file_cut_anywhere_is_refused(
    number: int, town: Town, lake: Path, tmp_path: Path
) -> None:
    end = random.Random(f"cut {number}").randrange(1, len(town.content))
    path = town.damaged(tmp_path, town.content[:end])
    before = tree(lake)
    one_line(run("load", path, "--lake", lake, "--quiet"), *names_the_place(path))
    assert tree(lake) == before


@pytest.mark.parametrize("number", range(20))
def test_a_flipped_bit_is_refused_or_changes_nothing(
    number: int, town: Town, lake: Path, tmp_path: Path
) -> None:
    """Half of the bits in the data, where most are, half in the frames."""
    dice = random.Random(f"flip {number}")
    byte = dice.randrange(len(town.content))
    if number % 2:
        byte = dice.choice(town.starts) + dice.randrange(24)
    content = flipped(town.content, byte * 8 + dice.randrange(8))
    path = town.damaged(tmp_path, content)
    before = tree(lake)
    done = run("load", path, "--lake", lake, "--quiet")
    if done.returncode == 0:
        for name in TABLES:
            assert contents(lake)[name] == contents(town.lake)[name]
    else:
        one_line(done, *names_the_place(path))
        assert tree(lake) == before


def rows(lake: Path, snapshot: str, table: str, columns: str) -> set[tuple[Any, ...]]:
    file = lake / "osm" / snapshot / f"{table}.parquet"
    return set(duckdb.sql(f"select {columns} from '{file}'").fetchall())


OBJECT = "object_id, tags::varchar, st_asbinary(geometry)"


@needs_keep_going
def test_keep_going_loads_the_good_blocks_and_rejects_the_bad(
    town: Town, lake: Path, tmp_path: Path
) -> None:
    """A bit of each frame of the first three blocks, and a cut in the last."""
    dice = random.Random("keep going")
    whole, files = rows(town.lake, SNAPSHOT, "objects", OBJECT), []
    for number, start in enumerate(town.starts[1:]):
        content = flipped(town.content, start * 8 + dice.randrange(20 * 8))
        if number == 3:
            content = town.content[: start + dice.randrange(500)]
        files.append(town.damaged(tmp_path, content, f"part{number}"))
    files.append(town.damaged(tmp_path, town.content, "good"))
    done = run("load", *files, "--lake", lake, "--quiet", "--keep-going")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    for number, start in enumerate(town.starts[1:]):
        snapshot = f"part{number}@2024-01-31"
        columns = "osm_type, osm_id, reason, detail"
        rejects = rows(lake, snapshot, "rejects", columns)
        (bad,) = (row for row in rejects if row[0] == "block")
        assert bad[1:3] == (start, "unreadable block")
        assert bad[3]
        objects = rows(lake, snapshot, "objects", OBJECT)
        assert objects < whole
    assert rows(lake, "good@2024-01-31", "objects", OBJECT) == whole


@needs_keep_going
def test_keep_going_changes_nothing_for_a_good_file(town: Town, lake: Path) -> None:
    done = run("load", town.pbf, "--lake", lake, "--quiet", "--keep-going")
    assert done.returncode == 0, done.stderr
    assert contents(lake) == contents(town.lake)


@needs_keep_going
def test_keep_going_stops_at_a_file_without_a_header(
    town: Town, lake: Path, tmp_path: Path
) -> None:
    path = town.damaged(tmp_path, flipped(town.content, 400))
    before = tree(lake)
    done = run("load", path, "--lake", lake, "--quiet", "--keep-going")
    one_line(done, re.escape(str(path)), "block 0 at byte 0")
    assert tree(lake) == before


@needs_keep_going
@pytest.mark.realdata
def test_keep_going_on_a_real_file(real_data: Path, lake: Path, tmp_path: Path) -> None:
    content = (real_data / "osm" / "monaco_quackosm.osm.pbf").read_bytes()
    path = tmp_path / "monaco.osm.pbf"
    path.write_bytes(flipped(content, len(content) * 4))
    one_line(run("load", path, "--lake", lake, "--quiet"), *names_the_place(path))
    done = run("load", path, "--lake", lake, "--quiet", "--keep-going")
    assert done.returncode == 3, done.stderr
    (snapshot,) = {each.name for each in (lake / "osm").iterdir()} - {"empty"}
    kinds = rows(lake, snapshot, "rejects", "osm_type, osm_id")
    assert len([row for row in kinds if row[0] == "block"]) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("town.osm.pbf", b"", "is empty"),
        ("town.osm.pbf", gzip.compress(XML), "gzip.*osmium cat"),
        ("town.osm", XML, "osmium cat"),
        ("town.osm.bz2", bz2.compress(XML), "osmium cat"),
        ("town.osm.pbf", b"<!doctype html><title>Not found</title>", "a web page"),
        ("town.osm.pbf", None, "a folder"),
    ],
    ids=["empty", "gzip", "xml", "bzip2", "html", "folder"],
)
def test_what_is_no_pbf_is_named(
    name: str, content: bytes | None, words: str, lake: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    before = tree(lake)
    one_line(run("load", path, "--lake", lake), re.escape(str(path)), words)
    assert tree(lake) == before


@needs_keep_going
def test_a_file_without_permission_is_named(
    town: Town, lake: Path, tmp_path: Path
) -> None:
    path = town.damaged(tmp_path, town.content)
    path.chmod(0)
    # Permissions do not hold for root, unless it gives that power away.
    weak = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    prefix = weak if os.geteuid() == 0 else ()
    if prefix and (not shutil.which("setpriv") or _reads((*prefix, "cat", str(path)))):
        pytest.skip("root reads everything here")
    done = run("load", path, "--lake", lake, prefix=prefix)
    one_line(done, re.escape(str(path)), "Permission denied")


def _reads(words: tuple[str, ...]) -> bool:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return "Permission denied" not in done.stderr


def test_a_file_that_cannot_grow_leaves_the_lake_as_it_was(
    town: Town, lake: Path
) -> None:
    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    before = tree(lake)
    one_line(run("load", town.pbf, "--lake", lake, "--quiet", limits=limits))
    assert tree(lake) == before


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A small file system of its own; called again, it gets another size in bytes."""
    place = tmp_path / "disk"
    place.mkdir()

    def sized(size: int) -> Path:
        again = ",remount" if place.is_mount() else ""
        options = f"size={size}{again}"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("a small file system needs root and mount")
        return place

    yield sized
    if place.is_mount():
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_full_in_mid_load_leaves_the_lake_as_it_was(
    town: Town, disk: Callable[[int], Path]
) -> None:
    lake = Path(shutil.copytree(town.new_lake, disk(1 << 20) / "lake"))
    before = tree(lake)
    taken = shutil.disk_usage(lake).used
    # Too small for the tables, and for what spills from memory.
    for free, memory in ((100_000, "1GB"), (300_000, "40MB")):
        disk(taken + free)
        done = run(
            *("load", town.pbf, "--lake", lake, "--quiet"), SKYLOOM_MEMORY_LIMIT=memory
        )
        one_line(done)
        assert tree(lake) == before
        taken = shutil.disk_usage(lake).used
    disk(1 << 26)
    assert run("load", town.pbf, "--lake", lake, "--quiet").returncode == 0
    assert contents(lake) == contents(town.lake)


@pytest.mark.parametrize("limit", ["1MB", "16MB"])
def test_too_little_memory_is_one_line(limit: str, town: Town, lake: Path) -> None:
    before = tree(lake)
    done = run(
        *("load", town.pbf, "--lake", lake, "--quiet"), SKYLOOM_MEMORY_LIMIT=limit
    )
    if done.returncode == 0:
        assert contents(lake) == contents(town.lake)
    else:
        one_line(done, "memory")
        assert tree(lake) == before


def kill_a_load(town: Town, lake: Path, moment: float) -> None:
    child = subprocess.Popen(
        command("load", town.pbf, "--lake", lake, "--quiet"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        child.wait(moment)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@pytest.mark.parametrize("number", range(5))
def test_a_killed_load_leaves_whole_snapshots_and_the_next_succeeds(
    number: int, town: Town, lake: Path
) -> None:
    """Two loads are killed, the second of them among what the first has left."""
    if number % 2:
        shutil.rmtree(lake)
    dice = random.Random(f"kill {number}")
    for _ in range(2):
        kill_a_load(town, lake, dice.uniform(0.2, 1) * town.seconds)
        if lake.exists():
            found = {path.name for path in (lake / "osm").iterdir()}
            assert found <= {"empty", SNAPSHOT}
            if SNAPSHOT in found:
                assert contents(lake) == contents(town.lake)
    done = run("load", town.pbf, "--lake", lake, "--quiet")
    assert done.returncode == 0, done.stderr
    assert tree(lake) == tree(town.lake)
