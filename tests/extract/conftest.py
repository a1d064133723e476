"""An empty lake, and the place of the real files."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from skyloom.lake import Lake
from skyloom.progress import be_quiet

DEFAULT = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    be_quiet(True)
    yield
    be_quiet(False)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(tmp_path / "lake", create=True)


@pytest.fixture
def real_data() -> Path:
    folder = Path(os.environ.get("SKYLOOM_DATA", DEFAULT))
    if not folder.is_dir():
        pytest.skip("the real files are not here")
    return folder
