"""`skyloom audit`, put together: a sample as a page, and what the grades come to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from captioning.audit_grades import import_grades, read_grades
from captioning.audit_page import GRADES, write_audit_page
from captioning.audit_report import AuditReport, Estimate, report
from captioning.audit_sample import draw
from skyloom.answers import print_table
from skyloom.catalog import Catalog
from skyloom.errors import printable
from skyloom.lake import Lake

__all__ = ["import_grades", "print_report", "read_grades", "report", "sample"]
PAGE = "audit.html"


def sample(
    lake: Lake, out: Path | None, *, n: int, seed: str, selection: str, style: str
) -> str:
    """Write the page of a sample and say what is on it.

    Raises:
        SkyloomError: nothing is published, or something could not be written.
    """
    drawn = draw(Catalog.open(lake), n=n, seed=seed, selection=selection, style=style)
    page = write_audit_page(out or lake.root / PAGE, drawn, lake.root)
    n_strata = len({unit.stratum for unit in drawn.units})
    return (
        f"{len(drawn.units):,} of {drawn.n_pairs:,} image-tag pairs, "
        f"of {n_strata:,} strata, in {page}"
    )


def print_report(found: AuditReport, imported: Sequence[Path]) -> None:
    """Print the report to stdout as tables."""
    print(
        f"sample {found.sample}: {found.n_graded:,} of {found.n_units:,} pairs graded"
        f"{'' if found.covered == 1 else f', {found.covered:.1%} of the data set'}"
    )
    whole = found.overall
    print(
        f"accuracy {whole.accuracy:.1%} (95 %: {whole.low:.1%} to {whole.high:.1%}); "
        f"published of SkyScript: {found.published:.1%}\n"
    )
    for title, rows in (
        ("pairs", (whole,)),
        ("source", found.by_source),
        ("stratum", found.by_stratum),
        ("auditor", found.by_auditor),
    ):
        print_table(
            (title, "graded", "accuracy", "95 %", *GRADES),
            [_cells(row) for row in rows],
        )
    if found.agreements:
        print_table(
            (
                "auditor",
                "auditor",
                "both graded",
                "same grade",
                "kappa",
                "right or not",
            ),
            [
                (
                    *(one.one, one.other, f"{one.n:,}", f"{one.same:.1%}"),
                    *(
                        "" if k is None else f"{k:.2f}"
                        for k in (one.kappa, one.kappa_right)
                    ),
                )
                for one in found.agreements
            ],
        )
    for path in imported:
        print(f"imported {printable(path)}")


def _cells(row: Estimate) -> tuple[str, ...]:
    return (
        row.what,
        f"{row.n:,}",
        f"{row.accuracy:.1%}",
        f"{row.low:.1%} to {row.high:.1%}",
        *(f"{row.shares[grade]:.1%}" for grade in GRADES),
    )
