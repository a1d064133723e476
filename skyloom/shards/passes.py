"""One shard's two passes: what it says of itself, and what it makes of what all say."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import yaml

from skyloom.dbt_run import PROJECT, check_project, run_dbt
from skyloom.lake import Lake, command_line
from skyloom.row_files import copy_whole
from skyloom.runs import recorded
from skyloom.shards.place import (
    PARTS,
    SUMMARIES,
    Place,
    digest_of,
    gathered,
    missing,
    places,
)
from skyloom.shards.tiling import Shard, extents_of, shards_of


@dataclass(frozen=True)
class ShardBuilt:
    """How far a shard has come, and the others whose first pass it waits for."""

    shard: Shard
    waits_for: list[int]

    def __str__(self) -> str:
        if not self.waits_for:
            return f"shard {self.shard} is built"
        names = ", ".join(map(str, self.waits_for))
        return (
            f"shard {self.shard} has said what it holds; run it again when the others "
            f"have: {names}"
        )


def build_shard(
    lake: Lake,
    number: int,
    count: int,
    *,
    threads: int,
    memory_limit: str,
    project: Path = PROJECT,
    variables: Mapping[str, Any] | None = None,
) -> ShardBuilt:
    """Build one shard as far as the other shards allow; what is done is not done again.

    The first pass counts the shard's candidates and finds where its boxes lie; the
    second makes scenes and captions, once every shard's first pass is there. Shards
    of one lake may be built at the same time, on any machine that sees its folder.

    Raises:
        SkyloomError: dbt failed; the message names the first node and its file.
    """
    variables = dict(variables or {})
    check_project(project, variables)
    place, everyone = Place(lake, number, count), places(lake, count)
    with lake.lock(command_line(), shared=True):
        digest = digest_of(lake, project, variables)
        shard = shards_of(lake, count)[number - 1]
        own = Lake.open(place.root, create=True)
        run = partial(
            run_dbt,
            lake,
            threads=threads,
            memory_limit=memory_limit,
            project=project,
            shard=own,
        )
        with own.lock(command_line()), recorded(own) as log:
            reach = [_write_reach(place, shard, _sight(project, variables))]
            chosen = variables | {"tiles": list(shard.tiles), "reach": reach}
            if not place.has(SUMMARIES, digest):
                run(["--selector", "summary"], variables=chosen)
                place.note(SUMMARIES, digest)
                log("summary", shard=str(shard), n_objects=shard.n_objects)
            if waits_for := missing(everyone, SUMMARIES, digest):
                return ShardBuilt(shard, waits_for)
            if not place.has(PARTS, digest):
                reach.append(str(place.files(SUMMARIES)["int_shard_reach"]))
                chosen["summaries"] = gathered(everyone, SUMMARIES)
                run(["--selector", "part"], variables=chosen)
                place.note(PARTS, digest)
                log("part", shard=str(shard))
    return ShardBuilt(shard, [])


def _sight(project: Path, variables: Mapping[str, Any]) -> float:
    known = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]
    return float((known | dict(variables))["rule_sight_deg"])


def _write_reach(place: Place, shard: Shard, sight: float) -> str:
    """Where a shard's own objects lie, and as far round them as a rule may look."""
    rows = ", ".join(
        f"({', '.join(map(repr, extent))})" for extent in extents_of(shard.tiles, sight)
    )
    file = place.root / "tiles.parquet"
    with duckdb.connect() as con:
        copy_whole(
            con,
            f"from (values {rows}) as tiles (west, south, east, north)",
            file,
            "format parquet",
        )
    return str(file)
