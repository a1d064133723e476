"""How a snapshot gets its name."""

from datetime import date
from pathlib import Path

import pytest

import load.snapshot
from load.pbf import PbfHeader
from load.snapshot import identify
from skyloom.errors import UsageError


@pytest.fixture(autouse=True)
def header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load.snapshot, "check_pbf", lambda *_, **__: PbfHeader(None))


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("monaco-latest.osm.pbf", "monaco@undated"),
        ("monaco-240131.osm.pbf", "monaco@2024-01-31"),
        ("monaco_2024-01-31.osm.pbf", "monaco@2024-01-31"),
        ("monaco-991399.osm.pbf", "monaco-991399@undated"),
        ("Île de France.pbf", "ile-de-france@undated"),
    ],
)
def test_a_file_name_gives_region_and_date(
    tmp_path: Path, file_name: str, name: str
) -> None:
    path = tmp_path / file_name
    path.touch()
    assert identify(path, None, None).name == name


def test_flags_come_first(tmp_path: Path) -> None:
    path = tmp_path / "monaco-240131.osm.pbf"
    path.touch()
    extract = identify(path, "Côte d'Azur", date(2020, 2, 29))
    assert extract.name == "cote-d-azur@2020-02-29"


@pytest.mark.parametrize("file_name", ["日本.osm.pbf", "2024-01-31.osm.pbf"])
def test_a_name_without_a_region_needs_a_flag(tmp_path: Path, file_name: str) -> None:
    path = tmp_path / file_name
    path.touch()
    with pytest.raises(UsageError, match="--region"):
        identify(path, None, None)
