"""Flags and arguments that several rooms share, and those of the roof's commands."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class QueryFormat(StrEnum):
    """How `skyloom query` prints rows."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    FLATGEOBUF = "fgb"


DEFAULT_LAKE = Path("lake")
DEMO_LAKE = Path("demo/lake")
READ_LAKE = str(DEFAULT_LAKE)

LakeOption = Annotated[
    Path, typer.Option("--lake", envvar="SKYLOOM_LAKE", help="the lake's folder")
]
ReadLakeOption = Annotated[
    str,
    typer.Option("--lake", envvar="SKYLOOM_LAKE", help="the lake's folder, or its URL"),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="no progress on stderr")]
JsonOption = Annotated[bool, typer.Option("--json", help="a JSON array of rows")]
SummaryOption = Annotated[bool, typer.Option("--json", help="print JSON")]
ThreadsOption = Annotated[
    int | None, typer.Option(help="threads of DuckDB and dbt (default: cores, up to 8)")
]
WorkersOption = Annotated[int | None, typer.Option(help="chips fetched at one time")]
MemoryOption = Annotated[
    str | None, typer.Option(help="DuckDB's memory, as in 4GB; the rest goes to disk")
]
VarsOption = Annotated[
    str, typer.Option("--vars", help='dbt vars as JSON, e.g. {"max_px": 400}')
]
ShardOption = Annotated[
    str,
    typer.Option("--shard", metavar="I/N", help="one of N parts, then `skyloom merge`"),
]
StyleOption = Annotated[str, typer.Option(help="the caption style")]
SelectionOption = Annotated[
    str, typer.Option("--selection", help="pairs of which named selection")
]
PageOption = Annotated[
    Path | None, typer.Option("--out", help="also write a page, one HTML file")
]
OldArgument = Annotated[
    str | None,
    typer.Argument(metavar="[A]", help="the older run (default: the last but one)"),
]
NewArgument = Annotated[
    str | None, typer.Argument(metavar="[B]", help="the newer run (default: the last)")
]
OsmOption = Annotated[
    list[Path] | None,
    typer.Option("--osm", readable=False, help="OSM extracts (.osm.pbf)"),
]
RegionsOption = Annotated[
    list[str] | None,
    typer.Option("--region", help="Geofabrik extracts to download, as in monaco"),
]
BoxOption = Annotated[
    str | None, typer.Option(help="W,S,E,N in degrees: load what touches this box")
]
PolygonOption = Annotated[
    Path | None,
    typer.Option(help="GeoJSON, WKT or .poly file: load what touches its polygons"),
]
RegionNameOption = Annotated[
    str | None,
    typer.Option(
        "--region-name", help="name of the snapshot's region (default: the file's)"
    ),
]
DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        formats=["%Y-%m-%d"],
        help="date of the extract (default: from its header or name)",
    ),
]
ImageryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--imagery", help="georeferenced rasters: files, globs, or http(s) and s3 URLs"
    ),
]
SourceOption = Annotated[
    str, typer.Option("--source-code", help="two letters that name the imagery")
]
AcquiredOption = Annotated[
    str | None, typer.Option(help="when it was taken: YYYY, YYYY-MM-DD or with THH:MM")
]
LicenseOption = Annotated[str | None, typer.Option(help="licence of the imagery")]
AttributionOption = Annotated[str | None, typer.Option(help="who must be named")]
BandsOption = Annotated[
    str | None, typer.Option(help="bands of red, green and blue, as in 4,3,2")
]
ScaleOption = Annotated[
    str | None,
    typer.Option(help="values shown as black and as white, as in 0,3000"),
]
SourcesOption = Annotated[
    str,
    typer.Option(help="sources of the seed by their codes, and drawn: US,S2,drawn"),
]
RefreshOption = Annotated[
    bool, typer.Option("--refresh", help="ask the services again what they hold")
]
RetryOption = Annotated[
    str,
    typer.Option(
        "--retry", help="also try again what was refused: reasons (nodata,cloud) or all"
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="say what would be fetched, and fetch nothing")
]
ChipLimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="at most so many chips")
]
MaxRequestsOption = Annotated[
    int | None, typer.Option(min=1, help="at most so many requests to services")
]
MaxBytesOption = Annotated[
    str | None, typer.Option(help="at most so much from services, as in 10GB")
]
ProbeOption = Annotated[
    bool, typer.Option("--probe", help="fetch a few chips of each source, and judge")
]
ReasonsOption = Annotated[
    bool, typer.Option("--report", help="rank why chips are missing; fetch nothing")
]
SelectOption = Annotated[
    list[str] | None, typer.Option(help="dbt selection, e.g. captions+")
]
TownsOption = Annotated[
    int, typer.Option(min=1, max=64, help="how many towns, side by side")
]
ServicesOption = Annotated[
    bool, typer.Option("--probe", help="also fetch a small chip from each service")
]
OsmFlag = Annotated[
    bool,
    typer.Option(
        "--osm", help="compare OpenStreetMap snapshots, as in monaco@2023-12-25"
    ),
]
LimitOption = Annotated[int, typer.Option(min=0, help="how many examples are shown")]
RowsFileOption = Annotated[
    Path | None, typer.Option("--out", help="write all rows to this .parquet or .csv")
]
