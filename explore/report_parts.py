"""The parts of the report that stand on tables which an older catalog may lack."""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from explore.audited import audits
from explore.diversity import diversity
from explore.figures import rows
from explore.leaks import leaks
from explore.making import making, settings
from explore.polishing import polishing
from explore.selected import selections


@dataclass(frozen=True)
class Duplicates:
    """What comes again in one way; of `n`, `n_across` are like one of another split."""

    what: str
    how: str
    n: int
    n_images: int
    n_across: int
    n_most_alike: int | None


@dataclass(frozen=True)
class Part:
    """One part: its name in the templates, the tables it needs, and what reads it."""

    name: str
    needs: tuple[str, ...]
    read: Callable[[duckdb.DuckDBPyConnection], object]


def duplicates(con: duckdb.DuckDBPyConnection) -> tuple[Duplicates, ...]:
    """Images and captions that come again, by what and how."""
    return rows(con, "duplicate_counts", Duplicates)


PARTS = (
    Part("making", (), making),
    Part("settings", ("build_settings",), settings),
    Part("diversity", (), diversity),
    Part("duplicates", ("duplicates",), duplicates),
    Part("leaks", ("duplicates", "build_settings"), leaks),
    Part("selections", ("selection_losses",), selections),
    Part("polishing", ("polished_captions",), polishing),
    Part("audits", ("rule_scorecard",), audits),
)


def read_parts(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Each part by its name, None where a table is missing."""
    held = {name for (name,) in con.execute("show tables").fetchall()}
    return {
        part.name: part.read(con) if held.issuperset(part.needs) else None
        for part in PARTS
    }
