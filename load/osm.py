"""OpenStreetMap extracts -> points, lines and areas of the lake.

One snapshot per file: `osm/<region>@<date>/` with the objects, the elements that
could not become objects, and one row about the file itself. libosmium reads the file
(`load/elements.py`), SQL makes the shapes (`load/shapes.py`); this module decides what
is loaded and where it is put.
"""

from __future__ import annotations

import datetime
import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from load import by_quackosm
from load.blocks import BadBlock, mended
from load.elements import read_elements
from load.pbf import REENCODE, decode
from load.shapes import (
    assemble,
    measure,
    refuse_misread,
    refuse_repeated,
    run_sql,
    spool,
)
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

if TYPE_CHECKING:
    # It brings shapely, which most loads do not need.
    from load.clip import Clip

DUCKDB, QUACKOSM = "duckdb", "quackosm"
VERSION = 2
"""Raised whenever the same file would give other rows."""
AREA_RULES = Path(__file__).with_name("area_rules.csv")
UNREADABLE = "unreadable block"
ORDERS = (
    (OBJECTS, None),
    (REJECTS, "osm_type, osm_id"),
    (SNAPSHOTS, "snapshot"),
)


@dataclass(frozen=True)
class LoadOptions:
    """How files are loaded, beyond what they are called.

    `clip` keeps the objects that touch it, whole; `keep_going` takes what can be read
    of a damaged file.
    """

    engine: str = DUCKDB
    clip: Clip | None = None
    keep_going: bool = False
    threads: int | None = None
    memory_limit: str | None = None

    @property
    def loader(self) -> str:
        """What, beside the file, decides about the rows."""
        rules = hashlib.sha256(AREA_RULES.read_bytes()).hexdigest()[:8]
        clip = f"-{self.clip.digest[:8]}" if self.clip else ""
        return f"{self.engine}-{VERSION}-{rules}{clip}"


@dataclass(frozen=True)
class Loaded:
    """What became of one file; `path` is the snapshot's folder.

    `reasons` counts the rejects of a file that was loaded; what a skipped one rejected
    stands in the lake.
    """

    snapshot: str
    path: Path
    counts: Counts
    skipped: bool
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_partial(self) -> bool:
        """Whether blocks of the file could not be read."""
        return UNREADABLE in self.reasons

    def summary(self) -> dict[str, Any]:
        """The same for machines."""
        counts = asdict(self.counts)
        return {
            "snapshot": self.snapshot,
            "path": str(self.path),
            "skipped": self.skipped,
            **counts,
            "reasons": dict(self.reasons),
        }

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.snapshot}: in the lake already"
        counts = self.counts
        reasons = ", ".join(f"{n} {reason}" for reason, n in self.reasons.items())
        return (
            f"{self.snapshot}: {counts.points} points, {counts.lines} lines, "
            f"{counts.areas} areas ({counts.relations} of relations), "
            f"{counts.rejects} rejects{f' ({reasons})' if reasons else ''}"
        )


def load_osm(
    lake: Lake,
    files: Sequence[Path],
    *,
    region: str | None = None,
    date: datetime.date | None = None,
    options: LoadOptions = LoadOptions(),
) -> list[Loaded]:
    """Load PBF files, each as one snapshot; what is in the lake already is skipped.

    All files are looked at before the first is loaded, and decoded one by one: where
    one is damaged, those before it are in the lake. The caller holds the lake's lock.

    Raises:
        SkyloomError: a file is not a readable PBF, two different files make the same
            snapshot, or the disk or the memory is full.
    """
    held = snapshots(lake)
    extracts = [
        identify(path, region, date, clip=options.clip, keep_going=options.keep_going)
        for path in files
    ]
    refuse_clashes([x for x in extracts if not _find(x, held, options)], held)
    loaded = []
    for extract in extracts:
        known = _find(extract, snapshots(lake), options)
        name = known.name if known else extract.name
        folder = lake.root / "osm" / name
        if known:
            loaded.append(Loaded(name, folder, known.counts, skipped=True))
        else:
            with _failures_named(extract.path):
                counts, reasons = _load(lake, extract, options)
            loaded.append(Loaded(name, folder, counts, False, reasons))
    return loaded


