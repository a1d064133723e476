"""An empty lake, and no progress lines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from skyloom.lake import Lake
from skyloom.progress import be_quiet


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    be_quiet(True)
    yield
    be_quiet(False)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(tmp_path / "lake", create=True)
