"""The build as a user runs it: whole, after an edit of one rule, on other threads.

dbt's own cost, that of building a lake without anything, is taken off and told apart.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.lakes import edit_rule, empty_lake, unbuilt
from benchmarks.measure import Cost, cost, figure, median
from benchmarks.places import rows_written, shuffled
from benchmarks.stages import SKYLOOM
from skyloom.catalog import Catalog
from skyloom.lake import Lake

THREADS = (1, 2, 4)
FILES = "catalog/files"


@dataclass(frozen=True)
class Builds:
    """Medians of builds: of a lake and of an empty one, whole and after an edit."""

    full: Cost
    edited: Cost
    fixed: Cost
    fixed_edited: Cost

    @property
    def full_s(self) -> float:
        """CPU seconds of the models of a full build."""
        return self.full.cpu_s - self.fixed.cpu_s

    @property
    def edited_s(self) -> float:
        """CPU seconds of the models after an edit."""
        return self.edited.cpu_s - self.fixed_edited.cpu_s


def build(lake: Path) -> Cost:
    """The cost of one build, as its user runs it."""
    return cost([*SKYLOOM, "build", "--lake", lake])


def builds(
    lake: Path, project: Path, rule_id: str, rounds: int, folder: Path
) -> tuple[Builds, dict[str, int]]:
    """Build, edit a rule, build again; the rows that spatial models wrote of new.

    The last round's lake stays as `folder / "lake"`, built with the rule as edited.
    """
    costs: list[list[Cost]] = [[], [], [], []]
    written: dict[str, int] = {}
    source = empty_lake(folder / "nothing", project)
    for number in range(rounds):
        root, empty = folder / "lake", folder / "empty"
        for path in (root, empty):
            shutil.rmtree(path, ignore_errors=True)
        unbuilt(lake, root)
        unbuilt(source, empty)
        for path, into in ((root, costs[0]), (empty, costs[2])):
            into.append(build(path))
            print(f"build of {path.name}: {into[-1].cpu_s:.1f} CPU-s", flush=True)
        before = shuffled(root, folder / "places")
        edit_rule(project, rule_id, f"edited thing {'i' * (number + 1)}")
        for path, into in ((root, costs[1]), (empty, costs[3])):
            into.append(build(path))
            print(f"... rule edited: {into[-1].cpu_s:.1f} CPU-s", flush=True)
        rows = rows_written(root, before)
        written = {name: max(n, written.get(name, 0)) for name, n in rows.items()}
    return Builds(*map(median, costs)), written


def told(found: Builds, written: dict[str, int]) -> list[dict[str, Any]]:
    """Print what builds cost and return the figures of the edit."""
    rows = {
        "full build": found.full,
        "build after the edit": found.edited,
        "build of an empty lake": found.fixed,
        "... after the edit": found.fixed_edited,
    }
    print()
    for name, one in rows.items():
        print(f"{name:24} {one.cpu_s:8.2f} CPU-s {one.tree_mb:7.0f} MB")
    print(f"models alone: {found.full_s:.1f} CPU-s, edited {found.edited_s:.1f} CPU-s")
    for name, n in written.items():
        print(f"rows that {name} wrote after the edit: {n:,}")
    share = found.edited_s / found.full_s
    return [
        figure("rule edit: CPU of the models, of a full build", share, "<= 0.15"),
        figure(
            "rule edit: rows that spatial models wrote", sum(written.values()), "<= 0"
        ),
    ]


def on_threads(lake: Path, folder: Path) -> list[dict[str, Any]]:
    """Build a lake on other numbers of threads; the catalogs must be the same bytes."""
    found = {}
    for number in THREADS:
        root = unbuilt(lake, folder / f"threads{number}")
        cost([*SKYLOOM, "build", "--lake", root, "--threads", number])
        run_id = Catalog.open(Lake.open(root)).run_id
        found[number] = (run_id, digest(root / FILES))
        shutil.rmtree(root)
        print(f"{number} threads: catalog run {run_id}", flush=True)
    return [
        figure(
            f"catalogs of {'/'.join(map(str, THREADS))} threads that differ",
            len(set(found.values())) - 1,
            "<= 0",
        )
    ]


def digest(folder: Path) -> str:
    """A digest of the names and the bytes of a folder's files."""
    files: Sequence[Path] = sorted(folder.iterdir())
    told = [(f.name, hashlib.sha256(f.read_bytes()).hexdigest()) for f in files]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
