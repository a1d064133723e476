"""The folder of a shard in its lake: what it was made from, and who else is at work."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skyloom.errors import UsageError
from skyloom.inputs import inputs_digest
from skyloom.lake import MARKER, Lake
from skyloom.raw_tables import (
    FOOTPRINTS,
    IMPORTED_IMAGES,
    OBJECTS,
    SNAPSHOTS,
    TAG_PREDICTIONS,
)
from skyloom.shards.files import read_files

SUMMARIES = "summaries"
PARTS = "parts"
STATE = "state.json"
# The raw tables that the models of a shard read.
READ = (OBJECTS, SNAPSHOTS, FOOTPRINTS, TAG_PREDICTIONS, IMPORTED_IMAGES)


@dataclass(frozen=True)
class Place:
    """Where shard `number` of `count` keeps its warehouse and its files."""

    lake: Lake
    number: int
    count: int

    @property
    def root(self) -> Path:
        """A folder that is a lake in small: a warehouse, a lock, logs."""
        return self.lake.root / "shards" / str(self.count) / str(self.number)

    def has(self, group: str, digest: str) -> bool:
        """Whether this shard has written a group of files from these inputs."""
        return self._state().get(group) == digest

    def note(self, group: str, digest: str) -> None:
        """Remember what a group of files was made from."""
        part = self.root / f".{STATE}.part"
        part.write_text(json.dumps(self._state() | {group: digest}))
        part.replace(self.root / STATE)

    def files(self, group: str) -> dict[str, Path]:
        """The shard's files of a group by the table that they hold rows of."""
        return read_files(self.root, group)

    def _state(self) -> dict[str, str]:
        try:
            return dict(json.loads((self.root / STATE).read_text()))
        except (OSError, ValueError):
            return {}


def places(lake: Lake, count: int) -> list[Place]:
    """The folders of all shards of a lake divided into so many."""
    return [Place(lake, number, count) for number in range(1, count + 1)]


def missing(places: list[Place], group: str, digest: str) -> list[int]:
    """Which shards have not yet written a group of files from these inputs."""
    return [place.number for place in places if not place.has(group, digest)]


def gathered(places: list[Place], group: str) -> dict[str, list[str]]:
    """All shards' files by table, in the shards' order, as dbt's vars take them."""
    by_table: dict[str, list[str]] = {}
    for place in places:
        for name, file in place.files(group).items():
            by_table.setdefault(name, []).append(str(file))
    return by_table


def digest_of(lake: Lake, project: Path, variables: Mapping[str, Any]) -> str:
    """What every shard is made from: rules, models, vars, code and these raw tables.

    Raises:
        UsageError: the lake holds imported data, which has no place on the ground.
    """
    if len(lake.files(IMPORTED_IMAGES)) > 1:
        raise UsageError(
            "a lake with imported data is not divided",
            where=str(lake.root),
            remedy="build it whole",
        )
    return inputs_digest(lake, project, variables, tables=READ)


def homes(lake: Lake) -> list[Lake]:
    """The folders of all shards that were ever at work on a lake."""
    markers = sorted((lake.root / "shards").glob(f"*/*/{MARKER}"))
    return [Lake(marker.parent) for marker in markers]
