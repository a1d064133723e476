"""What the catalog says of its own tables, in the words of the dbt project."""

import json
import re
from pathlib import Path

from skyloom.catalog import Catalog
from skyloom.described import describe
from skyloom.lake import Lake

CHECKOUT = Path(__file__).resolve().parents[2]


def test_every_column_of_every_table_is_described(demo):
    catalog = Catalog.open(Lake.open(demo / "lake"))
    for table in catalog.files:
        one = describe(catalog, table)
        assert one.grain, table
        for column in one.columns:
            assert column.meaning, (table, column)
        rows = catalog.query(
            f"select column_name from table_columns where table_name = '{table}'"
        ).fetchall()
        assert {row[0] for row in rows} == {column.name for column in one.columns}


def test_keys_are_keys(demo):
    catalog = Catalog.open(Lake.open(demo / "lake"))
    without = set()
    for table in catalog.files:
        key = describe(catalog, table).key
        if not key:
            without.add(table)
            continue
        columns = ", ".join(f'"{name}"' for name in key)
        twice = catalog.query(
            f'select count(*) from "{table}" group by {columns} having count(*) > 1'
        ).fetchall()
        assert not twice, (table, key)
    assert without == {"import_rejects", "rejects", "tag_rules"}


def test_the_pages_name_every_table(demo):
    tables = set(Catalog.open(Lake.open(demo / "lake")).files)
    page = (CHECKOUT / "docs" / "lake.md").read_text().split("## Raw tables")[0]
    assert tables == set(re.findall(r"^### (\w+)$", page, re.MULTILINE))


def test_describe_and_tables_on_the_command_line(demo, skyloom):
    lake = ("--lake", demo / "lake")
    done = skyloom("describe", "images", *lake)
    assert "One chip that belongs to a scene's current box." in done.stdout
    assert "metres per pixel along x" in done.stdout
    one = json.loads(skyloom("describe", "selections", *lake, "--json").stdout)
    assert one["key"] == ["selection", "image_id"]
    tables = json.loads(skyloom("tables", *lake, "--json").stdout)
    assert all(row["grain"] for row in tables)
    images = skyloom("query", *lake, "--where", "drawn", "--limit", 3, "--json")
    rows = json.loads(images.stdout)
    assert len(rows) == 3
    assert rows[0]["title"].startswith("a satellite image of")
