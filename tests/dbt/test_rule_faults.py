"""A broken rule is one sentence with file and row, and nothing is built from it."""

import csv
import io
import json
import random
import re
import shutil
from fnmatch import fnmatchcase
from itertools import pairwise, product

import pytest

from skyloom.csv_faults import csv_fault, last_line
from skyloom.dbt_run import PROJECT
from tests.dbt.compiled import Models

SEED = PROJECT / "seeds" / "tag_rules.csv"
COLUMNS = SEED.read_text().splitlines()[0].split(",")
# A dbt project of one's own parses, seeds and tests: a few seconds for each build.
RULES = ["tag_rules", "+rule_faults", "stg_seeds__tag_rules", "int_tag_rule_matches"]


@pytest.fixture(scope="module")
def built(once, skyloom):
    """A lake without objects, published; its target holds every compiled model."""

    def fill(folder):
        done = skyloom("build", "--lake", folder / "lake")
        assert done.returncode == 0, done.stderr

    return once("built_empty", fill) / "lake"


@pytest.fixture(scope="module")
def lake(built, tmp_path_factory):
    return shutil.copytree(built, tmp_path_factory.mktemp("faults") / "lake")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    ignored = shutil.ignore_patterns("target", "logs")
    folder = tmp_path_factory.mktemp("rules") / "dbt_project"
    return shutil.copytree(PROJECT, folder, ignore=ignored)


@pytest.fixture
def refusal(lake, project, skyloom):
    """The one line that a build ends with where a seed reads as given."""
    kept = {file: file.read_bytes() for file in (project / "seeds").glob("*.csv")}

    def build(seed, text, *select):
        (project / "seeds" / seed).write_text(text)
        chosen = ("--select", " ".join(select)) if select else ()
        done = skyloom("build", "--lake", lake, *chosen, SKYLOOM_PROJECT=str(project))
        return refused(done)

    yield build
    for file, content in kept.items():
        file.write_bytes(content)


def row(**cells):
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="\n").writerow(cells)
    return text.getvalue()


def refused(done):
    """The one line that a failed command ends with."""
    assert done.returncode == 1, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if ".csv" in line]
    assert said.splitlines()[-1] == line
    return line


def published(lake):
    return {
        file: file.read_bytes()
        for file in (lake / "catalog").rglob("*")
        if file.is_file() and file.name != "built.json"
    }


def test_a_shadowed_rule_fails_the_build_before_anything_reads_it(lake, refusal):
    before = published(lake)
    lines = SEED.read_text().splitlines(keepends=True)
    wide = row(rule_id="wide", key="oddity*", value="*", max_gsd_m=0, priority=9)
    # The cell's line break shifts what follows by one row.
    noted = row(rule_id="noted", key="odd", value="a", max_gsd_m=1, note="a\nb")
    late = row(rule_id="late", key="oddity:x", value="y", max_gsd_m=1)
    text = "".join([*lines[:3], wide, noted, *lines[3:], late])
    assert refusal("tag_rules.csv", text).endswith(
        f"tag_rules.csv:{len(lines) + 4}: rule 'late' can never match: 'wide' (row 4) "
        "decides every tag it could; give it a higher priority or remove it"
    )
    assert published(lake) == before
    results = json.loads((lake / "target" / "run_results.json").read_text())["results"]
    status = {node["unique_id"].split(".")[2]: node["status"] for node in results}
    for name in ("stg_seeds__tag_rules", "int_tag_rule_matches", "captions", "catalog"):
        assert status[name] == "skipped"
    # Bare dbt says it too.
    assert "rule 'late' can never match" in (lake / "logs" / "dbt.log").read_text()


def test_the_first_of_several_faults_is_told_with_their_number(refusal):
    text = SEED.read_text()
    tiny = row(rule_id="a", key="odd", value="a", max_gsd_m="tiny")
    alone = row(rule_id="b", key="odd", value="b", max_gsd_m=1, not_value="c")
    # A file may end in empty lines.
    line = refusal("tag_rules.csv", text + tiny + alone + "\n\n", *RULES)
    place = len(text.splitlines()) + 1
    assert f"tag_rules.csv:{place}: rule 'a' has max_gsd_m 'tiny'" in line
    assert line.endswith("(the first of 2 faults)")
    # Between rows they would shift the count.
    line = refusal("tag_rules.csv", text.replace("\n", "\n\n", 1) + tiny, *RULES)
    assert line.endswith("tag_rules.csv:2: the line is empty; remove it")


def test_a_file_that_cannot_be_read_is_told_with_its_row(refusal):
    lines = SEED.read_text().splitlines(keepends=True)
    text = "".join([*lines[:16], "odd,a,b\n", *lines[16:]])
    line = refusal("tag_rules.csv", text, *RULES)
    assert "tag_rules.csv:17: the row has 3 cells and the header 12" in line


