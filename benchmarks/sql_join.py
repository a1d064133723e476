"""Boxes and the objects in them, with exact shares: the SQL beside geopandas.

Ours is the compiled SQL of the model scene_objects in a process of its own, from
Parquet to Parquet. The peers read and write the same.
"""

import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.lakes import copy_tables, give_tables
from benchmarks.load import exponent
from benchmarks.measure import Cost, cost, figure, median
from benchmarks.models import select_all
from skyloom.duck import connect, quoted

OURS, GEOPANDAS, NAIVE = "Skyloom", "geopandas", "naive SQL"
MODEL = "scene_objects"
SHARES = ("share_of_box", "visible_fraction", "extent_px", "prominence")
# The boxes and the objects so many times: 100,000 ... 1,000,000 boxes.
COPIES = (1, 3, 10)
BASE_MB = 300
Command = Sequence[object]


def ours(manifest: Path, tables: Path, out: Path, model: str, limit: str) -> Command:
    """The compiled SQL of a model over tables that are given."""
    module = (sys.executable, "-m", "benchmarks.models")
    return (*module, manifest, tables, out, model, "--memory-limit", limit)


def compare(
    lake: Path, manifest: Path, boxes: int, rounds: int, limit: str, folder: Path
) -> list[dict[str, Any]]:
    """Let all take turns on so many boxes of a built lake; the pairs must be equal."""
    tables = give_tables(lake, folder / "tables", boxes)
    peer = (sys.executable, "-m")
    outs = {name: folder / f"{name}.parquet" for name in (OURS, GEOPANDAS, NAIVE)}
    commands: Mapping[str, Command] = {
        OURS: ours(manifest, tables, outs[OURS], MODEL, limit),
        GEOPANDAS: (*peer, "benchmarks.peers.with_geopandas", tables, outs[GEOPANDAS]),
        NAIVE: (*peer, "benchmarks.peers.naive_shares", tables, outs[NAIVE], limit),
    }
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            costs.setdefault(name, []).append(cost(command))
    table = {name: median(several) for name, several in costs.items()}
    n_boxes, n_pairs = count(tables / "main" / "scenes.parquet"), count(outs[OURS])
    print(f"\n{n_boxes:,} boxes, {n_pairs:,} pairs; DuckDB's memory limit {limit}")
    for name, one in table.items():
        speed = n_pairs / one.cpu_s
        print(
            f"{name:24} {one.cpu_s:8.2f} CPU-s {one.tree_mb:7.0f} MB "
            f"{speed:10,.0f} pairs/CPU-s"
        )
    figures = [
        figure("join: CPU, geopandas / Skyloom", ratio(table, GEOPANDAS), ">= 5"),
        figure(
            "join: peak of the tree, Skyloom / geopandas",
            table[OURS].tree_mb / table[GEOPANDAS].tree_mb,
            "<= 0.2",
        ),
        figure("join: CPU, naive SQL / Skyloom", ratio(table, NAIVE), ">= 15"),
    ]
    for name in (GEOPANDAS, NAIVE):
        objects = tables / "main" / "objects.parquet"
        figures += differences(name, outs[OURS], outs[name], objects)
    return figures


def ratio(table: Mapping[str, Cost], name: str) -> float:
    """How many times as much CPU it takes as ours."""
    return table[name].cpu_s / table[OURS].cpu_s


def count(file: Path) -> int:
    """Rows of a Parquet file."""
    with connect() as con:
        (number,) = con.execute(f"select count(*) from {quoted(file)}").fetchall()[0]
    return int(number)


