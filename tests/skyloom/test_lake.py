import geopandas
import pytest

from skyloom.duck import connect
from skyloom.errors import LakeBusyError, UsageError
from skyloom.geoparquet import write_parquet
from skyloom.lake import LOCKED, Lake
from skyloom.raw_tables import OBJECTS, RAW_TABLES


def test_a_new_lake_holds_an_empty_typed_file_for_each_raw_table(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    with connect() as con:
        for table in RAW_TABLES:
            (file,) = lake.files(table)
            described = con.execute(f"describe from '{file}'").fetchall()
            assert [row[0] for row in described] == list(table.columns)
            assert con.execute(f"select count(*) from '{file}'").fetchone() == (0,)


def test_a_folder_that_is_not_a_lake_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="not a lake"):
        Lake.open(tmp_path, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_lake_of_another_format_is_refused_in_words(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    (lake.root / "lake.toml").write_text("format_version = 99\n")
    with pytest.raises(UsageError, match="format 99"):
        Lake.open(lake.root)


@pytest.mark.parametrize("name", ["it's", "a*", "[x]", "{y}"])
def test_a_path_that_sql_would_misread_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="path cannot hold"):
        Lake.open(tmp_path / name, create=True)


def test_opening_without_create_makes_nothing(tmp_path):
    with pytest.raises(UsageError, match="no lake here"):
        Lake.open(tmp_path / "lake")
    assert not (tmp_path / "lake").exists()


def test_a_second_writer_is_told_who_holds_the_lake(tmp_path, skyloom, monkeypatch):
    monkeypatch.delenv(LOCKED, raising=False)
    lake = Lake.open(tmp_path / "lake", create=True)
    with lake.lock("a long load"), lake.lock("a nested call passes"):
        done = skyloom("build", "--lake", lake.root)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "`a long load` (process" in done.stderr
    with lake.lock("free again"):
        pass


def test_locks_of_one_process_do_not_hide_those_of_another(tmp_path):
    first = Lake.open(tmp_path / "lake", create=True)
    holder = (first.root / "lock").open("w")
    import fcntl

    fcntl.flock(holder, fcntl.LOCK_EX)
    with pytest.raises(LakeBusyError), first.lock("late"):
        pass


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    target = lake.root / "osm" / "town"
    with pytest.raises(RuntimeError), lake.fresh_folder(target) as part:
        (part / "half").touch()
        raise RuntimeError
    assert not target.exists()
    assert not list((lake.root / "osm").glob(".*"))


def test_geoparquet_is_read_and_filtered_by_geopandas(tmp_path):
    with connect() as con:
        query = """
            select
                i as id,
                st_point(i, -i) as geometry,
                {'xmin': i, 'ymin': -i, 'xmax': i, 'ymax': -i}
                ::struct(xmin float, ymin float, xmax float, ymax float) as bbox
            from range(10) as numbers(i)
        """
        assert write_parquet(con, query, tmp_path / "a.parquet", order_by="id") == 10
    frame = geopandas.read_parquet(tmp_path / "a.parquet")
    assert frame.crs == "OGC:CRS84"
    few = geopandas.read_parquet(tmp_path / "a.parquet", bbox=(2, -4, 4, -2))
    assert list(few["id"]) == [2, 3, 4]


def test_an_empty_table_of_geometries_is_read_by_geopandas(tmp_path):
    lake = Lake.open(tmp_path / "lake", create=True)
    assert geopandas.read_parquet(lake.files(OBJECTS)[0]).empty
