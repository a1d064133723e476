"""The builds of a lake by name: runs of its catalog, in order of publication."""

from skyloom import catalog_runs
from skyloom.catalog_runs import Run
from skyloom.lake import Lake
from skyloom.place import Place

__all__ = ["Run", "find_runs"]


def find_runs(lake: Lake, before: str | None, after: str | None) -> tuple[Run, Run]:
    """The runs that two names or beginnings of names mean."""
    return catalog_runs.find_runs(Place(str(lake.catalog)), before, after)