def differences(
    name: str, ours: Path, theirs: Path, objects: Path
) -> list[dict[str, Any]]:
    """How far two sets of shares are apart.

    A line that runs over itself is set apart: an intersection keeps one of its strokes
    where the line has two, so that its share of the whole is too small.
    """
    largest = ", ".join(
        f"max(abs(a.{s} - b.{s})) filter (where not over_itself)" for s in SHARES
    )
    with connect() as con:
        lonely, other_kind, other_rank, n_over, *apart = con.execute(
            f"""
            with over_itself as (
                select object_id
                from ({select_all(con, objects)})
                where kind = 'line' and not st_issimple(geometry)
            ),

            pairs as (
                select
                    a,
                    b,
                    coalesce(a.object_id in (from over_itself), false) as over_itself
                from {quoted(ours)} as a
                full join {quoted(theirs)} as b
                    on a.scene_id = b.scene_id and a.object_id = b.object_id
            )

            select
                count(*) filter (where a.scene_id is null or b.scene_id is null),
                count(*) filter (
                    where a.role != b.role or a.kind != b.kind
                    or (a.share_of_box is null) != (b.share_of_box is null)
                    or (a.visible_fraction is null) != (b.visible_fraction is null)
                    or (a.extent_px is null) != (b.extent_px is null)
                ),
                count(*) filter (where a.rank != b.rank),
                count(*) filter (
                    where over_itself
                    and abs(a.visible_fraction - b.visible_fraction) > 1e-6
                ),
                {largest}
            from pairs
            """
        ).fetchall()[0]
    said = ", ".join(f"{s} {d or 0:.3g}" for s, d in zip(SHARES, apart, strict=True))
    print(f"largest differences from {name}: {said}; {other_rank:,} ranks differ")
    print(f"... and {n_over:,} pairs of lines that run over themselves differ")
    return [
        figure(f"join: pairs that {name} or Skyloom has alone", lonely, "<= 0"),
        figure(
            f"join: pairs of another role, kind or lack of a share by {name}",
            other_kind,
            "<= 0",
        ),
        figure(
            f"join: largest difference of a share from {name}, in 1e-6",
            max(apart[0] or 0, apart[1] or 0) * 1e6,
            "<= 1",
        ),
    ]


def grow(
    tables: Path, manifest: Path, rounds: int, limit: str, folder: Path
) -> list[dict[str, Any]]:
    """Ours alone on copies of the boxes and objects, the smallest as often as asked."""
    sizes, seconds, figures, pairs = [], [], [], []
    print(f"\ncopies of boxes and objects, further east; memory limit {limit}")
    limit_mb = megabytes(limit)
    for copies in COPIES:
        several = copy_tables(tables, folder / f"x{copies}", copies)
        out = folder / "grown.parquet"
        command = ours(manifest, several, out, MODEL, limit)
        times = rounds if copies == 1 else 1
        one = median([cost(command) for _ in range(times)])
        boxes = count(several / "main" / "scenes.parquet")
        pairs.append(count(out))
        shutil.rmtree(several)
        print(
            f"{copies:2}x {boxes:9,} boxes {pairs[-1]:11,} pairs: "
            f"{one.cpu_s:8.2f} CPU-s, {boxes / one.cpu_s:7,.0f} boxes/CPU-s, "
            f"tree {one.tree_mb:6.0f} MB",
            flush=True,
        )
        sizes.append(float(boxes))
        seconds.append(one.cpu_s)
        figures.append(
            figure(
                f"join, {boxes} boxes: MB of the tree above {limit} and {BASE_MB} MB",
                one.tree_mb - limit_mb - BASE_MB,
                "<= 0",
            )
        )
    # The fixed cost of a start makes the whole look better than its upper end.
    print(f"exponent between the two largest: {exponent(sizes[-2:], seconds[-2:]):.3f}")
    each = [n / copies for n, copies in zip(pairs, COPIES, strict=True)]
    return [
        figure("join: exponent of CPU", exponent(sizes, seconds), "<= 1.05"),
        figure(
            "join: pairs of a copy, largest change in 1e-6",
            max(math.fabs(one / each[0] - 1) for one in each) * 1e6,
            "<= 1",
        ),
        *figures,
    ]


def megabytes(limit: str) -> float:
    """DuckDB's words for a size, in 2**20 bytes."""
    with connect() as con:
        (size,) = con.execute(
            f"select parse_formatted_bytes({quoted(limit)})"
        ).fetchall()[0]
    return float(size) / 2**20
