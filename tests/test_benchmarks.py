"""The benchmarks measure what they say they measure."""

import subprocess
import sys
from collections import Counter
from typing import Any

import duckdb
import osmium
import pytest
from osmium.osm import mutable

from benchmarks.load import exponent
from benchmarks.measure import cost
from benchmarks.replicate import ID_STEP, replicate

EAST = 5.0


def elements(path):
    """Type, id, tags and what else an element says, in the order of the file."""
    one: Any
    for one in osmium.FileProcessor(str(path)):
        tags = dict(one.tags)
        if one.is_node():
            yield "n", one.id, tags, (round(one.lon, 7), round(one.lat, 7))
        elif one.is_way():
            yield "w", one.id, tags, [node.ref for node in one.nodes]
        else:
            yield "r", one.id, tags, [(m.type, m.ref, m.role) for m in one.members]


@pytest.fixture
def plot(tmp_path):
    """One square with a name, as a way and as a relation of it and of a node."""
    path = tmp_path / "plot.osm.pbf"
    corners = ((0, 0), (0, 1), (1, 1), (1, 0))
    with osmium.SimpleWriter(str(path)) as out:
        for number, place in enumerate(corners, 11):
            out.add_node(mutable.Node(id=number, location=place, version=3))
        out.add_way(mutable.Way(id=7, nodes=[11, 12, 13, 14, 11], tags={"a": "b\n"}))
        members = [("w", 7, "outer"), ("n", 12, "label")]
        out.add_relation(mutable.Relation(id=5, members=members, tags={"c": "ü"}))
    return path


def test_a_copy_has_other_ids_and_lies_further_east(plot, tmp_path):
    replicate(plot, tmp_path / "x3.osm.pbf", 3)
    found = list(elements(tmp_path / "x3.osm.pbf"))
    assert found[:4] == list(elements(plot))[:4]
    step = 2 * ID_STEP
    assert ("n", step + 13, {}, (1 + 2 * EAST, 1)) in found
    corners = [step + number for number in (11, 12, 13, 14, 11)]
    assert ("w", step + 7, {"a": "b\n"}, corners) in found
    members = [("w", step + 7, "outer"), ("n", step + 12, "label")]
    assert found[-1] == ("r", step + 5, {"c": "ü"}, members)


def test_copies_keep_the_order_of_a_sorted_file(plot, tmp_path):
    replicate(plot, tmp_path / "x3.osm.pbf", 3)
    order = [("nwr".index(e[0]), e[1]) for e in elements(tmp_path / "x3.osm.pbf")]
    assert order == sorted(order)


@pytest.mark.realdata
def test_a_real_file_with_mixed_blocks_is_copied_whole(real_data, tmp_path):
    source = real_data / "osm" / "liechtenstein2013_osm2pgsql.osm.pbf"
    copies = tmp_path / "x2.osm.pbf"
    replicate(source, copies, 2)
    whole, twice = counts(source), counts(copies)
    assert twice == {key: 2 * number for key, number in whole.items()}
    assert read_by_duckdb(copies) == [(k, 2 * n) for k, n in read_by_duckdb(source)]


def counts(path):
    """Elements by type, areas among them, and their tags."""
    one: Any
    found: Counter[str] = Counter()
    for one in osmium.FileProcessor(str(path)).with_areas():
        found[one.type_str()] += 1
        found["tags"] += len(one.tags)
    return found


def read_by_duckdb(path):
    with duckdb.connect() as con:
        con.execute("load spatial")
        return con.execute(
            f"select kind::varchar, count(*) from st_readosm('{path}') "
            "group by all order by all"
        ).fetchall()


def test_a_cost_counts_children_and_the_tree_at_one_time():
    child = "import time; x = bytearray(60 << 20); time.sleep(1)"
    tree = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'])"
    parent = f"x = bytearray(60 << 20); {tree}"
    found = cost([sys.executable, "-c", parent])
    assert 60 < found.peak_mb < 110
    if sys.platform == "linux":
        assert found.tree_mb > 120
    assert 0 < found.cpu_s < 1


def test_a_command_that_fails_costs_nothing_but_an_error(capfd):
    with pytest.raises(subprocess.CalledProcessError):
        cost([sys.executable, "-c", "import sys; sys.exit('no such thing')"])
    assert "no such thing" in capfd.readouterr().err


def test_the_exponent_of_a_square_is_two():
    assert exponent([1, 4, 16], [3, 48, 768]) == pytest.approx(2)
