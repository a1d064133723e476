"""What the SQL costs, beside geopandas, as it grows, and after an edit of a rule.

`python -m benchmarks.sql [PBF] [--rounds 3] [--parts join,grow,build,threads]`

Boxes are those of the models under drawn imagery of 0.5 m, whose chips are never
painted. `build` is the whole build, the edit and the captions; `threads` takes the
smaller extract. Runs take turns and medians are compared.
"""

import argparse
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import sql_build, sql_captions, sql_join
from benchmarks.lakes import copy_project, give_tables, load_lake, unbuilt
from benchmarks.measure import conclude, cost
from benchmarks.models import compile_models
from benchmarks.stages import SKYLOOM, extract

PARTS = ("join", "grow", "build", "threads")
SMALL = "monaco_quackosm.osm.pbf"
BOXES = 100_000


def arguments() -> argparse.Namespace:
    """What is asked for, checked."""
    parser = argparse.ArgumentParser(prog="benchmarks.sql")
    parser.add_argument("pbf", nargs="?", type=Path, default=extract())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--boxes", type=int, default=BOXES)
    parser.add_argument("--memory-limit", default="1GB", help="of the SQL alone")
    parser.add_argument("--rule", default="leisure_pitch", help="the one to edit")
    parser.add_argument("--small", type=Path, help="for the threads")
    parser.add_argument("--lake", type=Path, help="a built one for join and grow")
    asked = parser.parse_args()
    asked.parts = asked.parts.split(",")
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if asked.pbf is None:
        parser.error("no extract: name a PBF, or its data's folder in SKYLOOM_DATA")
    asked.pbf = asked.pbf.resolve()
    asked.small = (asked.small or asked.pbf.parent / SMALL).resolve()
    asked.lake = asked.lake and asked.lake.resolve()
    return asked


def measure(asked: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Each part that is asked for, on one lake."""
    figures: list[dict[str, Any]] = []
    project = copy_project(folder)
    limit, rounds = asked.memory_limit, asked.rounds
    if not {"join", "grow", "build"}.isdisjoint(asked.parts):
        lake = asked.lake
        if "build" in asked.parts or lake is None:
            source = load_lake(asked.pbf, folder / "source", project)
        if "build" in asked.parts:
            found, written = sql_build.builds(
                source, project, asked.rule, rounds, folder
            )
            figures += sql_build.told(found, written)
            lake = folder / "lake"
            manifest = compile_models(project, unbuilt(lake, folder / "compiled"))
            figures += sql_captions.compare(
                lake, manifest, project, found, limit, rounds, folder
            )
        else:
            if lake is None:
                lake = source
                cost([*SKYLOOM, "build", "--lake", lake])
            manifest = compile_models(project, unbuilt(lake, folder / "compiled"))
        if "join" in asked.parts:
            figures += sql_join.compare(
                lake, manifest, asked.boxes, rounds, limit, folder
            )
        if "grow" in asked.parts:
            tables = give_tables(lake, folder / "grown", asked.boxes)
            figures += sql_join.grow(tables, manifest, rounds, limit, folder)
    if "threads" in asked.parts:
        small = load_lake(asked.small, folder / "small", project)
        figures += sql_build.on_threads(small, folder)
    return figures


def main() -> None:
    """Measure, print the tables, and end with the figures."""
    asked = arguments()
    packages = ("duckdb", "dbt-core", "geopandas", "shapely", "pandas")
    print(*(f"{name} {version(name)}" for name in packages), sep=", ")
    print(f"{asked.pbf.name}, drawn imagery; MB are 2**20 bytes", flush=True)
    with tempfile.TemporaryDirectory() as name:
        figures = measure(asked, Path(name))
    conclude({}, figures)


if __name__ == "__main__":
    main()
