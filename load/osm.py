"""OpenStreetMap extracts -> points, lines and areas of the lake.

One snapshot per file: `osm/<region>@<date>/` with the objects, the elements that
could not become objects, and one row about the file itself. The work is SQL
(`load/shapes.py`); this module decides what is loaded and where it is put.
"""

import datetime
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from load.shapes import build, run_sql
from load.snapshot import (
    Counts,
    Extract,
    Snapshot,
    identify,
    refuse_clashes,
    snapshots,
)
from skyloom import duck
from skyloom.errors import SkyloomError
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import OBJECTS, REJECTS, SNAPSHOTS, RawTable

LOADER = "st_readosm-1"
"""Raised whenever the same file would give other rows."""
AREA_RULES = Path(__file__).with_name("area_rules.csv")
# Neighbours on the ground are neighbours in the file, so that a box reads few rows.
BY_PLACE = """
    st_hilbert(
        ((bbox.xmin + bbox.xmax) / 2)::double,
        ((bbox.ymin + bbox.ymax) / 2)::double,
        {'min_x': -180, 'min_y': -90, 'max_x': 180, 'max_y': 90}::box_2d
    ),
    object_id
"""
ORDERS = (
    (OBJECTS, BY_PLACE),
    (REJECTS, "osm_type, osm_id"),
    (SNAPSHOTS, "snapshot"),
)


@dataclass(frozen=True)
class Loaded:
    """What became of one file; `path` is the snapshot's folder."""

    snapshot: str
    path: Path
    counts: Counts
    skipped: bool

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.snapshot}: in the lake already"
        counts = self.counts
        return (
            f"{self.snapshot}: {counts.points} points, {counts.lines} lines, "
            f"{counts.areas} areas ({counts.relations} of relations), "
            f"{counts.rejects} rejects"
        )


def load_osm(
    lake: Lake,
    files: Sequence[Path],
    *,
    region: str | None = None,
    date: datetime.date | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> list[Loaded]:
    """Load PBF files, each as one snapshot; what is in the lake already is skipped.

    All files are checked before the first is loaded. The caller holds the lake's lock.

    Raises:
        SkyloomError: a file is not a readable PBF, two different files make the same
            snapshot, or the disk or the memory is full.
    """
    loader = f"{LOADER}-{hashlib.sha256(AREA_RULES.read_bytes()).hexdigest()[:8]}"
    held = snapshots(lake)
    extracts = [identify(path, region, date) for path in files]
    refuse_clashes([x for x in extracts if not _find(x, held, loader)], held)
    loaded = []
    for extract in extracts:
        known = _find(extract, snapshots(lake), loader)
        if known:
            counts = known.counts
        else:
            with _failures_named(extract.path):
                counts = _load(lake, extract, loader, threads, memory_limit)
        name = known.name if known else extract.name
        folder = lake.root / "osm" / name
        loaded.append(Loaded(name, folder, counts, skipped=known is not None))
    return loaded


def _find(extract: Extract, held: Sequence[Snapshot], loader: str) -> Snapshot | None:
    same = (x for x in held if (x.sha256, x.loader) == (extract.sha256, loader))
    return next(same, None)


@contextmanager
def _failures_named(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise SkyloomError(
            "needs more memory or more disk than it may use",
            where=str(path),
            remedy="allow more memory, use fewer threads, or free space in the lake",
        ) from None
    except (duckdb.Error, OSError) as error:
        raise SkyloomError(
            f"could not be loaded ({str(error).splitlines()[0]})", where=str(path)
        ) from None


def _load(
    lake: Lake,
    extract: Extract,
    loader: str,
    threads: int | None,
    memory_limit: str | None,
) -> Counts:
    # A fixed place, so that the next load clears away what a killed one left.
    with lake.fresh_folder(lake.root / "osm" / extract.name) as folder:
        work = lake.root / ".load"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            # In memory, spilling: a third less time than a database file.
            with duck.connect(
                threads=threads,
                memory_limit=memory_limit,
                temp_directory=work / "spill",
            ) as con:
                build(con, extract, AREA_RULES)
                counts = _describe(con, extract, loader)
                written = [_write(con, table, order, work) for table, order in ORDERS]
            # Whole files only, in a moment: a kill during the work leaves nothing
            # here that the raw tables' patterns could match.
            for file in written:
                file.replace(folder / file.name)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return counts


def _describe(con: duckdb.DuckDBPyConnection, extract: Extract, loader: str) -> Counts:
    row = (
        run_sql(
            con,
            "snapshots",
            snapshot=extract.name,
            region=extract.region,
            date=extract.date.isoformat() if extract.date else None,
            file_name=extract.path.name,
            sha256=extract.sha256,
            loader=loader,
        )
        and con.execute("select columns('^n_') from snapshots").fetchone()
    )
    return Counts(*(row or ()))


def _write(
    con: duckdb.DuckDBPyConnection, table: RawTable, order: str, folder: Path
) -> Path:
    con.execute("set preserve_insertion_order = true")
    columns = ", ".join(
        f'"{name}"::{kind} as "{name}"' for name, kind in table.columns.items()
    )
    path = folder / Path(table.pattern).name
    write_parquet(con, f"select {columns} from {table.name}", path, order_by=order)
    return path
