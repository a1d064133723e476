"""The SQL page: what it answers, and what hostile SQL comes to."""

import csv
import io
import resource
import time

import duckdb
import pyarrow.parquet
import pytest

from explore.web.asked import ask
from explore.web.asked_apart import confine
from explore.web.site import Site
from explore.web.sql_page import examples, order
from skyloom import duck
from skyloom.errors import UsageError
from skyloom.lake import Lake
from tests.explore.published import publish_tables, typed_tables
from tests.explore.stand_in import HOSTILE
from tests.explore.web_site import browser

N_IMAGES = 700
SECRET = "a secret that no query may show"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("asked") / "lake"
    with typed_tables() as con:
        con.execute(
            "insert into images (image_id, filepath, width_px, west) "
            "select format('a{:04d}_US_20', i), 'images/x', i, i / 10 "
            f"from range({N_IMAGES}) t(i)"
        )
        con.execute(
            "insert into objects (object_id, tags, geometry) select 'a1', "
            f"map {{'name': {_quoted(HOSTILE)}}}, st_geomfromtext('POINT (7.5 46.25)')"
        )
        publish_tables(con, root)
    (root / "secret.csv").write_text(f"secret\n{SECRET}\n")
    return root


@pytest.fixture(scope="module")
def client(lake):
    with browser(lake) as client:
        yield client


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"


def _ask(client, sql):
    return client.get("/sql", params={"q": sql})


def test_the_page_lists_the_tables_and_their_columns(client):
    page = client.get("/sql").text
    assert "<code>images</code>" in page and 'data-insert="valid_fraction"' in page
    assert "shown_words" not in page


def test_every_example_runs(con):
    assert len(examples()) >= 5
    for example in examples():
        assert ask(con, example.sql, 10).columns, example.title


def test_an_answer_keeps_its_order_and_says_when_it_is_cut(client):
    page = _ask(client, "select image_id from images order by width_px desc;").text
    assert page.index("a0699_US_20") < page.index("a0698_US_20")
    assert "a0200_US_20" in page and "a0199_US_20" not in page
    assert "500+ rows" in page


def test_a_comment_at_the_end_and_equal_names_do_no_harm(client):
    answer = _ask(client, "select 1 as a, 2 as a -- the end")
    assert answer.status_code == 200
    assert "1 row<" in answer.text


def test_osm_text_is_shown_as_text(client):
    page = _ask(client, "select tags, geometry from objects").text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert "POINT (7.5 46.25)" in page


def test_the_query_is_shown_as_text(client):
    page = _ask(client, "select '</textarea><script>alert(1)</script>'").text
    assert "<script>alert" not in page


