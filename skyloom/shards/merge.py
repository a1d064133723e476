"""`skyloom merge`: the parts of all shards become one catalog."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skyloom.build import Built, current_run
from skyloom.dbt_run import PROJECT, check_project, run_dbt
from skyloom.errors import SkyloomError
from skyloom.inputs import RECORD, inputs_digest, remember
from skyloom.lake import Lake
from skyloom.shards.place import PARTS, Place, digest_of, gathered, missing, places


def merge(
    lake: Lake,
    *,
    threads: int,
    memory_limit: str,
    project: Path = PROJECT,
    variables: Mapping[str, Any] | None = None,
) -> Built:
    """Publish what the shards have made, as one build of the whole lake would.

    Call it with the lake's lock held. The catalog's bytes do not depend on how many
    shards there were.

    Raises:
        SkyloomError: a shard's part is missing, or dbt failed.
    """
    variables = dict(variables or {})
    check_project(project, variables)
    everyone = _finished(lake, digest_of(lake, project, variables))
    before = current_run(lake)
    (lake.catalog / RECORD).unlink(missing_ok=True)
    run_dbt(
        lake,
        ["--selector", "merged"],
        threads=threads,
        memory_limit=memory_limit,
        project=project,
        variables=variables | {"parts": gathered(everyone, PARTS)},
    )
    after = current_run(lake)
    if after is None:
        raise SkyloomError("the merge published nothing", where=str(lake.root))
    remember(lake, inputs_digest(lake, project, variables))
    return Built(after, changed=after != before)


def _finished(lake: Lake, digest: str) -> list[Place]:
    """The shards of the division whose parts are all there."""
    counts = sorted(
        int(folder.name)
        for folder in (lake.root / "shards").glob("*")
        if folder.name.isdecimal()
    )
    lacking = {}
    for count in counts:
        everyone = places(lake, count)
        lacking[count] = missing(everyone, PARTS, digest)
        if not lacking[count]:
            return everyone
    if not lacking:
        raise SkyloomError(
            "no shard is built",
            where=str(lake.root),
            remedy="build shards with `skyloom build --shard 1/4`",
        )
    nearest = min(lacking, key=lambda count: len(lacking[count]) / count)
    names = ", ".join(f"{number}/{nearest}" for number in lacking[nearest])
    raise SkyloomError(
        f"shards are not built from what the lake holds: {names}",
        where=str(lake.root),
        remedy="build them with `skyloom build --shard`",
    )
