"""The same shapes through QuackOSM: `skyloom load --engine quackosm`.

QuackOSM forks and spawns processes that import the main module again, draws progress
bars, and pastes paths into its SQL. So it runs in a process of its own, this module
as `python -m load.by_quackosm FOLDER`, in a folder that is gone afterwards.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb

from load.shapes import refuse_repeated, run_sql
from skyloom import duck
from skyloom.errors import SkyloomError

CHECKOUT = Path(__file__).resolve().parent.parent
# What ends or widens a path where QuackOSM pastes it into SQL.
UNSAFE = frozenset("'*?[=\\")
ORDER, FEATURES, FAILURE = "order.json", "features.parquet", "failure.txt"


def draw(
    con: duckdb.DuckDBPyConnection,
    pbf: Path,
    work: Path,
    area_rules: Path,
    *,
    threads: int | None,
) -> None:
    """Make `shapes` and `elements` from an extract that `check_pbf` passed.

    What the file tags and QuackOSM does not give is a row with a reason and without a
    geometry. Areas are in GEOS's normal form, since QuackOSM's order of rings and
    corners is that of its threads. `con` must be of a home with spatial installed
    (`skyloom.duck.connect`); its memory limit holds for each of QuackOSM's
    connections, not for all together.

    Raises:
        SkyloomError: QuackOSM fails, `work` has a name that it cannot take, or the
            file holds an object more than once.
        duckdb.Error: the memory or the disk is full.
    """
    folder = work.resolve() / "quackosm"
    if UNSAFE & set(str(folder)):
        raise SkyloomError(
            f"QuackOSM cannot work in a folder with any of {''.join(sorted(UNSAFE))}"
            " in its path",
            where=str(work),
            remedy="put the lake elsewhere, or load with --engine duckdb",
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        order = {
            # QuackOSM pastes the path into its SQL and uses it for nothing else.
            "pbf": str(pbf.resolve()).replace("'", "''"),
            "areas": _areas(con, area_rules),
            "threads": threads,
            "memory_limit": f"{duck.memory_limit(con)}B",
        }
        (folder / ORDER).write_text(json.dumps(order))
        _run(folder, pbf)
        run_sql(con, "quackosm_shapes", file=pbf, features=folder / FEATURES)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    con.execute("create view elements as select osm_type, osm_id, tags from shapes")
    refuse_repeated(con, pbf)


def _areas(con: duckdb.DuckDBPyConnection, area_rules: Path) -> dict[str, Any]:
    """The area rules in QuackOSM's format, which can say all that ours can."""
    areas: dict[str, Any] = {"all": [], "allowlist": {}, "denylist": {}}
    run_sql(con, "area_rules", rules=area_rules)
    for list_name, key, listed in run_sql(con, "quackosm_areas").fetchall():
        if list_name == "all":
            areas["all"].append(key)
        else:
            areas[list_name][key] = listed
    return areas


def _run(folder: Path, pbf: Path) -> None:
    paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        "PYTHONPATH": os.pathsep.join(paths),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    # A session of its own, so that it can end with all its workers; a pipe that
    # closes when this process ends in whatever way, so that it knows when.
    with subprocess.Popen(
        [sys.executable, "-m", "load.by_quackosm", str(folder)],
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        code = process.wait()
    if code:
        said = folder / FAILURE
        reason = said.read_text() if said.exists() else f"exit code {code}"
        raise SkyloomError(
            f"QuackOSM failed ({reason})",
            where=str(pbf),
            remedy="free memory and disk and try again, or load with --engine duckdb",
        )


def _convert(folder: Path) -> None:
    """Run QuackOSM here, as the folder's order says."""
    import quackosm

    order = json.loads((folder / ORDER).read_text())
    reader = quackosm.PbfFileReader(
        working_directory=folder,
        osm_way_polygon_features_config=order["areas"],
        # Otherwise it drops a dozen keys, and the objects that have no others.
        ignore_metadata_tags=False,
        verbosity_mode="silent",
        cpu_limit=order["threads"],
        duckdb_conn_kwargs={"config_kwargs": {"memory_limit": order["memory_limit"]}},
    )
    reader.convert_pbf_to_parquet(
        order["pbf"],
        result_file_path=folder / FEATURES,
        keep_all_tags=True,
        explode_tags=False,
        sort_result=False,
        ignore_cache=True,
    )


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)


def _main(folder: Path) -> int:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _convert(folder)
    except Exception as error:
        line = f"{type(error).__name__}: {error}".splitlines()[0]
        (folder / FAILURE).write_text(line.rstrip(": "))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
