"""Why chips are missing and what went wrong on the way, most frequent first."""

from collections.abc import Collection
from typing import Any

import polars as pl

from extract import tables
from extract.failures import POLICIES, Policy
from extract.ledger import ALL, FAILED, OK
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.raw_tables import ATTEMPTS, LEDGER

AGAIN = "run fetch again: it asks for them again"
OPEN = "kept out for good; fetch with --retry and the reason to ask again"
CURES = {
    "wrong_size": "the service does not answer on the grid asked for; " + OPEN,
    "nodata": "min_valid_fraction keeps them out; change it, then --retry nodata",
    "saturated": "max_saturated_fraction keeps them out; change it, then "
    "--retry saturated",
    "cloud": "max_cloud_fraction keeps them out; change it, then --retry cloud",
    "blank": "min_std keeps them out; change it, then --retry blank",
    "credentials": "renew the account's credentials, then run fetch again",
    "quota": "wait for the quota's next period or have it raised, then run fetch again",
    "throttled": "nothing: the run slows down by itself; lower the service's limits "
    "if most attempts are throttled",
    "no_reader": "this kind of source needs a reader: see `skyloom doctor`",
    "changed": "index the files again, then build and fetch",
    "not_found": "index the source again, then build and fetch",
    "read": "put the file back or index the source again, then run fetch again",
}
BY_POLICY = {
    Policy.RETRY: "nothing: they are asked for again by themselves; where chips "
    "failed, " + AGAIN,
    Policy.THROTTLE: CURES["throttled"],
    Policy.SPLIT: OPEN,
    Policy.REFUSE: OPEN,
    Policy.ALONE: AGAIN,
    Policy.FAIL: AGAIN,
    Policy.STOP: CURES["credentials"],
}


def fetch_report(lake: Lake) -> list[dict[str, Any]]:
    """A row per source and reason: chips without a picture, attempts that failed.

    Ranked by chips, then by attempts. `n_chips` is how matters stand, `n_attempts`
    counts all runs; `example` is one detail, `what_next` what a person can do.
    """
    chips = _counted(
        tables.read(lake, LEDGER).filter(pl.col("status") != OK), "n_chips"
    )
    attempts = _counted(
        tables.read(lake, ATTEMPTS).filter(pl.col("reason").is_not_null()),
        "n_attempts",
    )
    rows = (
        chips.join(attempts, on=["source", "reason"], how="full", coalesce=True)
        .with_columns(
            pl.col("n_chips", "n_attempts").fill_null(0),
            example=pl.coalesce("example", "example_right"),
        )
        .sort(
            ["n_chips", "n_attempts", "source", "reason"],
            descending=[True, True, False, False],
        )
        .select("source", "reason", "n_chips", "n_attempts", "example")
    )
    return [
        {**row, "what_next": what_next(row["reason"])}
        for row in rows.iter_rows(named=True)
    ]


def what_next(reason: str) -> str:
    """What a person can do about a reason."""
    policy = POLICIES.get(reason, Policy.FAIL)
    return CURES.get(reason) or BY_POLICY[policy]


def check_reasons(reasons: Collection[str]) -> None:
    """Make sure that chips can be refused for these reasons; `all` stands for any.

    Raises:
        UsageError: one of them is no reason; those there are are listed.
    """
    known = {*POLICIES, *CURES, ALL}
    if unknown := sorted(set(reasons) - known):
        raise UsageError(
            f"--retry {unknown[0]!r} is no reason",
            remedy=f"name some of {', '.join(sorted(known))}",
        )


def fetch_totals(lake: Lake) -> dict[str, int]:
    """Chips by status, and attempts with and without success, over all runs."""
    chips, attempts = tables.read(lake, LEDGER), tables.read(lake, ATTEMPTS)
    good = attempts["reason"].is_null().sum()
    return {
        "ok": chips.filter(pl.col("status") == OK).height,
        "failed": chips.filter(pl.col("status") == FAILED).height,
        "refused": chips.filter(~pl.col("status").is_in([OK, FAILED])).height,
        "attempts": attempts.height,
        "attempts_ok": int(good),
    }


def _counted(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.group_by("source", "reason").agg(
        pl.len().alias(name), pl.col("detail").min().alias("example")
    )
