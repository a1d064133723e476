"""What differs between the captions of two builds, counted per rule.

A build is a run of the catalog. Its files are named by their content, so a table whose
file is the same in both runs is the same and is not read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from explore.figures import literal, rows, sql
from skyloom import duck
from skyloom.catalog_runs import Run, find_runs
from skyloom.duck import quoted
from skyloom.errors import SkyloomError
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.place import Place
from skyloom.row_files import check_suffix, write_csv

VIEWS = {"captions": "captions", "caption_words": "words"}
STEPS = {
    "builds_captions": "changed_captions",
    "builds_words": "changed_words",
    "builds_rows": "caption_rows",
}
ORDER = "scene_id, style"


@dataclass(frozen=True)
class TableChange:
    """A table whose file differs; None where a run has no such table."""

    table: str
    n_before: int | None
    n_after: int | None


@dataclass(frozen=True)
class CaptionCounts:
    """Captions by what happened; `n_same_text` have their words from edited rules."""

    n_added: int
    n_lost: int
    n_changed: int
    n_same_text: int
    n_unchanged: int


@dataclass(frozen=True)
class RuleCounts:
    """Captions in which a rule came to speak, fell silent, or says something else."""

    rule_id: str
    n_added: int
    n_lost: int
    n_changed: int


@dataclass(frozen=True)
class CaptionChange:
    """One caption before and after."""

    scene_id: str
    style: str
    change: str
    title_before: str | None
    title_after: str | None
    title_multi_objects_before: str | None
    title_multi_objects_after: str | None
    rules_added: list[str]
    rules_lost: list[str]
    rules_changed: list[str]


@dataclass(frozen=True)
class BuildDifference:
    """Two builds compared; all rows can be written inside the block of `compare`."""

    before: str
    after: str
    tables: tuple[TableChange, ...]
    counts: CaptionCounts
    rules: tuple[RuleCounts, ...]
    examples: tuple[CaptionChange, ...]
    _con: duckdb.DuckDBPyConnection = field(repr=False, compare=False)

    def summary(self) -> dict[str, Any]:
        """What machines read: plain values, ready for JSON."""
        return {
            "before": self.before,
            "after": self.after,
            "tables": [asdict(one) for one in self.tables],
            "captions": asdict(self.counts),
            "rules": [asdict(one) for one in self.rules],
            "examples": [asdict(one) for one in self.examples],
        }

    def write(self, path: Path) -> int:
        """Write a row for each caption that differs; a CSV joins rules by blanks.

        Raises:
            UsageError: the file has another suffix.
            SkyloomError: the file could not be written.
        """
        check_suffix(path)
        if path.suffix.lower() == ".parquet":
            return write_parquet(self._con, "from caption_rows", path, order_by=ORDER)
        joined = ", ".join(
            f"array_to_string({name}, ' ') as {name}"
            for name in ("rules_added", "rules_lost", "rules_changed")
        )
        select = f"select * replace ({joined}) from caption_rows order by {ORDER}"
        return write_csv(self._con, select, path)


@contextmanager
def compare(
    lake: Lake, before: str | None, after: str | None, *, most: int = 10
) -> Iterator[BuildDifference]:
    """Compare two runs, by default the last two; one name is compared to the last.

    Raises:
        UsageError: a name is no run's or several runs', or there is no second run.
        SkyloomError: a file of a run is gone.
    """
    old, new = find_runs(Place.of(lake), before, after)
    with duck.connect() as con:
        yield compare_runs(con, lake, old, new, most=most)


def compare_runs(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    old: Run,
    new: Run,
    *,
    most: int = 10,
    rule: str | None = None,
) -> BuildDifference:
    """Compare two runs on a connection of the caller's, which keeps temporary tables.

    Of a `rule`, only the scenes to which it gave words in either run are looked at.

    Raises:
        SkyloomError: a file of a run is gone.
    """
    sides = (("before", old), ("after", new))
    for side, run in sides:
        for table, view in VIEWS.items():
            con.execute(
                f"create temp view {view}_{side} as from {_file(lake, run, table)}"
            )
    if rule is not None:
        con.execute(f"set variable rule = {literal(rule)}")
        con.execute(f"create temp table spoken_scenes as {sql('builds_spoken')}")
        for side, run in sides:
            con.execute(
                f"create or replace temp view captions_{side} as "
                f"from {_file(lake, run, 'captions')} "
                "where scene_id in (from spoken_scenes)"
            )
    for step, table in STEPS.items():
        same = old.files["captions"] == new.files["captions"]
        only = " limit 0" if same else ""
        con.execute(f"create temp table {table} as from ({sql(step)}){only}")
    (counts,) = rows(con, "builds_counts", CaptionCounts)
    return BuildDifference(
        old.run_id,
        new.run_id,
        _tables(old, new),
        counts,
        rows(con, "builds_rules", RuleCounts),
        rows(con, "builds_examples", CaptionChange, most=most),
        con,
    )


def _file(lake: Lake, run: Run, table: str) -> str:
    file = lake.catalog / "files" / run.files.get(table, "")
    if not file.is_file():
        raise SkyloomError(
            f"run {run.run_id} lacks its table {table}",
            where=str(file),
            remedy="compare other runs",
        )
    return f"read_parquet({quoted(file)})"


def _tables(old: Run, new: Run) -> tuple[TableChange, ...]:
    names = sorted(old.files.keys() | new.files.keys())
    return tuple(
        TableChange(name, old.n_rows.get(name), new.n_rows.get(name))
        for name in names
        if old.files.get(name) != new.files.get(name)
    )
