"""A lake read from the web: over HTTP, and from S3, on loopback."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from skyloom.catalog import Catalog
from skyloom.described import describe
from skyloom.errors import SkyloomError, UsageError
from skyloom.lake import Lake
from skyloom.remote import RemoteCatalog, _settings
from tests.extract.range_server import Running, running
from tests.skyloom.reader_catalog import SCENES, small_lake

pytest.importorskip("duckdb_extension_httpfs")
CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of two runs, in a folder that is served."""
    folder = tmp_path_factory.mktemp("served")
    small_lake(folder / "lake")
    small_lake(folder / "lake", extra="delete from captions where style = 'plain'")
    (folder / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with running(folder) as server:
        yield server


@pytest.fixture
def lake(server: Running) -> str:
    server.fault()
    return server.at("lake")


def test_a_lake_on_the_web_answers_as_the_folder_does(lake, folder, skyloom):
    here = ["--lake", folder / "lake"]
    for command in (
        ["query", "select * exclude (filepath) from images order by image_id"],
        ["query", "--where", "country = 'CH'", "--bbox", "6,45,8,47", "--json"],
        ["query", "select table_name from information_schema.tables order by 1"],
        ["tables"],
        ["describe", "scenes"],
        ["describe", "scenes", "--json"],
        ["catalog", "list"],
        ["catalog", "diff", "--json"],
    ):
        there = skyloom(*command, "--lake", f"{lake}/")
        assert there.returncode == 0, (command, there.stderr)
        assert there.stdout == skyloom(*command, *here).stdout, command


def test_only_what_a_query_needs_is_asked_for(lake, server, folder):
    catalog = RemoteCatalog.open(lake)
    catalog.query("select count(*) from Scenes").fetchall()
    files = Catalog.open(Lake.open(folder / "lake")).files
    asked = {Path(name).name for name in server.stats()}
    assert files["scenes"].name in asked
    assert not asked & {files["images"].name, files["captions"].name}
    methods = {method for one in server.stats().values() for method, *_ in one}
    assert methods <= {"GET", "HEAD"}


def test_the_tables_are_listed_without_reading_them(lake, server, skyloom):
    rows = json.loads(skyloom("tables", "--lake", lake, "--json").stdout)
    assert {row["table_name"]: row["n_rows"] for row in rows}["scenes"] == len(SCENES)
    parquet = {name for name in server.stats() if name.endswith(".parquet")}
    assert len(parquet) == 1, parquet


def test_an_answer_from_the_web_becomes_a_file_here(lake, skyloom, tmp_path):
    import geopandas

    out = tmp_path / "ch.parquet"
    done = skyloom("query", "--lake", lake, "--where", "country = 'CH'", "--out", out)
    assert done.returncode == 0, done.stderr
    assert list(geopandas.read_parquet(out).image_id) == ["a1_US_20"]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{files}/secret.txt')",
        "select * from read_text('{files}/lake/catalog/../../secret.txt')",
        "select * from read_text('{files}/lake/catalog/%2e%2e/%2e%2e/secret.txt')",
        "select * from read_text('{files}/lake/catalog/current.json')",
        "select * from read_text('/etc/hostname')",
        "select * from scenes where scene_id in (select content from "
        "read_text('http://127.0.0.1:9/'))",
        "select 1; select 2",
        "set http_proxy = 'host'",
        "create secret (type s3)",
        "load spatial",
    ],
)
def test_a_query_reads_the_files_of_the_run_and_nothing_else(sql, lake, server):
    catalog = RemoteCatalog.open(lake)
    server.fault()
    with pytest.raises(UsageError):
        catalog.query(sql.replace("{files}", server.at("").rstrip("/")))
    assert "secret.txt" not in str(server.stats())


def test_commands_that_write_refuse_a_url(lake, skyloom, server):
    for command in (
        ["build"],
        ["fetch"],
        ["catalog", "relink"],
        ["query", "--like", "a pier"],
        ["report"],
    ):
        done = skyloom(*command, "--lake", lake)
        assert done.returncode == 2, command
        assert done.stderr.count("\n") == 1, done.stderr
    done = skyloom("catalog", "relink", SKYLOOM_LAKE=lake)
    assert "at a URL" in done.stderr
    assert server.stats() == {}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("{lake}-not", "no published catalog"),
        ("http://127.0.0.1:9/lake", "could not be read"),
        ("ftp://127.0.0.1/lake", "folder"),
        ("{lake}?sig=1", "folder"),
        ("{lake}/*", "folder"),
        ("https:///", "folder"),
    ],
)
def test_a_lake_that_is_not_there_is_one_line(url, said, lake, skyloom):
    done = skyloom("tables", "--lake", url.replace("{lake}", lake))
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_a_server_that_fails_is_one_line(lake, server, folder, skyloom):
    server.fault(**{"lake/catalog/current.json": {"status": 403}})
    done = skyloom("tables", "--lake", lake)
    assert done.returncode == 1
    assert "could not be read" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    (broken,) = (folder / "lake" / "catalog" / "files").glob("scenes-*")
    name = str(broken.relative_to(folder))
    server.fault(**{name: {"status": 404}})
    with pytest.raises(SkyloomError, match="could not be read"):
        RemoteCatalog.open(lake).query("select * from scenes")


def test_a_bucket_is_read_in_the_manner_of_s3(server, folder, skyloom):
    """The server takes any signature; how S3 is spoken is httpfs's own."""
    server.fault()
    environment = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
    }
    command = ["query", "select count(*) as n from scenes", "--json"]
    done = skyloom(*command, "--lake", "s3://files/lake", **environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"n": len(SCENES)}]
    assert any(name.startswith("lake/catalog/files/") for name in server.stats())


def test_settings_come_from_the_environment():
    assert _settings({}) == {}
    assert _settings({"SSL_CERT_FILE": "/ca.pem"}) == {"ca_cert_file": "/ca.pem"}
    found = _settings({"AWS_ENDPOINT_URL_S3": "https://minio:9000"})
    assert found["s3_endpoint"] == "minio:9000"
    assert found["s3_use_ssl"] == "true"


def test_a_run_on_the_web_has_the_time_that_the_server_says(lake, folder):
    catalog = RemoteCatalog.open(lake)
    assert catalog.n_rows["captions"] == len(SCENES)
    assert describe(catalog, "captions").key == ["scene_id", "style"]


def test_the_wheel_alone_reads_a_lake(lake, folder, tmp_path):
    """No checkout: the wheel's files and the packages it needs, nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", "uv", "build", "--wheel", "--offline", "-o", tmp_path],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"hatchling cannot be had offline: {done.stderr[-200:]}")
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "wheel")
    # Without site's .pth files the checkout of an editable install is not found.
    packages = sysconfig.get_paths()["purelib"]
    environment = os.environ | {"PYTHONPATH": f"{tmp_path / 'wheel'}:{packages}"}

    def skyloom(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-S", "-m", "skyloom.cli", *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    for place in (lake, folder / "lake"):
        for command in (
            ["tables"],
            ["describe", "scenes"],
            ["query", "--where", "split = 'train'", "--out", tmp_path / "x.parquet"],
            ["catalog", "list"],
        ):
            done = skyloom(*command, "--lake", place)
            assert done.returncode == 0, (command, done.stderr)
    done = skyloom("report", "--lake", folder / "lake")
    assert done.returncode == 2
    assert "checkout" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
