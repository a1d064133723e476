"""A release is whole, the same each time, and survives kills and hostile texts."""

import csv
import fcntl
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from skyloom import duck
from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.release.export import export_release
from skyloom.release.names import image_path
from skyloom.release.order import FORMATS, Order
from skyloom.release.pairs import gathered
from tests.skyloom.release_catalog import ReleaseCatalog, point_at, small_catalog

ALL = Order(FORMATS, pickles=True, shard_rows=2)
HOSTILE = [
    '=HYPERLINK("http://x")',
    "+1,2\n3",
    "a,b\r\n\"c\" 'd'; -- é\t\u2028|<b>`x`",
    "nul\x00 and \x1b[31m",
    "../../etc/passwd",
]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def beside(out: Path) -> list[str]:
    return sorted(path.name for path in out.parent.iterdir() if path.name[0] == ".")


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return small_catalog(tmp_path_factory.mktemp("whole") / "lake").publish()


@pytest.fixture(scope="module")
def expected(lake, tmp_path_factory):
    out = tmp_path_factory.mktemp("expected") / "out"
    export_release(lake, out, ALL, threads=1)
    return contents(out)


def test_the_same_catalog_gives_the_same_bytes(lake, expected, tmp_path):
    export_release(lake, tmp_path / "another name", ALL, threads=2)
    assert contents(tmp_path / "another name") == expected


def test_a_release_that_is_there_stays_and_a_damaged_one_is_mended(
    lake, expected, tmp_path
):
    out = tmp_path / "out"
    assert not export_release(lake, out, ALL).unchanged
    before = {path: path.stat().st_ino for path in out.rglob("*")}
    again = export_release(lake, out, ALL)
    assert (again.unchanged, again.n_pairs) == (True, 7)
    assert {path: path.stat().st_ino for path in out.rglob("*")} == before
    (out / "webdataset" / "train" / "00000.tar").write_bytes(b"x")
    assert not export_release(lake, out, ALL).unchanged
    mended = contents(out)
    assert "| all | 7 | 0 | 0 | 0 | 0 |" in mended.pop("CHANGES.md").decode()
    assert {n: b for n, b in mended.items() if n != "SHA256SUMS"} == {
        n: b for n, b in expected.items() if n not in ("SHA256SUMS", "CHANGES.md")
    }
    assert beside(out) == []


VICTIM = """
import os, signal, sys
from pathlib import Path
from skyloom.lake import Lake
from skyloom.release.export import export_release
from skyloom.release.order import FORMATS, Order

left, replace = int(sys.argv[3]), Path.replace

def dying(self, target):
    global left
    left -= 1
    # 0 steps: when the release comes to its place.
    if not left or (sys.argv[3] == "0" and str(target) == sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)

Path.replace = dying
order = Order(FORMATS, pickles=True, shard_rows=2)
export_release(Lake.open(Path(sys.argv[1])), Path(sys.argv[2]), order)
"""


# Metadata, images, tars, Parquet, pages, and the last step of all.
@pytest.mark.parametrize("steps", [1, 6, 30, 38, 50])
def test_a_killed_export_goes_on_where_it_stopped(steps, lake, expected, tmp_path):
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, str(lake.root), str(out), str(steps)]
    )
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    part = tmp_path / ".out.part"
    finished = {
        path.relative_to(part): path.stat().st_ino
        for path in part.rglob("*")
        if path.is_file() and not path.name.endswith(".part")
    }
    assert len(finished) == steps - 1
    export_release(lake, out, ALL)
    assert contents(out) == expected
    assert all((out / name).stat().st_ino == ino for name, ino in finished.items())
    assert beside(out) == []


def test_a_kill_while_releases_change_places_loses_neither(lake, expected, tmp_path):
    out = tmp_path / "out"
    export_release(lake, out, Order(where="split = 'train'"))
    before = contents(out)
    subprocess.run([sys.executable, "-c", VICTIM, str(lake.root), str(out), "0"])
    assert not out.exists()
    assert contents(tmp_path / ".out.old") == before
    export_release(lake, out, ALL)
    changed = contents(out)
    assert "| all | 7 | 3 | 0 | 0 | 0 |" in changed["CHANGES.md"].decode()
    other = {name for name in expected if changed[name] != expected[name]}
    assert other == {"CHANGES.md", "SHA256SUMS"}
    assert beside(out) == []


