"""The benchmarks measure what they say they measure."""

import csv
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import osmium
import pytest
from osmium.osm import mutable

from benchmarks import clip
from benchmarks.lakes import copy_project, copy_tables, edit_rule, give_tables
from benchmarks.load import exponent
from benchmarks.measure import cost
from benchmarks.models import Models
from benchmarks.peers import naive_shares, with_geopandas, with_geopandas_captions
from benchmarks.places import rows_written, shuffled
from benchmarks.replicate import ID_STEP, replicate
from benchmarks.sql_captions import agreement
from benchmarks.sql_join import count, differences
from skyloom.dbt_run import PROJECT
from skyloom.duck import connect

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


def test_an_edit_changes_one_rule_and_nothing_else(tmp_path):
    project = copy_project(tmp_path)
    seed = Path("seeds", "tag_rules.csv")
    edit_rule(project, "leisure_pitch", 'a "quoted", thing')
    before, after = rules(PROJECT / seed), rules(project / seed)
    assert [row for row in before if row not in after] == [
        row for row in before if row["rule_id"] == "leisure_pitch"
    ]
    assert {row["phrase"] for row in after if row not in before} == {
        'a "quoted", thing'
    }
    with pytest.raises(KeyError):
        edit_rule(project, "no such rule", "thing")


def rules(file):
    with file.open(newline="") as seed:
        return list(csv.DictReader(seed))


BOX = "west double, south double, east double, north double"
SCENES = f"scene_id varchar, object_id varchar, {BOX}, width_px int, height_px int"
SHARES = "scene_id, object_id, role, share_of_box, visible_fraction, extent_px, rank"


@pytest.fixture
def box(tmp_path):
    """A box of 1 x 1 degrees, 100 px wide and 200 px high, and what lies about it."""
    folder = tmp_path / "tables" / "main"
    folder.mkdir(parents=True)
    bounds = "'xmin': {0}, 'ymin': {1}, 'xmax': {0} + 2, 'ymax': {1} + 2"
    rows = {
        "inside": ("area", "st_makeenvelope(0.25, 0.25, 0.75, 0.5)"),
        "corner": ("area", "st_makeenvelope(0.5, 0.5, 1.5, 1.5)"),
        "road": ("line", "st_geomfromtext('LINESTRING(-1 0.1, 1 0.1, 1 3)')"),
        "tree": ("point", "st_point(0.5, 0.9)"),
        "far": ("area", "st_makeenvelope(3, 0, 4, 1)"),
    }
    with connect() as con:
        extent = "struct(xmin float, ymin float, xmax float, ymax float)"
        con.execute(f"create table scenes ({SCENES}, bbox {extent}, geometry geometry)")
        con.execute(
            "insert into scenes values ('s', 'inside', 0, 0, 1, 1, 100, 200, "
            f"{{{bounds.format(0, 0)}}}, st_makeenvelope(0, 0, 1, 1))"
        )
        con.execute(
            "create table objects (object_id varchar, kind varchar, geometry geometry)"
        )
        for name, (kind, shape) in rows.items():
            con.execute(f"insert into objects values ('{name}', '{kind}', {shape})")
        con.execute(
            "create table bounded as select *, {'xmin': st_xmin(geometry), "
            "'ymin': st_ymin(geometry), 'xmax': st_xmax(geometry), "
            f"'ymax': st_ymax(geometry)}}::{extent} as bbox from objects"
        )
        con.execute(f"copy scenes to '{folder}/scenes.parquet'")
        con.execute(f"copy bounded to '{folder}/objects.parquet'")
    return folder.parent


def ranked(file):
    with connect() as con:
        return con.execute(f"select {SHARES} from '{file}' order by rank").fetchall()


def test_geopandas_and_naive_sql_give_the_shares_of_a_box(box, tmp_path):
    with_geopandas.main(box, tmp_path / "geopandas.parquet")
    naive_shares.main(box, tmp_path / "naive.parquet", "1GB")
    found = ranked(tmp_path / "naive.parquet")
    assert ranked(tmp_path / "geopandas.parquet") == found
    assert found == [
        ("s", "inside", "focus", 0.125, 1.0, 50.0, 1),
        ("s", "road", "surrounding", None, pytest.approx(1.9 / 4.9), 180.0, 2),
        ("s", "corner", "surrounding", 0.25, 0.25, 100.0, 3),
        ("s", "tree", "surrounding", None, None, None, 4),
    ]
    naive, objects = tmp_path / "naive.parquet", box / "main" / "objects.parquet"
    figures = differences("x", naive, naive, objects)
    assert all(one["holds"] for one in figures)


def test_another_share_and_a_pair_less_are_differences(box, tmp_path):
    ours, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    naive_shares.main(box, ours, "1GB")
    with connect() as con:
        con.execute(
            "copy (select * replace (share_of_box + 0.001 as share_of_box) "
            f"from '{ours}' where object_id != 'tree') to '{theirs}'"
        )
    alone, kind, apart = differences(
        "x", ours, theirs, box / "main" / "objects.parquet"
    )
    assert (alone["value"], alone["holds"]) == (1, False)
    assert kind["holds"]
    assert (apart["value"], apart["holds"]) == (1000, False)