def test_a_column_that_is_missing_is_told(refusal):
    text = SEED.read_text().replace("max_gsd_m", "max_gsd", 1)
    line = refusal("tag_rules.csv", text, *RULES)
    assert "tag_rules.csv:1: the column max_gsd_m is missing; the columns are" in line


def test_a_faulty_selection_is_told_with_its_row(refusal):
    text = (PROJECT / "seeds" / "selections.csv").read_text()
    place = len(text.splitlines()) + 1
    line = refusal(
        "selections.csv",
        text + "mine,ViT-L-14/openai,title,1.5,,,,,none,\n",
        *("selections", "+selection_faults", "stg_seeds__selections"),
    )
    assert line.endswith(
        f"selections.csv:{place}: selection 'mine' has keep_share '1.5', which is not "
        "a share; write a number above 0 and up to 1, such as 0.3"
    )


def test_a_row_that_a_test_refuses_is_told_with_its_place(refusal):
    lines = (PROJECT / "seeds" / "tag_order.csv").read_text().splitlines(keepends=True)
    text = "".join([*lines[:9], lines[2], *lines[9:]])
    line = refusal("tag_order.csv", text, "tag_order")
    key, value, *_ = lines[2].split(",")
    assert "tag_order.csv:10: the test unique_together" in line
    assert f"key = {key}, value = {value}, n_rows = 2" in line


BROKEN = {
    "a short row": ("a,b,c\n1,2,3\n1,2\n", 3, "2 cells and the header 3"),
    "a long row": ("a,b,c\n1,2,3,4\n", 2, "4 cells"),
    "a comment": ("a,b,c\n# 1\n1,2,3\n", 2, "1 cells"),
    "an empty line": ("a,b,c\n1,2,3\n\n1,2,3\n", 3, "empty"),
    "an open quote": ('a,b,c\n1,2,3\n1,"2,3\n1,2,3\n', 3, "quote"),
    "a quote in a quote": ('a,b,c\n"x\ny",2,3\n1,"2"x,3\n', 4, "quote"),
    "another encoding": ("a,b,c\n1,2,3\n1,2,é\n".encode("latin-1"), 3, "UTF-8"),
    "two-byte letters": ("a,b,c\n".encode("utf-16"), 1, "UTF-8"),
    "no column": ("a,c\n1,3\n", 1, "column b is missing"),
    "another delimiter": ("a;b;c\n1;2;3\n", 1, "column a is missing"),
    "a column twice": ("a,b,b,c\n1,2,2,3\n", 1, "column b stands twice"),
    "nothing": ("", 1, "file is empty"),
    "mixed line ends": ("a,b,c\n1,2,3\r\n1,2,3\n", 2, "ends unlike"),
}
SOUND = {
    "plain": "a,b,c\n1,2,3\n",
    "no last line end": "a,b,c\n1,2,3",
    "another order, a column more": "c,x,b,a\n1,2,3,4\n",
    "a byte-order mark": "\ufeffa,b,c\n1,2,3\n",
    "line ends of Windows": "a,b,c\r\n1,2,3\r\n",
    "cells of several lines": 'a,b,c\n1,"2\n2",3\n',
    "odd separators": "a,b,c\n1,2\u2028\u0085\x0b,3\n",
    "empty lines at the end": "a,b,c\n1,2,3\n\n\n",
    "quotes inside a word": 'a,b,c\n1,a "b" c,3\n',
    "no rows": "a,b,c\n",
}


def seed_file(folder, content):
    (folder / "odd.yml").write_text(
        "seeds: [{name: odd, columns: [{name: a}, {name: b}, {name: c}]}]"
    )
    file = folder / "odd.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_has_a_line(name, tmp_path):
    content, line, what = BROKEN[name]
    fault = csv_fault(seed_file(tmp_path, content))
    assert fault is not None
    assert fault.where == f"odd.csv:{line}"
    assert what in fault.what
    assert fault.remedy


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_has_no_fault(name, tmp_path):
    assert csv_fault(seed_file(tmp_path, SOUND[name])) is None


def test_cells_are_found_in_the_last_line_that_holds_them(tmp_path):
    file = seed_file(tmp_path, 'a,b,c\n1,2,"x\ny"\n1,,3\n1,2,3\n')
    assert last_line(file, {"a": 1, "b": 2, "n_rows": 2}) == 5
    assert last_line(file, {"b": None}) == 4
    assert last_line(file, {"b": 7}) is None
    assert last_line(file, {"n_rows": 2}) is None


