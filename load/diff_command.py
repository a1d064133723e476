"""The body of `skyloom diff --osm`."""

from __future__ import annotations

from pathlib import Path

from load.difference import compare
from skyloom.answers import print_json
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.row_files import check_suffix
from skyloom.work import Job


def diff(
    lake: Lake,
    old: str | None,
    new: str | None,
    job: Job,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print what two snapshots differ in; the rows go to `out`.

    Raises:
        UsageError: two snapshots are not named, or `out` is of another form.
    """
    if not (old and new):
        raise UsageError(
            "two snapshots are to be named", remedy="say `skyloom diff --osm A B`"
        )
    if out:
        check_suffix(out)
    settings = job.settings(lake)
    with compare(
        lake,
        old,
        new,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    ) as difference:
        if out:
            difference.write(out)
        if as_json:
            print_json(difference.summary())
        else:
            print(difference)
