"""Fixtures that every test may use: the real data and a lake built once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skyloom.dbt_run import DBT
from skyloom.lake import Lake

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files; its tests skip without it, unless it is required."""
    folder = Path(os.environ.get("SKYLOOM_DATA", CHECKOUT.parent / "shared" / "data"))
    if not (folder / "osm").is_dir():
        if os.environ.get("SKYLOOM_REQUIRE_DATA"):
            pytest.fail(f"the real data is required and not at {folder}")
        pytest.skip(f"no real data at {folder}")
    return folder


@pytest.fixture(scope="session")
def skyloom() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line as a user runs it, in a process of its own."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "skyloom.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole run, shared by its parallel workers."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder


@pytest.fixture(scope="session")
def once(session_folder: Path) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once in a run, whichever worker asks first."""
    import fcntl

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder = session_folder / name
        with (session_folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "made").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                (folder / "made").touch()
        return folder

    return make


@pytest.fixture(scope="session")
def compiled(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A folder with the models compiled for a new lake: target/compiled/skyloom/.

    In a lake that is built, incremental models compile to what is new in it.
    """

    def fill(folder: Path) -> None:
        project = str(CHECKOUT / "dbt_project")
        done = subprocess.run(
            [
                *(sys.executable, "-c", DBT, "compile", "--quiet"),
                *("--project-dir", project, "--profiles-dir", project),
            ],
            capture_output=True,
            text=True,
            env=os.environ
            | {
                "SKYLOOM_LAKE": str(folder / "lake"),
                "DBT_TARGET_PATH": str(folder / "target"),
                "DBT_LOG_PATH": str(folder / "logs"),
            },
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return once("compiled", fill)


@pytest.fixture(scope="session")
def demo(
    once: Callable[[str, Callable[[Path], None]], Path],
    skyloom: Callable[..., subprocess.CompletedProcess[str]],
) -> Path:
    """The demo's folder: town/, lake/, skyscript/. Read only: copy it to change it."""

    def fill(folder: Path) -> None:
        done = skyloom("demo", "--lake", folder / "lake")
        (folder / "output.txt").write_text(done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr

    return once("demo", fill)


@pytest.fixture
def demo_lake(demo: Path, tmp_path: Path) -> Iterator[Lake]:
    """A lake of one's own, as the demo left it."""
    shutil.copytree(demo / "lake", tmp_path / "lake")
    yield Lake.open(tmp_path / "lake")
