"""`skyloom load` and `skyloom diff` as they are typed."""

import json

import pytest
from osmium import SimpleWriter
from osmium.osm.mutable import Node


def town(path, *names):
    with SimpleWriter(str(path)) as writer:
        for number, name in enumerate(names, 1):
            tags = {"natural": "tree", "name": name}
            writer.add_node(Node(id=number, location=(7, 47), tags=tags))
    return path


def test_two_dates_are_loaded_and_compared(skyloom, tmp_path):
    old = town(tmp_path / "town-200101.osm.pbf", "a", "b")
    new = town(tmp_path / "town-210101.osm.pbf", "a", "c", "d")
    lake = ("--lake", tmp_path / "lake")
    done = skyloom("load", old, new, *lake, "--json")
    first, second = json.loads(done.stdout)
    assert (first["snapshot"], first["points"]) == ("town@2020-01-01", 2)
    assert (second["skipped"], second["reasons"]) == (False, {})
    done = skyloom("diff", "--osm", "2020", "2021", *lake, "--json")
    summary = json.loads(done.stdout)
    totals = [summary[f"n_{change}"] for change in ("added", "removed", "retagged")]
    assert totals == [1, 0, 1]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "there is nothing to load"),
        (("--bbox", "1,2,3"), "not four numbers"),
        (("--bbox", "1,2,3,4", "--polygon", "x.geojson"), "give one of them"),
    ],
)
def test_what_makes_no_sense_is_refused(flags, words, skyloom, tmp_path):
    done = skyloom("load", *flags, "--lake", tmp_path / "lake")
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "lake").exists()
