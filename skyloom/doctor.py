"""Checks that an installation can do its work; every red line names the fix."""

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb

from skyloom import duck
from skyloom.errors import SkyloomError
from skyloom.lake import MARKER, Lake

LOW_DISK_GB = 5
EXTRAS = {
    "earthengine": "ee",
    "stac": "pystac_client",
    "clip": "open_clip",
    "explore": "fastapi",
    "release": "mlcroissant",
    "ray": "ray",
}


@dataclass(frozen=True)
class Check:
    """One line of the doctor's report; `ok` is None for an option not installed."""

    name: str
    ok: bool | None
    found: str
    fix: str = ""


def examine(lake_folder: Path, project: Path) -> list[Check]:
    """Run every check; nothing is written but the spatial extension's install."""
    return [
        _engine(),
        _spatial(),
        _project(project),
        _lake(lake_folder),
        _disk(lake_folder),
        *_extras(),
    ]


def _engine() -> Check:
    engine = duckdb.__version__
    try:
        wheel = version("duckdb-extension-spatial")
    except PackageNotFoundError:
        return Check("duckdb", False, f"{engine}, no spatial wheel", "run `make setup`")
    return Check(
        "duckdb",
        engine == wheel,
        f"{engine}, spatial wheel {wheel}",
        "run `make setup`",
    )


def _spatial() -> Check:
    try:
        with duck.connect() as con:
            row = con.execute("select st_astext(st_point(1, 2))").fetchone()
    except (SkyloomError, duckdb.Error) as error:
        return Check("spatial", False, str(error), "run `make setup`")
    return Check("spatial", row is not None, "loads without a network")


def _project(folder: Path) -> Check:
    there = (folder / "dbt_project.yml").is_file()
    fix = "a lake is built from a checkout: clone Skyloom and run `make setup` there"
    return Check("dbt project", there, str(folder), fix)


def _lake(folder: Path) -> Check:
    if not (folder / MARKER).exists() and not folder.exists():
        return Check("lake", None, f"{folder} does not exist yet")
    try:
        lake = Lake.open(folder)
        with lake.lock("doctor"):
            pass
    except SkyloomError as error:
        return Check("lake", False, error.what, error.remedy)
    except OSError as error:
        return Check("lake", False, str(error), "check the folder's permissions")
    return Check("lake", True, f"{lake.root} can be written")


def _disk(folder: Path) -> Check:
    home = next(
        p for p in (folder.absolute(), *folder.absolute().parents) if p.exists()
    )
    free_gb = shutil.disk_usage(home).free / 1e9
    fix = f"free at least {LOW_DISK_GB} GB or put the lake elsewhere"
    return Check("disk", free_gb >= LOW_DISK_GB, f"{free_gb:.0f} GB free", fix)


def _extras() -> Iterator[Check]:
    for extra, module in EXTRAS.items():
        if importlib.util.find_spec(module):
            yield Check(f"extra {extra}", True, f"{module} is installed")
        else:
            fix = f"pip install -e '.[{extra}]' to use it"
            yield Check(f"extra {extra}", None, "not installed", fix)