def test_downloads_hold_all_rows(client):
    sql = "select image_id, width_px from images order by image_id"
    answer = client.get("/sql/download", params={"q": sql, "form": "csv"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["image_id", "width_px"] and len(rows) == N_IMAGES + 1
    assert rows[-1] == [f"a{N_IMAGES - 1:04d}_US_20", str(N_IMAGES - 1)]
    answer = client.get("/sql/download", params={"q": sql, "form": "parquet"})
    table = pyarrow.parquet.read_table(io.BytesIO(answer.content))
    assert table.column("width_px").to_pylist() == list(range(N_IMAGES))


def test_a_geometry_travels(client):
    sql = "select object_id, geometry from objects"
    answer = client.get("/sql/download", params={"q": sql, "form": "csv"})
    assert "POINT (7.5 46.25)" in answer.text
    answer = client.get("/sql/download", params={"q": sql, "form": "parquet"})
    (wkb,) = pyarrow.parquet.read_table(io.BytesIO(answer.content))[
        "geometry"
    ].to_pylist()
    with duckdb.connect() as con:
        con.execute("load spatial")
        sql = f"select st_astext(st_geomfromwkb('{_hex(wkb)}'::blob))"
        assert con.execute(sql).fetchone() == ("POINT (7.5 46.25)",)


def _hex(blob):
    return "".join(f"\\x{byte:02X}" for byte in blob)


HOSTILE_SQL = [
    # More than one statement, or another than SELECT.
    "select 1; select 2",
    "drop view images",
    "create table t as select 1",
    "insert into images select * from images",
    "update images set west = 0",
    "attach '{lake}/warehouse.duckdb'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "reset enable_external_access",
    "set variable a = 1",
    "pragma database_list",
    "copy images to '{lake}/stolen.csv'",
    "copy (select 1) to '{lake}/stolen.csv'",
    "export database '{lake}/stolen'",
    "call pragma_version()",
    "explain analyze select 1",
    "checkpoint",
    "select 1) to '/tmp/x' --",
    "select 1) union all select (2",
    "select 1\n) limit 0; drop view images; select * from (select 1",
    # Files.
    "select * from read_csv('{lake}/secret.csv')",
    "select * from '{lake}/secret.csv'",
    "select * from read_text('{lake}/secret.csv')",
    "select * from read_blob('{lake}/secret.csv')",
    "select * from read_csv('{lake}/catalog/../secret.csv')",
    "select * from read_text('{lake}/catalog/files/../../secret.csv')",
    "select * from sniff_csv('{lake}/secret.csv')",
    "select * from glob('{lake}/*')",
    "select * from read_json('{lake}/lake.toml')",
    "select * from st_read('{lake}/secret.csv')",
    "select * from st_read('/vsistdin/')",
    "select * from st_read('CSV:{lake}/secret.csv')",
    "select * from st_read_meta('{lake}/secret.csv')",
    "select * from st_readosm('{lake}/secret.csv')",
    "select * from st_readshp('{lake}/secret.csv')",
    "select * from parquet_metadata('{lake}/secret.csv')",
    "select * from read_parquet('https://example.org/x.parquet')",
    "select * from 'https://example.org/x.csv'",
    "select getenv('HOME')",
    # Variables of the program.
    "select * from site",
    "select * from columns",
    "select * from catalog",
]


@pytest.fixture(scope="module")
def con(lake):
    with duck.connect() as con:
        confine(con, order(Site(Lake.open(lake)), "", "screen"))
        yield con


@pytest.mark.parametrize("sql", HOSTILE_SQL)
def test_hostile_sql_is_refused(lake, con, sql):
    before = sorted(lake.rglob("*"))
    with pytest.raises(UsageError) as refused:
        ask(con, sql.replace("{lake}", str(lake)), 10)
    assert SECRET not in str(refused.value)
    assert sorted(lake.rglob("*")) == before
    assert ask(con, "select count(*) from images", 10).rows == ((str(N_IMAGES),),)


def test_the_page_refuses_in_words(lake, client):
    answer = _ask(client, f"select * from read_text('{lake}/secret.csv')")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text and SECRET not in answer.text


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from range(100000000000) t(i) where sin(i) > 2",
        "with recursive r as (select 1 as i union all select i + 1 from r) "
        "select count(*) from r",
        "select max(md5(a.i::varchar || b.i::varchar)) "
        "from range(1000000) a(i), range(1000000) b(i)",
    ],
)
def test_what_takes_too_long_is_stopped(client, sql, monkeypatch):
    monkeypatch.setattr("explore.web.sql_page.SECONDS", 3.0)
    began = time.monotonic()
    answer = _ask(client, sql)
    assert answer.status_code == 400
    assert "was stopped" in answer.text or "memory" in answer.text.lower()
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from "
        "(select distinct repeat(i::varchar, 90) from range(20000000) t(i))",
        # What DuckDB's own limit does not count.
        "select range(1000000000)",
        "select repeat('abcdefgh', 400000000)",
    ],
)
def test_what_takes_too_much_memory_is_stopped(client, sql):
    answer = _ask(client, sql)
    assert answer.status_code == 400
    assert "memory" in answer.text.lower() or "was stopped" in answer.text
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert used < 3_000_000, "kilobytes of the greediest process"
    assert _ask(client, "select count(*) from images").status_code == 200


def test_a_download_is_bounded(client):
    sql = "select * from range(1000000)"
    answer = client.get("/sql/download", params={"q": sql, "form": "csv"})
    assert answer.status_code == 400
    assert "at most 200,000 rows" in answer.text


def test_an_endless_query_is_refused(client):
    assert _ask(client, "select " + "1 + " * 2_000 + "1").status_code in {400, 414}
