"""Asking a catalog: images by condition and box, files of answers, what tables are."""

import json

import duckdb
import geopandas
import polars
import pytest

from skyloom import gate
from skyloom.answer_files import form_of, write_answer
from skyloom.catalog import Catalog
from skyloom.described import describe, grains
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.listing import images_sql
from skyloom.options import QueryFormat
from tests.skyloom.reader_catalog import KEYS, SCENES, small_lake

ALL = sorted(f"{scene}_20" for scene, *_ in SCENES)


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    return small_lake(tmp_path_factory.mktemp("query") / "lake")


@pytest.fixture(scope="module")
def catalog(lake) -> Catalog:
    return Catalog.open(lake)


def listed(catalog, where=None, bbox=None, style="skyscript", limit=None):
    sql = images_sql(
        catalog,
        where=where,
        bbox=bbox,
        style=style,
        limit=limit,
        with_geometry=False,
    )
    return [row[0] for row in catalog.query(sql).fetchall()]


def test_conditions_see_images_captions_and_scenes(catalog):
    assert listed(catalog, "true") == ALL
    assert listed(catalog, "country = 'FJ'") == ["n2_US_20", "n3_US_20"]
    condition = "split = 'train' and gsd_m < 1 and n_tags = 2 and gsd_x_m = 0.5 -- all"
    assert listed(catalog, condition) == ["a1_US_20", "n3_US_20"]
    assert listed(catalog, "country is null") == ["w4_CH_20"]
    assert listed(catalog, "true", limit=2) == ALL[:2]


@pytest.mark.parametrize(
    ("bbox", "found"),
    [
        ("6.9,45.9,7.005,46.1", ["a1_US_20"]),
        ("6.9,45.9,7.5,46.1", ["a1_US_20", "w4_CH_20"]),
        ("179,-18,-179,-16", ["n2_US_20", "n3_US_20"]),
        ("179.5,-18,180,-16", ["n2_US_20"]),
        ("-180,-90,180,90", ALL),
        ("7.0005,46.0005,7.0005,46.0005", ["a1_US_20"]),
        ("50,50,51,51", []),
    ],
)
def test_a_box_may_cross_the_antimeridian(bbox, found, catalog):
    assert listed(catalog, bbox=bbox) == found


@pytest.mark.parametrize(
    "bbox", ["1,2,3", "a,b,c,d", "nan,0,1,1", "0,2,1,1", "-181,0,1,1", "0,nan,1,1"]
)
def test_what_is_no_box_is_refused(bbox, catalog):
    with pytest.raises(UsageError, match="--bbox"):
        listed(catalog, bbox=bbox)


@pytest.mark.parametrize(
    "where",
    [
        "",
        "true; select 2",
        "true) or (true",
        "true)) select * from scenes --",
        "true union select 1",
        "true limit 1",
        "true /*",
        "image_id, split",
        "exists (select * from read_text('/etc/hostname'))",
        "image_id in (select content from read_text('{lake}/lake.toml'))",
        "(select count(*) from glob('/*')) > 0",
        "nonsense = 1",
        "getenv('HOME') = '/root'",
    ],
)
def test_a_hostile_condition_is_refused(where, catalog, lake):
    with pytest.raises(UsageError):
        listed(catalog, where.replace("{lake}", str(lake.root)))


def test_an_unknown_style_is_named_with_those_there_are(catalog):
    with pytest.raises(UsageError, match="plain, skyscript"):
        listed(catalog, "true", style="poetic")


def geometry_sql(catalog):
    return images_sql(
        catalog,
        where="country = 'CH'",
        bbox=None,
        style="plain",
        limit=None,
        with_geometry=True,
    )


def test_parquet_is_geoparquet(catalog, tmp_path):
    out = tmp_path / "new" / "ch.parquet"
    write_answer(catalog, geometry_sql(catalog), out, QueryFormat.PARQUET)
    frame = geopandas.read_parquet(out, bbox=(6.9, 45.9, 7.1, 46.1))
    assert list(frame.image_id) == ["a1_US_20"]
    assert list(frame.title) == ["plain: it's a [red]pier"]
    assert frame.crs.to_authority() == ("OGC", "CRS84")
    assert geopandas.read_parquet(out, bbox=(0, 0, 1, 1)).empty
    assert polars.scan_parquet(out).select("country").collect().item() == "CH"
    assert [file.name for file in out.parent.iterdir()] == ["ch.parquet"]


def test_parquet_gets_a_box_where_the_rows_have_none(catalog, tmp_path):
    out = tmp_path / "points.parquet"
    sql = (
        "select scene_id, st_centroid(geometry) as geometry, "
        'geometry as "the ""box""" from scenes order by scene_id desc;'
    )
    write_answer(catalog, sql, out, QueryFormat.PARQUET)
    frame = geopandas.read_parquet(out)
    assert list(frame.scene_id) == sorted((one[0] for one in SCENES), reverse=True)
    assert set(frame.geom_type) == {"Point"}
    boxes = polars.read_parquet(out)["bbox"]
    for point, box in zip(frame.geometry, boxes, strict=True):
        assert box["xmin"] < point.x < box["xmax"]
        assert box["ymin"] < point.y < box["ymax"]
    assert isinstance(frame['the "box"'][0], bytes)


