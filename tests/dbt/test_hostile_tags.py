"""Tags that mean harm: nothing breaks, nothing runs, and no rule is talked round."""

import csv
import json
import re
from fnmatch import fnmatchcase
from html.parser import HTMLParser

import osmium
import polars as pl
import pytest
from osmium.osm.mutable import Node, Way

from skyloom import duck
from skyloom.catalog import Catalog
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake

# One worker makes what these tests read; another would only wait for it.
pytestmark = pytest.mark.xdist_group("hostile_tags")

MARK = "zqx"
# Each holds the mark, so that it is found wherever it went.
HOSTILE = {
    "sql": "zqx'; drop table objects; create table pwned as select 1; --",
    "more sql": "\"zqx\"; copy (select 1) to '{pwned}'; attach '{pwned}' as zqx; --",
    "a quote": "zqx'",
    "jinja": "zqx {{ 7 * 7 }} {% set x = 1 %}{{ ref('objects') }} {# #}",
    "open jinja": "zqx {{ {% {#",
    "shell": "zqx $(touch {pwned}) `touch {pwned}` | touch {pwned}",
    "markup": "<script>zqx()</script><img src=x onerror=zqx()>\"'><zqx onload=zqx()>",
    "comment": "zqx --><!-- ]]> </style></title></svg><zqx>",
    "entity": "&lt;zqx&gt;&#60;zqx&#62;",
    "link": "javascript:zqx()",
    "formula": "=cmd|' /C zqx'!A0",
    "plus": "+zqx(1)",
    "at": "@zqx",
    "cells": 'zqx,"a",b\r\n=zqx,c',
    "controls": "zqx" + "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\u2029\ufeff",
    "terminal": "zqx\x1b[2J\x1b]0;zqx\x07",
    "right to left": "zqx \u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd",
    "emoji": "zqx \U0001f3e0\U0001f468\u200d\U0001f469\u200d\U0001f467\uffff",
    "caption": "zqx, surrounded by a satellite image of zqx; zqx with zqx and zqx",
    "glob": "zqx*?[a-z]\\",
    "path": "../../../zqx/%2e%2e/etc/passwd",
    "format": "zqx %s %(x)s {0} {x!r} $x ${x}",
    "number": "zqx 1e999 nan -inf 0x10",
    "capital": "ZQX House",
    "list": "zqx;zqx",
    "long": "zqx " * 250,
}
# Names that the tables, the models and the engine use themselves.
NAMES = ["object_id", "tags", "key", "value", "rule_id", "phrase", "geometry", "kind"]
NAMES += ["kinds", "select", "null", "true", "rowid", "count(*)", "*", "struct", ""]
GRAMMAR = ["a satellite image of", "surrounded by", "with", "and", "of", "is", "(none)"]
# Numbers and colours that the drawing reads.
DRAWN = ["height", "width", "min_height", "building:levels", "layer", "lanes"]
DRAWN += ["colour", "building:colour", "roof:colour", "roof:shape", "surface"]
SAID = ["landuse", "leisure", "sport", "natural", "man_made", "surface", "shop"]
STEP, SIDE = 0.0006, 0.0003


def tagged(pwned):
    """Tags of areas and points that stand close together, each in others' pictures."""
    for number, text in enumerate(HOSTILE.values()):
        text = text.replace("{pwned}", str(pwned))
        keys = [*SAID, *DRAWN] if number % 2 else ["building", *SAID]
        yield {"building": "yes"} | dict.fromkeys(keys, text)
        yield {"natural": "tree", "name": text, "note:" + text[:200]: text, text: "yes"}
    for size in ("1e308", "-1e308", "nan", "-inf", "0", "9" * 300):
        yield {"building": "house", **dict.fromkeys(DRAWN, size)}
    for word in GRAMMAR:
        yield {"building": "house", **dict.fromkeys(SAID, word)}
    yield {"building": "yes", **dict.fromkeys(NAMES, MARK)}
    yield {"building": "yes", **{f"zqx:{i}": f"zqx' {i}" for i in range(500)}}


