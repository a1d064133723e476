"""What differs between two snapshots: objects added, removed, retagged, redrawn, moved.

Elements of OpenStreetMap are compared, so that a way which turns from a line into an
area is one object, redrawn. `docs/load.md` says what each change means and how
distances are measured.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from load.snapshot import snapshots
from skyloom import duck, progress
from skyloom.errors import SkyloomError, UsageError, printable
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.row_files import check_suffix, write_csv

SQL = Path(__file__).with_name("sql")
STEPS = ("changed", "outlines", "moves", "changes")
CHANGES = ("added", "removed", "retagged", "redrawn", "moved")
ORDER = "osm_type, osm_id, change"


@dataclass(frozen=True)
class Count:
    """Objects of one kind (as it is after the change) with one change.

    Of these, `n_outside` lie outside the extent of the snapshot that lacks them, and
    `n_rejected` are among its rejects.
    """

    change: str
    kind: str
    n: int
    n_outside: int
    n_rejected: int


@dataclass(frozen=True)
class KeyCount:
    """Retagged objects in which a key was set, dropped or given another value."""

    key: str
    n_set: int
    n_dropped: int
    n_altered: int


@dataclass(frozen=True)
class Distances:
    """How far objects moved; `farthest` is the object_id of one that moved `max_m`."""

    median_m: float
    p90_m: float
    max_m: float
    farthest: str


@dataclass(frozen=True)
class Difference:
    """Two snapshots compared; its rows can be had inside the block of `compare`.

    An object may be retagged, redrawn and moved at once, so changes do not add up.
    """

    before: str
    after: str
    n_same: int
    counts: tuple[Count, ...]
    keys: tuple[KeyCount, ...]
    distances: Distances | None
    same_loader: bool
    _con: duckdb.DuckDBPyConnection = field(repr=False, compare=False)

    def total(self, change: str) -> int:
        """How many objects have one of CHANGES."""
        return sum(count.n for count in self.counts if count.change == change)

    def rows(self) -> duckdb.DuckDBPyConnection:
        """One row per object and change, in order of type, id and change."""
        return self._con.cursor().execute(f"from changes order by {ORDER}")

    def write(self, path: Path) -> int:
        """Write the rows to a .parquet or .csv file and return how many there are.

        A CSV holds tags and keys as JSON.

        Raises:
            UsageError: the file has another suffix.
            SkyloomError: the file could not be written.
        """
        check_suffix(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SkyloomError(
                f"the folder could not be made ({error.strerror})", where=str(path)
            ) from None
        if path.suffix.lower() == ".parquet":
            return write_parquet(self._con, "from changes", path, order_by=ORDER)
        plain = (SQL / "difference_plain.sql").read_text()
        return write_csv(self._con, f"from ({plain}) order by {ORDER}", path)

    def summary(self) -> dict[str, Any]:
        """What machines read: plain values, ready for JSON."""
        return {
            "before": self.before,
            "after": self.after,
            "n_same": self.n_same,
            **{f"n_{change}": self.total(change) for change in CHANGES},
            "counts": [asdict(count) for count in self.counts],
            "keys": [asdict(key) for key in self.keys],
            "distances": asdict(self.distances) if self.distances else None,
            "same_loader": self.same_loader,
        }

    def __str__(self) -> str:
        lines = [f"{self.before} -> {self.after}", f"same      {self.n_same}"]
        lines += [f"{change:9} {self._told(change)}" for change in CHANGES]
        if far := self.distances:
            lines[-1] += (
                f"; half of them by {far.median_m} m or less, 90 % by {far.p90_m} m or "
                f"less, the farthest ({far.farthest}) by {far.max_m} m"
            )
        if self.keys:
            lines.append("keys most often changed: " + ", ".join(map(_key, self.keys)))
        if not self.same_loader:
            lines.append(
                "the two were loaded by different loaders, which may be all that "
                "differs: load both files again"
            )
        return "\n".join(lines)

    def _told(self, change: str) -> str:
        counts = [count for count in self.counts if count.change == change]
        into = "into " if change == "redrawn" else ""
        kinds = (f"{x.n} {into}{x.kind}{'s' * (x.n != 1)}" for x in counts)
        text = f"{self.total(change)} ({', '.join(kinds)})" if counts else "0"
        lacking = self.before if change == "added" else self.after
        if n := sum(count.n_outside for count in counts):
            text += f"; {n} outside the extent of {lacking}"
        if n := sum(count.n_rejected for count in counts):
            text += f"; {n} among the rejects of {lacking}"
        return text


@contextmanager
def compare(
    lake: Lake,
    before: str,
    after: str,
    *,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> Iterator[Difference]:
    """Compare two snapshots of a lake, named as `find_snapshot` takes them.

    Only their immutable files are read: the lake's lock is not needed.

    Raises:
        UsageError: a name means no snapshot, or several.
        SkyloomError: the memory or the disk is full, or a file cannot be read.
    """
    loaders = {held.name: held.loader for held in snapshots(lake)}
    before, after = (find_snapshot(loaders, name) for name in (before, after))
    with (
        tempfile.TemporaryDirectory(prefix="skyloom-diff-") as spill,
        duck.connect(
            threads=threads, memory_limit=memory_limit, temp_directory=Path(spill)
        ) as con,
    ):
        try:
            _build(con, lake.root / "osm" / before, lake.root / "osm" / after)
            distances = [Distances(*row) for row in _run(con, "distances")]
            difference = Difference(
                before,
                after,
                _run(con, "same")[0][0],
                tuple(Count(*row) for row in _run(con, "counts")),
                tuple(KeyCount(*row) for row in _run(con, "keys")),
                distances[0] if distances else None,
                loaders[before] == loaders[after],
                con,
            )
        except duckdb.Error as error:
            full = isinstance(error, duckdb.OutOfMemoryException)
            raise SkyloomError(
                f"could not be compared ({str(error).splitlines()[0]})",
                where=f"{before} and {after}",
                remedy="allow more memory, or use fewer threads" if full else "",
            ) from None
        yield difference


def find_snapshot(names: Iterable[str], text: str) -> str:
    """The snapshot called so; else the one whose region or date is; else starts so.

    Raises:
        UsageError: none or several are; the message lists them.
    """
    known = sorted(names)
    wanted = text.strip().lower()
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == wanted,
        lambda name: wanted in name.rsplit("@", 1),
        lambda name: name.startswith(wanted) or f"@{wanted}" in name,
    )
    for test in tests if wanted else ():
        found = [name for name in known if test(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"snapshot {text!r} may be any of {', '.join(found)}",
                remedy="write more of its name",
            )
    raise UsageError(
        f"no snapshot is called {text!r}",
        remedy=f"name one of {', '.join(known)}" if known else "load a file first",
    )


def _build(con: duckdb.DuckDBPyConnection, before: Path, after: Path) -> None:
    for side, folder in (("before", before), ("after", after)):
        for view, table in ((side, "objects"), (f"{side}_rejects", "rejects")):
            con.from_parquet(str(folder / f"{table}.parquet")).create_view(view)
    with progress.track("difference", len(STEPS)) as done:
        for step in STEPS:
            _run(con, step)
            done(1)
    # The geometries, which are most of it, have done their work.
    for table in STEPS[:-1]:
        con.execute(f"drop table {table}")


def _run(con: duckdb.DuckDBPyConnection, step: str) -> list[tuple[Any, ...]]:
    return con.execute((SQL / f"difference_{step}.sql").read_text()).fetchall()


def _key(count: KeyCount) -> str:
    key = printable(count.key)
    told = {"set": count.n_set, "dropped": count.n_dropped, "altered": count.n_altered}
    return f"{key} ({', '.join(f'{word} {n}' for word, n in told.items() if n)})"
