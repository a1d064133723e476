import pytest

from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.settings import origins, read_settings


@pytest.fixture
def lake(tmp_path):
    return Lake.open(tmp_path / "lake", create=True)


def write(lake, text):
    (lake.root / "lake.toml").write_text("format_version = 2\n" + text)


def test_flags_beat_the_environment_which_beats_the_file(lake, monkeypatch):
    write(lake, "workers = 3\n")
    assert read_settings(lake).workers == 3
    monkeypatch.setenv("SKYLOOM_WORKERS", "5")
    assert read_settings(lake).workers == 5
    assert read_settings(lake, workers=7).workers == 7
    assert read_settings(lake, workers=None).workers == 5


def test_an_unknown_key_is_refused_with_the_nearest_known_one(lake):
    write(lake, "worker = 3\n")
    with pytest.raises(UsageError, match=r"'worker'.*did you mean 'workers'"):
        read_settings(lake)


@pytest.mark.parametrize(
    "line", ["workers = 0", "workers = 'many'", "memory_limit = 'lots'"]
)
def test_a_bad_value_names_its_key(lake, line):
    write(lake, line)
    with pytest.raises(UsageError, match=line.split()[0]):
        read_settings(lake)


def test_each_value_says_where_it_comes_from(lake, monkeypatch):
    write(lake, "workers = 3\n")
    monkeypatch.setenv("SKYLOOM_THREADS", "2")
    rows = {row["setting"]: row for row in origins(read_settings(lake), lake)}
    assert rows["workers"]["origin"].endswith("lake.toml")
    assert rows["threads"]["origin"] == "SKYLOOM_THREADS"
    assert rows["memory_limit"]["origin"] == "default"


@pytest.mark.parametrize("line", ["earthengine = 3", "stac = 'x'", "[[stac]]"])
def test_a_section_that_is_a_value_is_refused(lake, line):
    write(lake, line)
    with pytest.raises(UsageError, match=r"lake.toml: \w+ is a section"):
        read_settings(lake)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("credentials", '{"private_key": "secret-9"}'),
        ("url", "https://me:secret-9@earthengine.googleapis.com"),
    ],
)
def test_a_secret_in_a_setting_is_refused_and_not_told(lake, monkeypatch, key, value):
    monkeypatch.setenv(f"SKYLOOM_EARTHENGINE_{key.upper()}", value)
    with pytest.raises(UsageError, match=f"earthengine_{key} is not") as told:
        read_settings(lake)
    assert "secret-9" not in str(told.value)