@pytest.fixture(scope="module")
def folder(once, skyloom):
    def fill(folder):
        (folder / "pwned").mkdir()
        write(folder / "odd.osm.pbf", tagged(folder / "pwned" / "x"))
        done = skyloom("load", folder / "odd.osm.pbf", "--lake", folder / "lake")
        assert done.returncode == 0, done.stderr
        lengthen(Lake.open(folder / "lake"))
        for command in (
            ("run", "--sources", "drawn", "--lake", folder / "lake"),
            ("report", "--lake", folder / "lake"),
            ("export", "--pickles", "--lake", folder / "lake", "--out", folder / "out"),
        ):
            done = skyloom(*command)
            (folder / f"{command[0]}.txt").write_text(done.stdout + done.stderr)
            assert done.returncode == 0, done.stdout + done.stderr

    return once("hostile", fill)


def write(file, things):
    """Number and tags of each as a square of 25 m or, for a tree, as a point."""
    nodes, ways = [], []
    for number, tags in enumerate(things, 1):
        x, y = 8.8 + number % 9 * STEP, 46.17 + number // 9 * STEP
        corners = [(x, y), (x + SIDE, y), (x + SIDE, y + SIDE), (x, y + SIDE)]
        is_tree = tags.get("natural") == "tree"
        refs = range(4 * number, 4 * number + 4)
        for ref, place in zip(refs, corners, strict=True):
            own = tags if is_tree and ref % 4 == 0 else {}
            nodes.append(Node(id=ref, location=place, tags=own))
        if not is_tree:
            ways.append(Way(id=number, nodes=[*refs, refs[0]], tags=tags))
    with osmium.SimpleWriter(str(file)) as writer:
        for spot in nodes:
            writer.add_node(spot)
        for way in ways:
            writer.add_way(way)


LONGER = """
select * replace (map_concat(tags, case object_id
    when 'a1' then map {{
        'name': repeat('zqx'' ', 2500), 'zqx' || chr(0): 'zqx' || chr(0)
    }}
    when 'a3' then map {{
        'building': repeat('zqx<b>', 2000), 'landuse': 'zqx' || chr(0)
    }}
    else map {{}}::map(varchar, varchar)
end) as tags)
from {file}
"""


def lengthen(lake):
    """Longer than PBF writers let through, and the byte that their strings end at."""
    (file,) = (lake.root / "osm").glob("*@*/objects.parquet")
    with duck.connect() as con:
        query = LONGER.format(file=duck.quoted(file))
        write_parquet(con, query, file, order_by="object_id")


@pytest.fixture(scope="module")
def catalog(folder):
    return Catalog.open(Lake.open(folder / "lake"))


def test_every_tag_is_kept_as_it_was_written(folder, catalog):
    kept = {
        row["object_id"]: row["tags"]
        for row in catalog.frame("objects").iter_rows(named=True)
    }
    written = list(tagged(folder / "pwned" / "x"))
    assert len(kept) == len(written)
    for number, tags in enumerate(written, 1):
        is_tree = tags.get("natural") == "tree"
        object_id = f"n{4 * number}" if is_tree else f"a{number}"
        if object_id not in ("a1", "a3"):
            assert kept[object_id] == tags
    assert kept["a1"]["zqx\0"] == "zqx\0"
    assert kept["a1"]["name"] == "zqx' " * 2500
    assert kept["a3"]["building"] == "zqx<b>" * 2000


def test_nothing_that_a_tag_says_is_done(folder, catalog):
    assert not list((folder / "pwned").iterdir())
    with duck.connect(folder / "lake" / "warehouse.duckdb", read_only=True) as con:
        names = con.execute("select table_name from duckdb_tables()").fetchall()
    assert ("objects",) in names
    assert not [name for (name,) in names if "pwned" in name or MARK in name]
    assert not [file for file in folder.rglob("*") if MARK in file.name]
    text = "".join(catalog.frame("captions")["title_multi_objects"])
    assert "49" not in text


