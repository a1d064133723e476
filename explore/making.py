"""How a data set was made: rules, settings, imports, and what each step left over."""

from dataclasses import dataclass
from typing import Any

import duckdb

from explore.figures import Tally, rows


@dataclass(frozen=True)
class RulesVersion:
    """The seed of rules: `digest` is of all its rows, `n_used` gave a word.

    `n_used` counts hard rules and the classifier too, which are no rows of the seed.
    """

    n_rules: int
    digest: str
    n_used: int
    styles: list[str]


@dataclass(frozen=True)
class Setting:
    """A dbt var with the value that the build had."""

    name: str
    value: str


@dataclass(frozen=True)
class Step:
    """How many come so far, and what became of the others.

    `reasons` are structs of `reason` and `n`, the most frequent first; `n_untold` have
    none in any table.
    """

    what: str
    n: int
    n_before: int | None
    reasons: list[dict[str, Any]]
    n_untold: int


@dataclass(frozen=True)
class Making:
    """What shaped the data set."""

    rules: RulesVersion
    imports: tuple[Tally, ...]
    steps: tuple[Step, ...]


def making(con: duckdb.DuckDBPyConnection) -> Making:
    """Read how the data set was made."""
    (rules,) = rows(con, "rules_version", RulesVersion)
    return Making(rules, rows(con, "imported_sets", Tally), rows(con, "funnel", Step))


def settings(con: duckdb.DuckDBPyConnection) -> tuple[Setting, ...]:
    """The vars of the build, by name."""
    return rows(con, "settings", Setting)
