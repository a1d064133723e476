"""The runs of a catalog: listed, found by name, compared."""

import json

import pytest

from skyloom.catalog_diff import compare
from skyloom.catalog_runs import find_runs, list_runs
from skyloom.errors import SkyloomError, UsageError
from skyloom.place import Place
from tests.skyloom.reader_catalog import small_lake

CHANGES = """
delete from captions where scene_id = 'a1_US';
update captions set title = 'another' where style = 'plain' and scene_id = 'n2_US';
insert into captions select * replace ('x9_US' as scene_id) from captions limit 1;
alter table scenes add column note varchar;
alter table scenes drop column gsd_m;
alter table scenes alter column width_px type bigint;
update scenes set country = 'LI' where country is null;
"""


@pytest.fixture
def lake(tmp_path):
    small_lake(tmp_path / "lake")
    return small_lake(tmp_path / "lake", extra=CHANGES)


def test_runs_are_listed_the_last_first(lake, skyloom):
    rows = json.loads(skyloom("catalog", "list", "--lake", lake.root, "--json").stdout)
    history = (lake.catalog / "history.jsonl").read_text().splitlines()
    assert [row["run_id"] for row in rows] == [
        json.loads(line)["run_id"] for line in history[::-1]
    ]
    assert [row["is_current"] for row in rows] == [True, False]
    assert {row["n_tables"] for row in rows} == {4}
    assert rows[0]["n_rows"] > 0
    assert rows[0]["written"].startswith("20")
    # One that came before there was a history.
    old = lake.catalog / "runs" / "00aa.json"
    old.write_text(json.dumps({"tables": [{"name": "images", "file": "x.parquet"}]}))
    runs = list_runs(Place(str(lake.catalog)))
    assert [run.run_id for run in runs][-1] == "00aa"
    printed = skyloom("catalog", "list", "--lake", lake.root).stdout
    assert printed.count("current") == 1


def test_rows_are_compared_by_their_key(lake):
    place = Place(str(lake.catalog))
    found = compare(place, *find_runs(place, None, None))
    assert found.same == ("images", "table_columns")
    by_name = {one.table: one for one in found.tables}
    captions = by_name["captions"]
    assert captions.key == ("scene_id", "style")
    assert (captions.n_before, captions.n_after) == (8, 7)
    assert captions.n_added == 1
    assert captions.n_removed == 2
    assert captions.n_changed == 1
    scenes = by_name["scenes"]
    assert scenes.columns_added == ("note",)
    assert scenes.columns_lost == ("gsd_m",)
    assert scenes.columns_retyped == ("width_px",)
    assert (scenes.n_added, scenes.n_removed, scenes.n_changed) == (0, 0, 1)


def test_without_a_key_rows_are_counted_whole(tmp_path, skyloom):
    small_lake(tmp_path / "lake", described=False)
    lake = small_lake(tmp_path / "lake", described=False, extra=CHANGES)
    place = Place(str(lake.catalog))
    found = compare(place, *find_runs(place, None, None))
    captions = next(one for one in found.tables if one.table == "captions")
    assert captions.n_changed is None
    assert captions.n_added == 2
    assert captions.n_removed == 3
    done = skyloom("catalog", "diff", "--lake", lake.root)
    assert done.returncode == 0, done.stderr
    assert "+note -gsd_m ~width_px" in done.stdout


def test_a_table_that_one_run_lacks(tmp_path):
    small_lake(tmp_path / "lake", described=False)
    lake = small_lake(tmp_path / "lake")
    place = Place(str(lake.catalog))
    (one,) = compare(place, *find_runs(place, None, None)).tables
    assert (one.table, one.n_before) == ("table_columns", None)
    assert one.n_added is None


def test_runs_that_cannot_be_compared_are_one_sentence(lake):
    place = Place(str(lake.catalog))
    with pytest.raises(UsageError, match="no run is called"):
        find_runs(place, "zz", None)
    old, new = find_runs(place, None, None)
    (lake.catalog / "files" / old.files["captions"]).unlink()
    with pytest.raises(SkyloomError, match="cannot be compared"):
        compare(place, old, new)
