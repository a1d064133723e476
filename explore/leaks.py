"""The leakage check: what train shares with val and test, each line with its count."""

from dataclasses import dataclass

import duckdb

from explore.figures import rows, sql

# Query, whether finding one is a fault, and what is asked.
QUESTIONS = (
    ("leak_boxes", True, "No box lies within the gap of a box of another split"),
    ("leak_files", True, "No image file is in two splits"),
    ("leak_looks", True, "No image looks like one of another split"),
    ("leak_focus", True, "No object is the focus in two splits"),
    ("leak_surroundings", False, "No object is seen in two splits"),
    ("leak_titles", False, "No title of val or test is in train"),
)


@dataclass(frozen=True)
class Found:
    """Of `n_checked` things outside train, `n_found` faults and up to three of them."""

    n_checked: int
    n_found: int
    examples: list[str] | None


@dataclass(frozen=True)
class Check:
    """One line of the check; `verdict` is pass, fail, note or unchecked."""

    name: str
    asked: str
    verdict: str
    found: Found


@dataclass(frozen=True)
class Leaks:
    """All lines of the check."""

    checks: tuple[Check, ...]

    def n(self, verdict: str) -> int:
        """How many lines have a verdict."""
        return sum(check.verdict == verdict for check in self.checks)


def leaks(con: duckdb.DuckDBPyConnection) -> Leaks:
    """Hold the splits against each other."""
    con.execute(f"create temp table leak_scenes as {sql('leak_scenes')}")
    checks = []
    for name, is_fault, asked in QUESTIONS:
        (found,) = rows(con, name, Found)
        checks.append(Check(name, asked, _verdict(found, is_fault), found))
    return Leaks(tuple(checks))


def _verdict(found: Found, is_fault: bool) -> str:
    if found.n_found:
        return "fail" if is_fault else "note"
    return "pass" if found.n_checked else "unchecked"