def test_another_order_begins_anew(lake, tmp_path):
    out = tmp_path / "out"
    subprocess.run([sys.executable, "-c", VICTIM, str(lake.root), str(out), "30"])
    export_release(lake, out, Order(("webdataset",)))
    assert not list(out.glob("images*"))
    assert not (out / "data").exists()


def test_a_full_disk_is_one_sentence_and_no_release(lake, tmp_path):
    catalog = ReleaseCatalog(Lake.open(tmp_path / "lake", create=True))
    catalog.source("US")
    for number in range(40):
        catalog.pair(f"a{number}", title=os.urandom(8_000).hex())
    catalog.publish()
    out = tmp_path / "out"

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    done = subprocess.run(
        [
            *(sys.executable, "-m", "skyloom.cli", "export", "--quiet"),
            *("--lake", str(tmp_path / "lake"), "--out", str(out)),
        ],
        capture_output=True,
        text=True,
        preexec_fn=limited,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "could not be written" in done.stderr
    assert not out.exists()
    export_release(Lake.open(tmp_path / "lake"), out, Order())
    assert beside(out) == []


def test_two_exports_do_not_write_one_folder(lake, tmp_path):
    work = tmp_path / ".out.work"
    work.mkdir()
    with (work / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(SkyloomError, match="another export"):
            export_release(lake, tmp_path / "out", Order())


def test_hostile_texts_and_names_are_safe_in_every_form(tmp_path):
    catalog = ReleaseCatalog(Lake.open(tmp_path / "lake", create=True))
    catalog.source("US")
    for number, text in enumerate(HOSTILE):
        catalog.pair(
            f"a{number}",
            title=text,
            multi=text,
            polished=text,
            attribution=text,
            image_id=f"../x{number}/{text}",
        )
    out = tmp_path / "folder" / "out"
    export_release(catalog.publish(), out, ALL)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["out"]
    ids = sorted(f"../x{number}/{text}" for number, text in enumerate(HOSTILE))
    with (out / "pairs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (out / "pairs.csv").read_text().count("\n") == len(HOSTILE) + 1
    assert [row["filepath"] for row in rows] == [image_path(one) for one in ids]
    for row in rows:
        assert (out / row["filepath"]).resolve().parent.parent == out
        assert row["title"][0] not in "=+-@"
    titles = pl.read_csv(out / "pairs.csv")["title"]
    assert titles[0] == f" {HOSTILE[0]}"
    # Elsewhere the text is as it is.
    lines = (out / "metadata.jsonl").read_text().split("\n")[:-1]
    assert [json.loads(line)["title"] for line in lines] == HOSTILE
    table = pq.read_table(out / "data")
    assert table["title"].to_pylist() == HOSTILE
    said = set()
    for path in (out / "webdataset" / "train").glob("*.tar"):
        with tarfile.open(path) as tar:
            for member in tar:
                assert member.name.count("/") == 0
                if member.name.endswith(".multi.txt"):
                    file = tar.extractfile(member)
                    assert file
                    said.add(file.read().decode())
    assert said == set(HOSTILE)
    page = (out / "ATTRIBUTION.md").read_text()
    assert "<b>" not in page
    assert "\x1b" not in page
    assert len([line for line in page.splitlines() if line.startswith("| US")]) == 5
    assert (
        subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=out).returncode
        == 0
    )


@pytest.mark.parametrize(
    "where",
    [
        "1=1); drop table images; --",
        "true) -- \n union select 1",
        "cast(image_id as int) > 0",
        "image_id in (select content from read_text('/etc/passwd'))",
        "nonsense > 1",
    ],
)
def test_a_condition_reads_the_catalog_and_no_more(where, lake, tmp_path):
    with pytest.raises(UsageError, match="query"):
        export_release(lake, tmp_path / "out", Order(where=where))
    assert list(tmp_path.iterdir()) == []


def test_a_condition_that_nothing_meets_is_said(lake, tmp_path):
    with pytest.raises(SkyloomError, match="no pair to export"):
        export_release(lake, tmp_path / "out", Order(where="split = 'none'"))
    assert list(tmp_path.iterdir()) == []


def test_a_chip_that_is_missing_or_another_is_named(tmp_path):
    lake = small_catalog(tmp_path / "lake").publish()
    chip = next((lake.root / "images" / "US").glob("*.jpg"))
    data = chip.read_bytes()
    chip.write_bytes(data + b"x")
    with pytest.raises(SkyloomError, match=f"{chip.name}: a chip is not the one"):
        export_release(lake, tmp_path / "out", Order())
    chip.unlink()
    with pytest.raises(SkyloomError, match=f"{chip.name}: a chip is missing"):
        export_release(lake, tmp_path / "out", Order())
    assert not (tmp_path / "out").exists()
    chip.write_bytes(data)
    assert export_release(lake, tmp_path / "out", Order()).n_pairs == 7
    assert beside(tmp_path / "out") == []


def test_a_release_does_not_go_where_a_lake_or_other_files_are(lake, tmp_path):
    (tmp_path / "mine").write_text("mine")
    for out in (lake.root / "out", lake.root.parent, tmp_path, tmp_path / "mine"):
        with pytest.raises(UsageError):
            export_release(lake, out, Order())
    assert (tmp_path / "mine").read_text() == "mine"


def test_an_older_catalog_is_told_to_be_built(tmp_path):
    lake = small_catalog(tmp_path / "lake").publish()
    files = lake.catalog / "files"
    pl.DataFrame({"source": ["US"]}).write_parquet(files / "sources-1.parquet")
    with pytest.raises(SkyloomError, match="run `skyloom build`"):
        export_release(lake, tmp_path / "out", Order())


MANY = 100_000
GROWN = {
    "images": "replace (image_id || i as image_id, scene_id || i as scene_id)",
    "captions": "replace (scene_id || i as scene_id, title || ' ' || i as title)",
    "scenes": "replace (scene_id || i as scene_id)",
    "scene_tags": "replace (scene_id || i as scene_id)",
}


def test_many_pairs_make_many_shards_of_all_of_them(tmp_path):
    """Every pair has the same small chip: what counts here is the number of rows."""
    catalog = ReleaseCatalog(Lake.open(tmp_path / "lake", create=True))
    catalog.source("US")
    catalog.pair("a")
    lake = catalog.publish()
    files = lake.catalog / "files"
    names = {path.stem.rsplit("-", 1)[0]: path.stem for path in files.glob("*-1.*")}
    with duck.connect(threads=2) as con:
        for table, replaced in GROWN.items():
            con.execute(
                f"copy (select * {replaced} from '{files}/{names[table]}.parquet', "
                f"range({MANY}) as numbers (i)) to '{files}/{table}-9.parquet'"
            )
            names[table] = f"{table}-9"
    point_at(lake, "r9", names)
    # A tenth of them is enough to be written.
    order = Order(("webdataset",), where="regexp_matches(image_id, '(7|18)$')")
    with gathered(lake, Catalog.open(lake), Order(), tmp_path, threads=2) as pairs:
        assert pairs.n_pairs == MANY
        spans = [(at, at + 30_000) for at in range(0, MANY, 30_000)]
        found = [
            row["image_id"]
            for first, last in spans
            for row in pairs.rows("train", (first, min(last, MANY)), mixed=True)
        ]
    assert len(found) == len(set(found)) == MANY
    assert found[:10] != sorted(found[:10])
    done = export_release(lake, tmp_path / "out", order, threads=2)
    assert done.n_pairs == 11_000
    folder = tmp_path / "out" / "webdataset" / "train"
    sizes = json.loads((folder / "sizes.json").read_text())
    assert list(sizes.values()) == [10_000, 1_000]
    keys = set()
    for name in sizes:
        with tarfile.open(folder / name) as tar:
            keys |= {member.name for member in tar if member.name.endswith(".json")}
    assert len(keys) == 11_000
    about = pq.read_metadata(tmp_path / "out" / "metadata.parquet")
    assert about.num_rows == 11_000
    with tarfile.open(folder / "00000.tar") as tar:
        first = next(member for member in tar if member.name.endswith(".json"))
        record = json.load(tar.extractfile(first) or io.BytesIO())
    assert record["surrounding_tags"] == [{"highway": "service"}]