def test_copied_boxes_keep_their_pairs_and_lie_further_east(box, tmp_path):
    several = copy_tables(box, tmp_path / "x3", 3)
    for tables, name in ((box, "one"), (several, "three")):
        naive_shares.main(tables, tmp_path / f"{name}.parquet", "1GB")
    assert count(tmp_path / "three.parquet") == 3 * count(tmp_path / "one.parquet")
    with connect() as con:
        found = con.execute(
            f"""
            select object_id, st_xmin(geometry), bbox.xmin <= st_xmin(geometry)
            from '{several}/main/objects.parquet'
            where object_id like 'inside:%' order by object_id
            """
        ).fetchall()
    assert found == [(f"inside:{n}", 0.25 + 5 * n, True) for n in range(3)]


def test_a_model_is_made_of_what_is_given_and_of_the_models_before_it(tmp_path):
    (tmp_path / "main").mkdir()
    with connect() as con:
        con.execute(f"copy (select 20 as x) to '{tmp_path}/main/given.parquet'")

    def node(name, sql, *parents):
        return {
            "schema": "main",
            "resource_type": "seed" if name == "given" else "model",
            "alias": name,
            "config": {"materialized": "incremental"},
            "compiled_code": sql,
            "depends_on": {"nodes": [f"model.skyloom.{one}" for one in parents]},
        }

    nodes = {
        "given": node("given", None),
        "half": node(
            "half", 'select x / 2 as x from "warehouse"."main"."given"', "given"
        ),
        "last": node(
            "last", 'select x + 1 as x from "warehouse"."main"."half"', "half"
        ),
    }
    manifest = tmp_path / "manifest.json"
    named = {f"model.skyloom.{name}": one for name, one in nodes.items()}
    manifest.write_text(json.dumps({"nodes": named}))
    with connect() as con:
        Models(con, manifest, tmp_path).write("last", tmp_path / "out.parquet")
        assert con.execute(f"from '{tmp_path}/out.parquet'").fetchall() == [(11,)]
    with connect() as con, pytest.raises(FileNotFoundError, match="given"):
        Models(con, manifest, tmp_path / "nowhere").write("last", tmp_path / "no")


def test_a_row_counts_as_written_where_its_model_ran_again(tmp_path):
    rows = "select 'n' || range as object_id from range(5000)"
    with connect(tmp_path / "warehouse.duckdb") as con:
        for table in ("objects", "int_box_sizes", "captions"):
            con.execute(f"create table {table} as {rows}")
    places = shuffled(tmp_path, tmp_path / "places")
    assert rows_written(tmp_path, places) == {"int_box_sizes": 0, "objects": 0}
    with connect(tmp_path / "warehouse.duckdb") as con:
        con.execute(f"create or replace table objects as {rows}")
        con.execute("insert into int_box_sizes values ('more')")
    found = rows_written(tmp_path, places)
    assert found["int_box_sizes"] == 1
    assert found["objects"] == 5000


def test_python_says_of_the_demo_what_the_models_say(demo, tmp_path):
    """The peer does the same work: its tables are those of the catalog."""
    tables = give_tables(demo / "lake", tmp_path / "tables")
    with_geopandas_captions.main(tables, PROJECT / "seeds", tmp_path)
    assert agreement(demo / "lake", tmp_path / "captions.parquet") == 1
    with connect(demo / "lake" / "warehouse.duckdb", read_only=True) as con:
        for name, columns in {
            "object_tags": "object_id, key, value, rule_id",
            "scene_tags": "scene_id, object_id, object_rank, key, phrase, rule_id",
            "caption_words": "scene_id, caption, position, words, object_id, rule_id",
        }.items():
            file = f"'{tmp_path}/{name}.parquet'"
            unlike = con.execute(
                f"(select {columns} from {name} except select {columns} from {file})"
                f"union all by name"
                f"(select {columns} from {file} except select {columns} from {name})"
            ).fetchall()
            assert unlike == []
            assert con.execute(f"select count(*) from {file}").fetchone() != (0,)


def test_captions_that_differ_are_counted_and_shown(demo, tmp_path, capsys):
    theirs = tmp_path / "captions.parquet"
    with connect(demo / "lake" / "warehouse.duckdb", read_only=True) as con:
        con.execute(
            "copy (select scene_id, title, 'other' as title_multi_objects "
            f"from captions) to '{theirs}'"
        )
    assert agreement(demo / "lake", theirs) == 0
    assert "other" in capsys.readouterr().out


def test_a_rate_begins_after_the_first_batch_and_a_bar_needs_a_gpu():
    def batches():
        time.sleep(0.5)
        yield 1000
        yield 1000
        for _ in range(4):
            time.sleep(0.05)
            yield 10

    assert 20 < clip.rate(batches()) <= 200
    rates = clip.Rates(resident=100, decoding=300, end_to_end=95)
    assert clip.verdict("m", rates, on_gpu=True)["holds"] is True
    assert clip.verdict("m", rates, on_gpu=False)["holds"] == "not measured"
