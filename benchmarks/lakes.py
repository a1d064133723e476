"""Lakes to measure on: drawn footprints, no chips, and a project of one's own."""

import csv
import shutil
import subprocess
from pathlib import Path

from benchmarks.measure import CHECKOUT
from benchmarks.stages import SKYLOOM
from extract.drawn_footprints import index_drawn
from skyloom.dbt_run import PROJECT
from skyloom.duck import connect, quoted
from skyloom.lake import Lake

GSD_M = 0.5
STEP_DEGREES = 5
# The tables that models after the boxes read, and what the hard rules decide; the seeds
# come on top.
GIVEN = ("objects", "scenes", "sources", "int_hard_rules")
TRANSIENT = ("target", "logs", "runs", "catalog", "warehouse.duckdb*", "lock")


def copy_project(folder: Path) -> Path:
    """A copy of the dbt project, whose rules may be edited."""
    ignored = shutil.ignore_patterns("target", "logs")
    return Path(shutil.copytree(PROJECT, folder / "dbt_project", ignore=ignored))


def load_lake(pbf: Path, root: Path, project: Path) -> Path:
    """A lake of an extract under drawn imagery, not built; no chip is painted."""
    subprocess.run([*SKYLOOM, "load", pbf, "--lake", root], cwd=CHECKOUT, check=True)
    index_drawn(Lake.open(root), None, gsd_m=GSD_M)
    return use_project(root, project)


def empty_lake(root: Path, project: Path) -> Path:
    """A lake without anything: what its build costs, every build costs."""
    return use_project(Lake.open(root, create=True).root, project)


def use_project(root: Path, project: Path) -> Path:
    """Have a lake built by a project, as its owner would: in lake.toml."""
    with (root / "lake.toml").open("a") as settings:
        settings.write(f'project = "{project}"\n')
    return root


def unbuilt(lake: Path, root: Path) -> Path:
    """A lake with what another holds, and never built."""
    ignored = shutil.ignore_patterns(*TRANSIENT)
    return Path(shutil.copytree(lake, root, ignore=ignored))


def edit_rule(project: Path, rule_id: str, phrase: str) -> None:
    """Have one row of the rules say something else.

    Raises:
        KeyError: there is no such rule.
    """
    file = project / "seeds" / "tag_rules.csv"
    with file.open(newline="") as seed:
        rows = list(csv.DictReader(seed))
    found = [row for row in rows if row["rule_id"] == rule_id]
    if not found:
        raise KeyError(rule_id)
    found[0]["phrase"] = phrase
    with file.open("w", newline="") as seed:
        writer = csv.DictWriter(seed, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def give_tables(lake: Path, folder: Path, boxes: int | None = None) -> Path:
    """Write what the models after the boxes read, as Parquet.

    With `boxes`, so many scenes by the hash of their id, in the order of the hash.
    """
    chosen = "order by md5(scene_id), scene_id"
    with connect(lake / "warehouse.duckdb", read_only=True) as con:
        seeds = con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema like '%seeds' order by all"
        ).fetchall()
        for schema, name in [*(("main", table) for table in GIVEN), *seeds]:
            (folder / schema).mkdir(parents=True, exist_ok=True)
            limited = f"{chosen} limit {boxes}" if boxes and name == "scenes" else ""
            file = quoted(folder / schema / f"{name}.parquet")
            con.execute(f'copy (from "{schema}"."{name}" {limited}) to {file}')
    return folder


def copy_tables(tables: Path, folder: Path, copies: int) -> Path:
    """The boxes and the objects several times, each copy further east.

    The density stays, and every copy has its own ids.
    """
    (folder / "main").mkdir(parents=True)
    file = "from {}".format(quoted(tables / "main" / "{}.parquet")).format
    # A float's step grows with the longitude: the extent is rounded outward again.
    bbox = f"""{{
        'xmin': nextafter((bbox.xmin + {STEP_DEGREES} * copy)::float, -1e9::float),
        'ymin': bbox.ymin,
        'xmax': nextafter((bbox.xmax + {STEP_DEGREES} * copy)::float, 1e9::float),
        'ymax': bbox.ymax
    }} as bbox"""
    with connect(memory_limit="4GB", temp_directory=folder / "spill") as con:
        con.execute(f"create view copies as select unnest(range({copies})) as copy")
        queries = {
            "objects": f"""
                select * exclude (copy) replace (
                    object_id || ':' || copy as object_id,
                    {bbox},
                    st_translate(geometry::geometry, {STEP_DEGREES} * copy, 0)
                        as geometry
                )
                {file("objects")} cross join copies
            """,
            "scenes": f"""
                select * exclude (copy) replace (
                    scene_id || ':' || copy as scene_id,
                    object_id || ':' || copy as object_id,
                    west + {STEP_DEGREES} * copy as west,
                    east + {STEP_DEGREES} * copy as east,
                    {bbox},
                    st_makeenvelope(
                        west + {STEP_DEGREES} * copy, south,
                        east + {STEP_DEGREES} * copy, north
                    ) as geometry
                )
                {file("scenes")} cross join copies
            """,
        }
        for name, query in queries.items():
            out = quoted(folder / "main" / f"{name}.parquet")
            con.execute(f"copy ({query}) to {out}")
    return folder