def _find(
    extract: Extract, held: Sequence[Snapshot], options: LoadOptions
) -> Snapshot | None:
    wanted = (extract.sha256, options.loader)
    return next((x for x in held if (x.sha256, x.loader) == wanted), None)


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
    lake: Lake, extract: Extract, options: LoadOptions
) -> tuple[Counts, Mapping[str, int]]:
    # A fixed place, so that the next load clears away what a killed one left.
    with lake.fresh_folder(lake.root / "osm" / extract.name) as folder:
        work = lake.root / ".load"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            with duck.connect(
                threads=options.threads,
                memory_limit=options.memory_limit,
                temp_directory=work / "spill",
            ) as con:
                memory = duck.memory_limit(con)
                # GEOS and the writers of files are not in DuckDB's account.
                con.execute(f"set memory_limit = '{memory * 9 // 10}B'")
                con.execute("set preserve_insertion_order = false")
                con.execute("set enable_external_file_cache = false")
                bad_blocks = _shape(con, extract, work, options)
                names = {"region": extract.region, "snapshot": extract.name}
                measure(con, work, bad_blocks, options.clip, **names)
                described = _describe(con, extract, options)
                written = [_write(con, table, order, work) for table, order in ORDERS]
            # Whole files only, in a moment: a kill during the work leaves nothing
            # here that the raw tables' patterns could match.
            for file in written:
                file.replace(folder / file.name)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return described


def _shape(
    con: duckdb.DuckDBPyConnection, extract: Extract, work: Path, options: LoadOptions
) -> Sequence[BadBlock]:
    """Make `shapes` and `elements`, and return the blocks that had to be left out."""
    pbf, bad_blocks = extract.path, tuple[BadBlock, ...]()
    if options.keep_going:
        pbf = work / "readable.osm.pbf"
        bad_blocks = mended(extract.path, pbf)
    if options.engine == QUACKOSM:
        decode(pbf)
        by_quackosm.draw(con, pbf, work, AREA_RULES, threads=options.threads)
        return bad_blocks
    lines = work / "drawn.txt"
    read_elements(
        pbf,
        lines,
        title=extract.name,
        memory=duck.memory_limit(con),
        threads=options.threads,
    )
    spool(con, "drawn", work, "line", file=lines)
    lines.unlink()
    try:
        spool(con, "read", work, file=pbf)
    except duckdb.InvalidInputException as error:
        raise SkyloomError(
            f"a PBF of a kind that DuckDB does not read ({str(error).splitlines()[0]})",
            where=str(extract.path),
            remedy=REENCODE,
        ) from None
    has_repeated_keys = run_sql(con, "repeated_key").fetchone() is not None
    run_sql(con, "elements_once" if has_repeated_keys else "elements")
    refuse_repeated(con, extract.path)
    refuse_misread(con, extract.path)
    assemble(con, work, AREA_RULES, extract.name)
    return bad_blocks


def _describe(
    con: duckdb.DuckDBPyConnection, extract: Extract, options: LoadOptions
) -> tuple[Counts, Mapping[str, int]]:
    run_sql(
        con,
        "snapshots",
        date=extract.date.isoformat() if extract.date else None,
        file_name=extract.path.name,
        sha256=extract.sha256,
        loader=options.loader,
    )
    row = con.execute("select columns('^n_') from snapshots").fetchone()
    return Counts(*(row or ())), dict(run_sql(con, "reasons").fetchall())


def _write(
    con: duckdb.DuckDBPyConnection, table: RawTable, order: str | None, folder: Path
) -> Path:
    con.execute("set preserve_insertion_order = true")
    columns = ", ".join(
        f'"{name}"::{kind} as "{name}"' for name, kind in table.columns.items()
    )
    path = folder / Path(table.pattern).name
    write_parquet(
        con,
        f"select {columns} from {table.name}",
        path,
        order_by=order,
        places="from measured where reason is null" if table is OBJECTS else None,
        level=1,
    )
    return path
