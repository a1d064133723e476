"""The report's numbers: each SQL file of `explore/sql` read into one dataclass."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import duckdb

from skyloom.duck import quoted

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SQL = Path(__file__).parent / "sql"
Row = TypeVar("Row", bound="DataclassInstance")


class Tables(Protocol):
    """What the report needs of a catalog: a connection with a view per table."""

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open an in-memory database with spatial loaded."""
        ...


@dataclass(frozen=True)
class Headline:
    """The size of the data set; `n_judged` are the scenes that statistics are over."""

    n_pairs: int
    n_titles: int
    n_multi_titles: int
    n_objects: int
    n_scenes: int
    n_images: int
    n_drawn: int
    n_sources: int
    n_judged: int
    style: str | None


@dataclass(frozen=True)
class PairSplit:
    """Pairs of one named selection in one split."""

    selection: str
    split: str
    n: int
    n_titles: int


@dataclass(frozen=True)
class Snapshot:
    """One OpenStreetMap extract; only the latest of a region is current."""

    snapshot: str
    region: str
    snapshot_date: date | None
    file_name: str | None
    digest: str | None
    loader: str | None
    n_points: int
    n_lines: int
    n_areas: int
    n_relations: int
    n_rejects: int
    is_current: bool


@dataclass(frozen=True)
class Source:
    """One imagery source that has scenes or images."""

    source: str
    name: str | None
    kind: str | None
    gsd_m: float | None
    drawn: bool
    n_scenes: int
    n_images: int
    n_undated: int
    years_only: bool
    acquired_first: datetime | None
    acquired_last: datetime | None
    redistributable: bool | None
    license: str | None
    attribution: str | None


@dataclass(frozen=True)
class Reject:
    """What was left out for one reason, with up to three example ids."""

    source: str | None
    reason: str | None
    n: int
    examples: list[str]


@dataclass(frozen=True)
class CountryCount:
    """Scenes, images and pairs in one country; None where no boundary says which."""

    country: str | None
    n_scenes: int
    n_images: int
    n_pairs: int


@dataclass(frozen=True)
class UndecidedTag:
    """A tag that neither a rule nor the classifier has decided."""

    label: str
    n: int
    example: str | None


@dataclass(frozen=True)
class UndecidedCount:
    """How many distinct tags wait for a decision."""

    n_undecided: int
    n_tags: int


@dataclass(frozen=True)
class UsedRule:
    """A rule and how many pieces of captions it gave."""

    rule_id: str
    n_words: int
    n_scenes: int
    example: str
    matches: str | None


@dataclass(frozen=True)
class IdleRule:
    """A rule that gave no word."""

    rule_id: str
    matches: str


@dataclass(frozen=True)
class Tally:
    """How many there are of something that has a name."""

    label: str
    n: int
    n_focus: int


@dataclass(frozen=True)
class ValueCount:
    """How many there are of one whole number."""

    value: int
    n: int


@dataclass(frozen=True)
class SplitCount:
    """Scenes in one split."""

    split: str | None
    n: int


def rows(
    con: duckdb.DuckDBPyConnection,
    query: str,
    kind: type[Row],
    **variables: object,
) -> tuple[Row, ...]:
    """Run `explore/sql/<query>.sql`; its columns are the fields of `kind`, by name.

    The file reads `variables` by getvariable().
    """
    # As literals: to bind a parameter, DuckDB's client imports pandas, for two seconds.
    for variable, value in variables.items():
        con.execute(f"set variable {variable} = {literal(value)}")
    result = con.execute(sql(query))
    names = [column[0] for column in result.description or ()]
    return tuple(
        kind(**dict(zip(names, row, strict=True))) for row in result.fetchall()
    )


def literal(value: object) -> str:
    """A text, number, list of them or None as SQL."""
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return str(value) if isinstance(value, int | float) else quoted(str(value))


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that the other queries read, each from the file of its name."""
    con.execute(f"create temp table shown_style as {sql('shown_style')}")
    con.execute(f"create temp view shown_captions as {sql('shown_captions')}")
    con.execute(f"create temp view shown_words as {sql('shown_words')}")
    con.execute(f"create temp table judged as {sql('judged')}")
    con.execute(f"create temp table judged_captions as {sql('judged_captions')}")
    con.execute(f"create temp view focus_shapes as {sql('focus_shapes')}")


@cache
def sql(query: str) -> str:
    """The text of `explore/sql/<query>.sql`."""
    return (SQL / f"{query}.sql").read_text(encoding="utf-8")
