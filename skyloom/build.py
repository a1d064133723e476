"""Building a lake whole: `skyloom build`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyloom.catalog import Catalog
from skyloom.dbt_run import PROJECT, check_project, run_dbt
from skyloom.errors import SkyloomError
from skyloom.inputs import RECORD, inputs_digest, is_built, remember
from skyloom.lake import Lake


@dataclass(frozen=True)
class Built:
    """The run that a build published, and whether it differs from the one before."""

    run_id: str
    changed: bool


def build(
    lake: Lake,
    *,
    threads: int,
    memory_limit: str,
    project: Path = PROJECT,
    select: Sequence[str] = (),
    variables: Mapping[str, Any] | None = None,
) -> Built:
    """Build, test and publish the models; call it with the lake's lock held.

    Nothing is done where the current run was built from the same inputs.

    Raises:
        SkyloomError: dbt failed; the message names the first node and its file.
    """
    check_project(project, variables or {})
    before = current_run(lake)
    digest = inputs_digest(lake, project, variables or {})
    if before and not select and is_built(lake, digest):
        return Built(before, changed=False)
    # A failed build leaves the warehouse ahead of the catalog.
    (lake.catalog / RECORD).unlink(missing_ok=True)
    run_dbt(
        lake,
        ["--select", *select] if select else [],
        threads=threads,
        memory_limit=memory_limit,
        project=project,
        variables=variables,
    )
    after = current_run(lake)
    if after is None:
        raise SkyloomError("the build published nothing", remedy="build without select")
    if not select:
        remember(lake, digest)
    return Built(after, changed=after != before)


def current_run(lake: Lake) -> str | None:
    """The published run's name, if there is one."""
    try:
        return Catalog.open(lake).run_id
    except SkyloomError:
        return None