# What follows asks docs/rules.md, and not the SQL, which rules an object meets.
KEYS = ["a", "ab", "a*", "*b", "*"]
VALUES = ["x", "x;y", "no", "x*", "*x", "x*y", "*"]
KINDS = {None: "pla", "area": "a", "point|line": "pl", "area|line": "al"}
PLAIN = re.compile("[a-z0-9][a-z0-9_:. -]{0,39}")
SHAPES = [("p", None), ("l", None), ("a", 0.0), ("a", 5.0), ("a", 10.0)]
OTHERS = [None, *product(("t", "tq", "u"), ("yes", "yq", "no"))]


def instances(patterns):
    return sorted({p.replace("*", part) for p in patterns for part in ("", "q", "Q!")})


UNIVERSE = list(product(instances(KEYS), instances(VALUES), OTHERS, SHAPES))


def applies(rule, thing):
    key, value, other, (kind, area) = thing
    if not (fnmatchcase(key, rule["key"]) and fnmatchcase(value, rule["value"])):
        return False
    odd = not PLAIN.fullmatch(value) or value == "no"
    unsaid = "*" in rule["value"] and not rule["phrase"] and rule["max_gsd_m"] == "1"
    excluded = other and (
        fnmatchcase(other[0], rule["not_key"] or "")
        and fnmatchcase(other[1], rule["not_value"] or "*")
    )
    least = rule["min_area_m2"]
    return (
        not (odd and unsaid)
        and not excluded
        and kind in KINDS[rule["geometry"]]
        and (least is None or (area is not None and area >= float(least)))
    )


def order(rule):
    exactness = 2 * ("*" not in rule["key"]) + ("*" not in rule["value"])
    return (-int(rule["priority"] or 0), -exactness, rule["rule_id"])


def some_rules(chance):
    conditions: dict[tuple[str | None, ...], tuple[str | None, ...]] = {}
    while len(conditions) < 30:
        geometry = chance.choice(list(KINDS))
        least = (
            chance.choice([None, None, "5", "10"]) if "a" in KINDS[geometry] else None
        )
        tag = (chance.choice(KEYS), chance.choice(VALUES))
        unless = chance.choice(
            [(None, None), *product(("t", "t*"), (None, "yes", "y*"))]
        )
        # What asks for an area asks the same of all kinds as of areas.
        asks = (*tag, *unless, "a" if least else KINDS[geometry], least)
        conditions[asks] = (*tag, *unless, geometry, least)
    for number, cells in enumerate(conditions.values()):
        more = {
            "rule_id": f"r{chance.randrange(100)}_{number}",
            "max_gsd_m": chance.choice(["0", "1", "classifier"]),
            "phrase": chance.choice([None, None, "words"]),
            "phrase_plural": None,
            "priority": chance.choice([None, "1", "5"]),
            "note": None,
        }
        names = ("key", "value", "not_key", "not_value", "geometry", "min_area_m2")
        yield dict(zip(names, cells, strict=True)) | more


def shadows(rules):
    """The row of each rule that another beats wherever it applies, and of that one."""
    met = [{n for n, t in enumerate(UNIVERSE) if applies(r, t)} for r in rules]
    assert all(met)
    first = sorted(range(len(rules)), key=lambda n: order(rules[n]))
    found = {}
    for place, loser in enumerate(first):
        over = [winner for winner in first[:place] if met[loser] <= met[winner]]
        if over:
            found[loser + 2] = over[0] + 2
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_rule_is_shadowed_where_another_takes_all_it_could_meet(built, seed):
    rules = list(some_rules(random.Random(seed)))
    models = Models(built)
    columns = ", ".join(f"{name} varchar" for name in COLUMNS)
    models.table(
        "main_seeds.tag_rules", columns, [[r[name] for name in COLUMNS] for r in rules]
    )
    for name in ("stg_seeds__tag_rule_lines", "rule_cell_faults", "rule_pair_faults"):
        models.build(name)
    assert models.con.execute("from rule_cell_faults").fetchall() == []
    faults = models.con.execute("select line, fault, what from rule_pair_faults")
    told = {}
    for line, fault, what in faults.fetchall():
        assert fault == "never_matches", what
        (other,) = re.findall(r"\(row (\d+)\)", what)
        told[line] = int(other)
    assert told == shadows(rules)
    assert 3 <= len(told) <= len(rules) - 3


ODD = re.compile(r"full_match\([\w.]+, ('.+?')\)\s+and [\w.]+ not in (\(.+?\))")


def test_odd_values_are_told_apart_as_in_the_decision(built):
    """The rule of odd values stands in two models: they must say the same."""
    texts = []
    for name in ("int_tag_rule_matches", "rule_pair_faults"):
        (file,) = (PROJECT / "models").rglob(f"{name}.sql")
        texts.append(ODD.findall(file.read_text()))
    assert all(len(found) == 1 for found in texts)
    assert all(one == other for one, other in pairwise(texts))
