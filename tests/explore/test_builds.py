"""The history of a catalog, and what two of its builds differ in."""

import json

import polars as pl
import pytest

from explore.builds import compare
from explore.figures import literal
from skyloom import duck
from skyloom.errors import SkyloomError, UsageError
from skyloom.history import published_runs
from skyloom.lake import Lake
from skyloom.publish import publish

STYLE = "skyscript"
Words = dict[str, list[tuple[str, str]]]
OLD: Words = {
    "a1": [("house", "house"), ("path", "road of path")],
    "a2": [("house", "house")],
    "a3": [("grass", "grass")],
}
# a1 loses the path and its house is worded anew, a2 is gone, a3 stays, a4 comes.
NEW: Words = {
    "a1": [("house", "small house")],
    "a3": [("grass", "grass")],
    "a4": [("tree", "tree")],
}


def put(lake: Lake, scenes: Words, digest: str = "") -> str:
    """Publish captions made of (rule, words), and return the run."""
    with duck.connect() as con:
        con.execute(
            "create table words (scene_id varchar, style varchar, caption varchar, "
            "position int, words varchar, rule_id varchar)"
        )
        con.execute(
            "create table captions (scene_id varchar, style varchar, title varchar, "
            "title_multi_objects varchar, rules_digest varchar)"
        )
        for scene, said in scenes.items():
            for place, (rule, words) in enumerate(said):
                run = (scene, STYLE, "title_multi_objects", place, words, rule)
                con.execute(f"insert into words values ({literal(run)[1:-1]})")
            text = ", ".join(words for _, words in said)
            rules = ",".join(rule for rule, _ in said) + digest
            row = (scene, STYLE, said[0][1], text, rules)
            con.execute(f"insert into captions values ({literal(row)[1:-1]})")
        tables = {"captions": "captions", "caption_words": "words"}
        order = {
            "captions": "scene_id, style",
            "caption_words": "scene_id, style, position",
        }
        return str(publish(lake, con, tables, order, {})["run_id"])


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake.open(tmp_path / "lake", create=True)


def test_the_history_is_the_order_of_publication(lake):
    old, new = put(lake, OLD), put(lake, NEW)
    assert put(lake, NEW) == new
    assert published_runs(lake.catalog) == [old, new]
    # Back to where it was: the same run, a line of its own.
    assert put(lake, OLD) == old
    lines = (lake.catalog / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"run_id": run} for run in (old, new, old)
    ]


def test_a_catalog_without_a_history_begins_one_with_its_current_run(lake):
    old = put(lake, OLD)
    (lake.catalog / "history.jsonl").unlink()
    assert published_runs(lake.catalog) == [old]
    new = put(lake, NEW)
    assert published_runs(lake.catalog) == [old, new]


def test_captions_are_counted_by_rule_with_their_texts(lake):
    old, new = put(lake, OLD), put(lake, NEW)
    with compare(lake, None, None) as difference:
        seen = difference.summary()
    assert (seen["before"], seen["after"]) == (old, new)
    assert seen["captions"] == {
        "n_added": 1,
        "n_lost": 1,
        "n_changed": 1,
        "n_same_text": 0,
        "n_unchanged": 1,
    }
    rules = {r["rule_id"]: tuple(r.values())[1:] for r in seen["rules"]}
    assert rules == {"house": (0, 1, 1), "path": (0, 1, 0), "tree": (1, 0, 0)}
    changed = next(e for e in seen["examples"] if e["change"] == "changed")
    assert changed["title_multi_objects_before"] == "house, road of path"
    assert changed["title_multi_objects_after"] == "small house"
    assert (changed["rules_lost"], changed["rules_changed"]) == (["path"], ["house"])


def test_the_same_text_by_other_rules_is_no_changed_caption(lake):
    put(lake, {"a1": [("house", "house")]})
    put(lake, {"a1": [("home", "house")]})
    with compare(lake, None, None) as difference:
        counts = difference.counts
        assert (counts.n_changed, counts.n_same_text, counts.n_unchanged) == (0, 1, 0)
        assert [(r.rule_id, r.n_added, r.n_lost) for r in difference.rules] == [
            ("home", 1, 0),
            ("house", 0, 1),
        ]
        assert difference.examples == ()


def test_runs_are_named_by_their_beginning(lake):
    old, new = put(lake, OLD), put(lake, NEW)
    with compare(lake, new[:6], old[:6], most=0) as difference:
        assert (difference.before, difference.after) == (new, old)
        assert difference.examples == ()
    with compare(lake, old, None) as difference:
        assert difference.after == new
    with pytest.raises(UsageError, match=f"no run is called 'zz'.*{new}, {old}"):
        compare(lake, "zz", None).__enter__()


def test_one_build_cannot_be_compared(lake):
    with pytest.raises(UsageError, match="nothing is published"):
        compare(lake, None, None).__enter__()
    put(lake, OLD)
    with pytest.raises(UsageError, match=r"one build only.*skyloom build"):
        compare(lake, None, None).__enter__()


def test_a_file_that_is_gone_is_named(lake):
    put(lake, OLD)
    (file,) = (lake.catalog / "files").glob("captions-*.parquet")
    put(lake, NEW)
    file.unlink()
    with pytest.raises(SkyloomError, match=f"{file.name}.*lacks its table captions"):
        compare(lake, None, None).__enter__()


def test_an_unchanged_file_is_not_read(lake, monkeypatch):
    first, second = put(lake, OLD), put(lake, NEW)
    with compare(lake, first, first) as difference:
        assert difference.tables == ()
        assert difference.counts.n_unchanged == 3
        assert difference.rules == ()
    with compare(lake, first, second) as difference:
        tables = {one.table: (one.n_before, one.n_after) for one in difference.tables}
    assert tables == {"captions": (3, 3), "caption_words": (4, 3)}


def test_all_rows_go_into_a_file(lake, skyloom, tmp_path):
    put(lake, OLD)
    put(lake, NEW)
    for suffix in ("csv", "parquet"):
        out = tmp_path / "rows" / f"changes.{suffix}"
        done = skyloom("diff", "--lake", lake.root, "--json", "--out", out)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["captions"]["n_changed"] == 1
        read = pl.read_csv if suffix == "csv" else pl.read_parquet
        frame = read(out)
        assert frame["scene_id"].to_list() == ["a1", "a2", "a4"]
        assert frame["change"].to_list() == ["changed", "lost", "added"]
    done = skyloom("diff", "--lake", lake.root, "--out", tmp_path / "x.xlsx")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_person_reads_before_and_after(lake, skyloom):
    put(lake, OLD)
    put(lake, {**NEW, "a1": [("house", "small \x1b[2Jhouse")]})
    done = skyloom("diff", "--lake", lake.root)
    assert "  - house, road of path" in done.stdout
    assert "  + small \N{REPLACEMENT CHARACTER}[2Jhouse" in done.stdout
    assert "\x1b" not in done.stdout
    assert "a1 skyscript changed -path ~house" in done.stdout


def test_snapshots_need_two_names(lake, skyloom):
    done = skyloom("diff", "--osm", "--lake", lake.root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "diff --osm A B" in done.stderr
