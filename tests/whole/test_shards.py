"""A lake divided among machines comes to the bytes of one build."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from skyloom.catalog import Catalog
from skyloom.lake import Lake
from skyloom.shards.passes import build_shard
from skyloom.shards.place import PARTS, Place, places
from skyloom.shards.tiling import shards_of

# One worker makes what these tests read; another would only wait for it.
pytestmark = pytest.mark.xdist_group("shards")

# A sample that no shard knows alone: sampled cells, rare tags, both caps. The drawn
# town is small: a rule's sight would show each shard all of it.
VARIABLES = {
    "cell_fraction": 0.6,
    "rare_tag_below": 5,
    "max_focus_per_tag": 40,
    "max_focus_per_key": 150,
    "rule_sight_deg": 0.0,
}
FLAGS = ("--quiet", "--threads", "2", "--vars", json.dumps(VARIABLES))
COUNT = 2


def started(root: Path, shard: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "skyloom.cli", "build", "--shard", shard]
    return subprocess.Popen([*command, "--lake", root, *FLAGS], start_new_session=True)


@pytest.fixture(scope="module")
def lakes(once, demo, skyloom):
    """A lake built whole, and one built in shards; neither has seen the other."""

    def fill(folder: Path) -> None:
        for name in ("whole", "divided"):
            shutil.copytree(demo / "lake", folder / name)
        done = skyloom("build", "--lake", folder / "whole", *FLAGS)
        assert done.returncode == 0, done.stderr
        divided = folder / "divided"
        shutil.rmtree(divided / "catalog")
        (divided / "warehouse.duckdb").unlink()
        # The first shard is killed at work, dbt with it, and begun again.
        victim = started(divided, "1/2")
        time.sleep(15)
        os.killpg(victim.pid, signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL
        said = []
        for shard in ("1/2", "2/2", "1/2"):
            done = skyloom("build", "--lake", divided, "--shard", shard, *FLAGS)
            said.append([done.returncode, done.stdout.strip()])
        (folder / "said.json").write_text(json.dumps(said))
        done = skyloom("merge", "--lake", divided, *FLAGS)
        assert done.returncode == 0, done.stderr

    return once("shards", fill)


@pytest.fixture
def divided(lakes) -> Lake:
    return Lake.open(lakes / "divided")


def test_the_merge_has_the_bytes_of_one_build(lakes, divided):
    whole = Catalog.open(Lake.open(lakes / "whole"))
    assert Catalog.open(divided).run_id == whole.run_id
    # ... of a sample that leaves something out, in each of the ways.
    reasons = set(whole.frame("scene_rejects")["reason"])
    assert "not_sampled" in reasons
    assert whole.frame("scenes").height > 200


def test_a_shard_waits_for_what_the_others_say_of_themselves(lakes):
    assert json.loads((lakes / "said.json").read_text()) == [
        [
            3,
            "shard 1/2 has said what it holds; run it again when the others have: 2",
        ],
        [0, "shard 2/2 is built"],
        [0, "shard 1/2 is built"],
    ]


def test_each_shard_makes_its_own_and_reads_its_neighbours_objects(divided):
    own = [
        pl.read_parquet(place.files(PARTS)["objects"]).height
        for place in places(divided, COUNT)
    ]
    assert sum(own) == Catalog.open(divided).frame("objects").height
    assert all(own)


def test_what_is_done_is_not_done_again(divided, skyloom):
    place = Place(divided, 1, COUNT)
    before = (place.root / "parts.json").stat().st_mtime_ns
    done = skyloom("build", "--lake", divided.root, "--shard", "1/2", *FLAGS)
    assert (done.returncode, done.stdout) == (0, "shard 1/2 is built\n")
    assert (place.root / "parts.json").stat().st_mtime_ns == before


def test_without_its_surroundings_a_shard_makes_something_else(
    divided, tmp_path, monkeypatch
):
    """The control: what a shard reads beyond its own tiles matters."""
    lake = Lake(tmp_path / "lake")
    shutil.copytree(divided.root, lake.root)
    place = Place(lake, 1, COUNT)
    whole = pl.read_parquet(place.files(PARTS)["scene_objects"])
    state = json.loads((place.root / "state.json").read_text())
    place.note(PARTS, "of something else")
    # What stands in a warehouse is not found again.
    (place.root / "warehouse.duckdb").unlink()
    assert state["parts"] == state["summaries"]
    tiles = place.root / "tiles.parquet"
    files = Place.files

    def blind(self: Place, group: str) -> dict[str, Path]:
        found = files(self, group)
        return found | {name: tiles for name in found if name == "int_shard_reach"}

    with monkeypatch.context() as patch:
        patch.setattr(Place, "files", blind)
        build_shard(lake, 1, COUNT, threads=2, memory_limit="2GB", variables=VARIABLES)
    blind_part = pl.read_parquet(place.files(PARTS)["scene_objects"])
    assert 0 < blind_part.height < whole.height


def test_a_merge_names_the_shards_that_are_missing(divided, tmp_path, skyloom):
    lake = tmp_path / "lake"
    shutil.copytree(divided.root, lake)
    (lake / "shards" / "2" / "2" / "state.json").unlink()
    done = skyloom("merge", "--lake", lake, *FLAGS)
    assert done.returncode == 1
    assert "shards are not built from what the lake holds: 2/2" in done.stderr
    shutil.rmtree(lake / "shards")
    done = skyloom("merge", "--lake", lake, *FLAGS)
    assert done.returncode == 1
    assert "no shard is built" in done.stderr


def test_shards_of_the_town_share_the_work(divided):
    one, other = shards_of(divided, COUNT)
    assert abs(one.n_objects - other.n_objects) < 0.2 * (
        one.n_objects + other.n_objects
    )


@pytest.mark.parametrize("shard", ["0/2", "3/2", "x", "1", "-1/2", "1/0"])
def test_a_shard_that_is_none_of_so_many_is_refused(shard, skyloom, tmp_path):
    done = skyloom("build", "--lake", tmp_path / "lake", "--shard", shard)
    assert done.returncode == 2
    assert "is not one of so many" in done.stderr
