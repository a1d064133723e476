"""From objects to captions: the build, its models alone, and geopandas with Python."""

import sys
from pathlib import Path
from typing import Any

from benchmarks.lakes import give_tables
from benchmarks.measure import Cost, cost, figure, median
from benchmarks.sql_build import Builds
from benchmarks.sql_join import ours
from skyloom.duck import connect, quoted


def compare(
    lake: Path,
    manifest: Path,
    project: Path,
    found: Builds,
    limit: str,
    rounds: int,
    folder: Path,
) -> list[dict[str, Any]]:
    """Let them take turns on a built lake; the captions must be equal."""
    tables = give_tables(lake, folder / "all")
    theirs, out = folder / "peer", folder / "captions.parquet"
    theirs.mkdir()
    seeds = project / "seeds"
    module = (sys.executable, "-m", "benchmarks.peers.with_geopandas_captions")
    costs: list[list[Cost]] = [[], []]
    for _ in range(rounds):
        costs[0].append(cost(ours(manifest, tables, out, "captions", limit)))
        costs[1].append(cost([*module, tables, seeds, theirs]))
    models, peer = (median(several) for several in costs)
    print()
    for name, one in (("these models alone", models), ("geopandas and Python", peer)):
        print(f"{name:24} {one.cpu_s:8.2f} CPU-s {one.tree_mb:7.0f} MB")
    print(f"CPU, geopandas / these models alone: {peer.cpu_s / models.cpu_s:.2f}")
    equal = agreement(lake, theirs / "captions.parquet")
    return [
        figure(
            "objects to captions: CPU, geopandas / build less dbt's own cost",
            peer.cpu_s / found.full_s,
            ">= 10",
        ),
        figure("objects to captions: share of equal captions", equal, ">= 0.999"),
    ]


def agreement(lake: Path, theirs: Path) -> float:
    """The share of scenes with the same captions; a few that differ are printed."""
    with connect(lake / "warehouse.duckdb", read_only=True) as con:
        con.execute(
            f"""
            create temp view compared as
            select
                scene_id,
                struct_pack(a := a.title, b := a.title_multi_objects) as ours,
                struct_pack(a := b.title, b := b.title_multi_objects) as theirs,
            from captions as a
            full join {quoted(theirs)} as b using (scene_id)
            """
        )
        n_all, n_equal = con.execute(
            "select count(*), count(*) filter (where ours = theirs) from compared"
        ).fetchall()[0]
        unlike = con.execute(
            "from compared where ours is distinct from theirs order by scene_id limit 5"
        ).fetchall()
    print(f"captions: {n_all:,}, of them {n_all - n_equal:,} differ")
    for scene_id, mine, other in unlike:
        print(f"  {scene_id}\n    ours   {mine}\n    theirs {other}")
    return float(n_equal / n_all) if n_all else 0.0