def test_a_flatgeobuf_opens_in_gdal(catalog, tmp_path):
    out = tmp_path / "scenes.fgb"
    sql = "select *, ['a', 'b'] as words, 5::hugeint as big from scenes"
    write_answer(catalog, sql, out, QueryFormat.FLATGEOBUF)
    frame = geopandas.read_file(out, bbox=(6.9, 45.9, 7.005, 46.1))
    assert list(frame.scene_id) == ["a1_US"]
    assert list(frame.words) == ['["a","b"]']
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_authority() == ("OGC", "CRS84")
    with pytest.raises(UsageError, match="no geometry"):
        write_answer(catalog, "select 1", tmp_path / "x.fgb", QueryFormat.FLATGEOBUF)
    assert [file.name for file in tmp_path.iterdir()] == ["scenes.fgb"]


@pytest.mark.parametrize("form", list(QueryFormat))
def test_a_file_is_whole_or_not_there(form, catalog, tmp_path):
    out = tmp_path / "out"
    late = "select error('late') as x, geometry from scenes"
    for sql in (late, "select 1; select 2", "select * from read_text('/etc/hosts')"):
        with pytest.raises(SkyloomError):
            write_answer(catalog, sql, out, form)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "sql",
    [
        "select 1) to '{folder}/taken' (format csv); --",
        "copy (select 1) to '{folder}/taken'",
        "select * from read_text('{folder}/mine.txt')",
        "create table taken as select 1",
    ],
)
def test_an_answer_goes_to_its_file_and_nowhere_else(sql, catalog, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError):
        write_answer(
            catalog,
            sql.replace("{folder}", str(tmp_path)),
            tmp_path / "out.parquet",
            QueryFormat.PARQUET,
        )
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_query_reads_the_tables_and_no_other_file_of_the_catalog(catalog, lake):
    for name in ("current.json", "catalog.duckdb", "history.jsonl"):
        file = lake.catalog / name
        with pytest.raises(UsageError, match="disabled by configuration"):
            catalog.query(f"select * from read_blob('{file}')")


def test_text_files_are_what_is_printed(skyloom, lake, tmp_path):
    flags = ["--lake", lake.root, "--where", "country = 'CH'"]
    for form in ("csv", "json", "table"):
        out = tmp_path / f"out.{form}"
        printed = skyloom("query", *flags, "--format", form)
        done = skyloom("query", *flags, "--format", form, "--out", out)
        assert done.returncode == printed.returncode == 0, done.stderr
        assert done.stdout == ""
        assert out.read_text().splitlines() == printed.stdout.splitlines()
    done = skyloom("query", *flags, "--out", tmp_path / "x.json", "--style", "plain")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "x.json").read_text())
    assert row["country"] == "CH"
    assert row["title"] == "plain: it's a [red]pier"
    for flags in (
        ["--where", "true", "select 1"],
        [],
        ["select 1", "--out", "x.pdf"],
        ["select 1", "--format", "parquet"],
        ["--where", "true", "--lake", "ftp://host/lake"],
    ):
        done = skyloom("query", "--lake", lake.root, *flags)
        assert done.returncode == 2, flags
        assert done.stderr.count("\n") == 1


def test_the_form_is_that_of_the_suffix(tmp_path):
    assert form_of(None, None) is QueryFormat.TABLE
    assert form_of(None, tmp_path / "a.CSV") is QueryFormat.CSV
    assert form_of(QueryFormat.JSON, tmp_path / "a.csv") is QueryFormat.JSON


def test_tables_say_what_they_are(catalog):
    one = describe(catalog, "captions")
    assert one.grain == KEYS["captions"][0]
    assert one.key == ["scene_id", "style"]
    assert one.n_rows == 8
    assert [column.name for column in one.columns][-1] == "n_tags"
    assert one.columns[-1].type == "INTEGER"
    assert one.columns[-1].meaning == "what n_tags means"
    assert set(grains(catalog)) == set(KEYS)
    with pytest.raises(UsageError, match="captions, images, scenes"):
        describe(catalog, "imagez")


def test_a_catalog_without_words_is_described_by_its_types(tmp_path, skyloom):
    old = small_lake(tmp_path / "lake", described=False)
    one = describe(Catalog.open(old), "captions")
    assert one.grain is None
    assert one.key == []
    assert [column.meaning for column in one.columns] == [None] * 6
    done = skyloom("describe", "captions", "--lake", old.root)
    assert done.returncode == 0, done.stderr
    assert "not described" in done.stdout
    tables = json.loads(skyloom("tables", "--lake", old.root, "--json").stdout)
    assert tables[0] == {"table_name": "captions", "n_rows": 8, "grain": None}


def test_the_views_open_without_any_extension(lake, tmp_path):
    file = str(lake.catalog / "catalog.duckdb")
    none = str(tmp_path / "none")
    with duckdb.connect(
        file, read_only=True, config={"extension_directory": none}
    ) as con:
        rows = con.execute("select geometry from scenes").fetchall()
        assert len(rows) == len(SCENES)
        loaded = con.execute(
            "select loaded from duckdb_extensions() where extension_name = 'spatial'"
        ).fetchone()
        assert not (loaded and loaded[0])


def test_geopandas_and_polars_open_the_published_files(catalog):
    frame = geopandas.read_parquet(catalog.path("scenes"), bbox=(179, -18, 180, -16))
    assert list(frame.scene_id) == ["n2_US"]
    lazy = polars.scan_parquet(catalog.path("scenes"))
    assert lazy.filter(polars.col("country") == "FJ").collect().height == 2


def test_a_condition_stands_on_lines_of_its_own():
    assert gate.one_condition("a = 1 -- and so on") == "(\na = 1 -- and so on\n)"