def test_each_object_has_a_picture_and_stands_in_others(catalog):
    images = catalog.frame("images")
    # Two say that they lie below the ground: layer -1e308 and -inf.
    assert len(images) == len(catalog.frame("objects")) - 2
    seen = catalog.frame("scene_objects").filter(pl.col("role") == "surrounding")
    assert seen["object_id"].n_unique() > 0.9 * len(images)


PLAIN = re.compile("[a-z0-9][a-z0-9_:. -]{0,39}")


def test_every_word_is_a_rule_s_or_a_plain_value(catalog):
    rules = {
        row["rule_id"]: row for row in catalog.frame("tag_rules").iter_rows(named=True)
    }
    tags = {
        row["object_id"]: row["tags"]
        for row in catalog.frame("objects").iter_rows(named=True)
    }
    n_said = 0
    for word in catalog.frame("caption_words").iter_rows(named=True):
        if word["role"] == "grammar":
            assert word["words"] in (
                "a satellite image of ",
                ", surrounded by ",
                "; ",
                ", ",
                " with ",
                " and ",
            )
            continue
        rule = rules[word["rule_id"]]
        assert tags[word["object_id"]][word["key"]] == word["value"]
        assert fnmatchcase(word["key"], rule["key"])
        assert fnmatchcase(word["value"], rule["value"])
        assert float(rule["max_gsd_m"]) > 0
        assert word["words"].isprintable()
        if "*" in rule["value"] and not rule["phrase"]:
            assert PLAIN.fullmatch(word["value"])
        else:
            assert MARK not in word["words"]
        n_said += 1
    assert n_said > 150
    titles = catalog.frame("captions").select("title", "title_multi_objects")
    for text in [*titles["title"], *titles["title_multi_objects"]]:
        assert text.startswith("a satellite image of ")
        assert not re.search("[^a-z0-9 ,;.:_-]", text), text


class Page(HTMLParser):
    """What a browser would make of the report: elements, handlers, links, text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.links, self.handlers = set(), set(), set()
        self.text = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        for name, value in attributes:
            if name.startswith("on"):
                self.handlers.add(name)
            if name in ("href", "src"):
                self.links.add((value or "").split(":")[0])

    def handle_data(self, data):
        self.text.append(data)


def test_the_report_shows_tags_as_text(folder):
    report = folder / "lake" / "report.html"
    text = report.read_text()
    page = Page(text)
    assert not page.elements & {"script", MARK, 'b"', "iframe", "object", "embed"}
    assert not page.handlers
    assert "javascript" not in page.links
    assert MARK in text
    assert "<zqx" not in text
    assert "<script" not in text


def test_a_release_holds_captions_and_allowed_tags_alone(folder, catalog):
    captions = catalog.frame("images").join(catalog.frame("captions"), on="scene_id")
    expected = sorted(captions.select("title", "title_multi_objects").iter_rows())
    with (folder / "out" / "pairs.csv").open(newline="") as file:
        pairs = list(csv.DictReader(file))
    got = sorted((pair["title"], pair["title_multi_objects"]) for pair in pairs)
    assert got == expected
    for pair in pairs:
        for cell in pair.values():
            assert cell.isprintable()
            assert cell[0] not in "=+-@"
        assert (folder / "out" / pair["filepath"]).is_file()
    admitted = set(catalog.frame("object_tags").filter("groundable")["value"])
    lines = (folder / "out" / "metadata.jsonl").read_text().split("\n")
    records = [json.loads(line) for line in lines if line]
    assert len(records) == len(pairs)
    for record in records:
        for tags in (record["center_tags"], *record["surrounding_tags"]):
            assert set(tags.values()) <= admitted


def test_the_terminal_obeys_no_tag(folder, skyloom):
    sql = "select tags::varchar as tags from objects order by object_id"
    done = skyloom("query", "--lake", folder / "lake", sql)
    assert done.returncode == 0, done.stderr
    assert MARK in done.stdout
    assert all(c.isprintable() or c == "\n" for c in done.stdout)
