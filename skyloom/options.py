"""Flags and arguments that several commands share, each said once."""

import json
import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from skyloom.errors import UsageError


class QueryFormat(StrEnum):
    """How `skyloom query` prints rows."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    FLATGEOBUF = "fgb"


class Engine(StrEnum):
    """What puts OpenStreetMap's elements together."""

    DUCKDB = "duckdb"
    QUACKOSM = "quackosm"


class PolishBackend(StrEnum):
    """Where `skyloom polish` asks."""

    OPENAI = "openai"
    BATCH = "batch"


DEFAULT_LAKE = Path("lake")
DEMO_LAKE = Path("demo/lake")
# Inside the dbt project.
LABELS = Path("seeds", "tag_labels.csv")
CLIP_MODEL = "ViT-B-32"
SCORER = "ViT-L-14"
CAPTION_COLUMNS = "title,title_multi_objects,polished"
KEY_VARIABLE = "OPENAI_API_KEY"
EXPLORER_PORT = 8765

LakeOption = Annotated[
    Path, typer.Option("--lake", envvar="SKYLOOM_LAKE", help="the lake's folder")
]
ReadLakeOption = Annotated[
    str,
    typer.Option("--lake", envvar="SKYLOOM_LAKE", help="the lake's folder, or its URL"),
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="no progress on stderr")]
JsonOption = Annotated[bool, typer.Option("--json", help="a JSON array of rows")]
ThreadsOption = Annotated[
    int | None, typer.Option(help="threads of DuckDB and dbt (default: cores, up to 8)")
]
WorkersOption = Annotated[int | None, typer.Option(help="chips fetched at one time")]
MemoryOption = Annotated[
    str | None, typer.Option(help="DuckDB's memory, as in 4GB; the rest goes to disk")
]
OsmArgument = Annotated[
    list[Path] | None, typer.Argument(readable=False, help="OSM extracts (.osm.pbf)")
]
OsmOption = Annotated[
    list[Path] | None,
    typer.Option("--osm", readable=False, help="OSM extracts (.osm.pbf)"),
]
PublishedArgument = Annotated[
    Path, typer.Argument(readable=False, help="folder with images2, meta2, CSVs ...")
]
PartsArgument = Annotated[
    list[str] | None, typer.Argument(help="parts for --download (default: all)")
]
ImportNameOption = Annotated[
    str | None, typer.Option("--name", help="of the import (default: the folder's)")
]
DownloadOption = Annotated[
    bool, typer.Option("--download", help="first get the published parts")
]
PartsOption = Annotated[
    bool, typer.Option("--parts", help="only list what can be downloaded")
]
RegionsOption = Annotated[
    list[str] | None,
    typer.Option("--region", help="Geofabrik extracts to download, as in monaco"),
]
EngineOption = Annotated[Engine, typer.Option(help="what puts the elements together")]
BoxOption = Annotated[
    str | None, typer.Option(help="W,S,E,N in degrees: load what touches this box")
]
PolygonOption = Annotated[
    Path | None,
    typer.Option(help="GeoJSON, WKT or .poly file: load what touches its polygons"),
]
KeepGoingOption = Annotated[
    bool,
    typer.Option("--keep-going", help="load what can be read of a damaged file"),
]
OldArgument = Annotated[
    str | None,
    typer.Argument(metavar="[A]", help="the older run (default: the last but one)"),
]
NewArgument = Annotated[
    str | None, typer.Argument(metavar="[B]", help="the newer run (default: the last)")
]
OsmFlag = Annotated[
    bool,
    typer.Option(
        "--osm", help="compare OpenStreetMap snapshots, as in monaco@2023-12-25"
    ),
]
LimitOption = Annotated[int, typer.Option(min=0, help="how many examples are shown")]
MostOption = Annotated[
    int, typer.Option("--limit", min=0, help="how many tags and keys are listed")
]
RuleArgument = Annotated[
    str, typer.Argument(metavar="RULE", help="a rule_id, of the seed or of a model")
]
WhereBoxOption = Annotated[
    str | None, typer.Option("--bbox", help="W,S,E,N in degrees: only what touches it")
]
PageOption = Annotated[
    Path | None, typer.Option("--out", help="also write a page, one HTML file")
]
SeedOption = Annotated[
    str, typer.Option("--seed", help="another text picks other chips for the page")
]
SceneArgument = Annotated[
    str, typer.Argument(metavar="ID", help="an image_id or a scene_id")
]
OneStyleOption = Annotated[
    str | None, typer.Option("--style", help="one caption style (default: all)")
]
SummaryOption = Annotated[bool, typer.Option("--json", help="print JSON")]
RowsFileOption = Annotated[
    Path | None, typer.Option("--out", help="write all rows to this .parquet or .csv")
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
SourceOption = Annotated[
    str, typer.Option("--source-code", help="two letters that name the imagery")
]
AcquiredOption = Annotated[
    str | None, typer.Option(help="when it was taken: YYYY, YYYY-MM-DD or with THH:MM")
]
LicenseOption = Annotated[str | None, typer.Option(help="licence of the imagery")]
AttributionOption = Annotated[str | None, typer.Option(help="who must be named")]
SelectOption = Annotated[
    list[str] | None, typer.Option(help="dbt selection, e.g. captions+")
]
TownsOption = Annotated[
    int, typer.Option(min=1, max=64, help="how many towns, side by side")
]
VarsOption = Annotated[
    str, typer.Option("--vars", help='dbt vars as JSON, e.g. {"max_px": 400}')
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
ServicesOption = Annotated[
    bool, typer.Option("--probe", help="also fetch a small chip from each service")
]
ReasonsOption = Annotated[
    bool, typer.Option("--report", help="rank why chips are missing; fetch nothing")
]
ReportOption = Annotated[
    Path | None, typer.Option("--out", help="the file (default: in the lake)")
]
ChipsOption = Annotated[int, typer.Option(help="chips in the gallery", min=0)]
OutOption = Annotated[
    Path, typer.Option("--out", help="a new folder, or an earlier export")
]
WhereOption = Annotated[str, typer.Option(help="SQL over images, captions and scenes")]
StyleOption = Annotated[str, typer.Option(help="the caption style")]
PrivateOption = Annotated[
    bool, typer.Option("--private", help="for your own use: no licence needed")
]
PicklesOption = Annotated[
    bool, typer.Option("--pickles", help="also the original's (unsafe to load)")
]
LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="labels (default: the seed tag_labels.csv)"),
]
BackendOption = Annotated[
    str | None,
    typer.Option(help="minilm, ngrams or clip (default: minilm where installed)"),
]
WeightsOption = Annotated[
    Path | None, typer.Option(help="a CLIP model's weights, for the backend clip")
]
ClipModelOption = Annotated[
    str, typer.Option("--clip-model", help="open_clip's name of that model")
]
PolishBackendOption = Annotated[
    PolishBackend,
    typer.Option("--backend", help="an OpenAI-compatible endpoint, or batch files"),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", help="the endpoint, as in http://localhost:8000/v1"),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="the model, as the endpoint names it")
]
PolishLimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="at most so many sets of facts")
]
ConcurrencyOption = Annotated[
    int, typer.Option(min=1, max=256, help="questions at one time")
]
PerMinuteOption = Annotated[
    float | None, typer.Option(min=0.01, help="at most so many requests a minute")
]
KeyVariableOption = Annotated[
    str, typer.Option(help="the environment variable that holds the endpoint's key")
]
PromptOption = Annotated[
    str, typer.Option("--prompt", help="a version in captioning/prompts")
]
ParametersOption = Annotated[
    str | None,
    typer.Option(help="a JSON object to send in place of the default parameters"),
]
BatchOutOption = Annotated[
    Path | None, typer.Option("--out", help="batch: write the requests to this file")
]
ResultsOption = Annotated[
    Path | None, typer.Option("--results", help="batch: read this file of results")
]
PriceInOption = Annotated[
    float | None, typer.Option(min=0, help="price of a million tokens sent")
]
PriceOutOption = Annotated[
    float | None, typer.Option(min=0, help="price of a million tokens answered")
]
AllScenesOption = Annotated[
    bool, typer.Option("--all-scenes", help="also scenes without an image")
]
RatesOption = Annotated[
    bool, typer.Option("--report", help="say why answers were refused; ask nothing")
]
CheckpointArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[CHECKPOINT]",
        readable=False,
        help="weights: .pt, .safetensors, or a zip of one, as they are published",
    ),
]
EvalModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", help="open_clip's name or a .json (default: by the file's name)"
    ),
]
BenchmarksOption = Annotated[
    Path | None,
    typer.Option(readable=False, help="a folder of benchmarks, or one benchmark"),
]
SkyscriptOption = Annotated[
    Path | None,
    typer.Option(readable=False, help="the published data set, for its test set"),
]
OnlyOption = Annotated[
    list[str] | None, typer.Option(help="keep to this benchmark; may be repeated")
]
SplitsOption = Annotated[
    str, typer.Option("--splits", help="the lake's held-out splits to evaluate on")
]
EvalLakeOption = Annotated[
    Path | None,
    typer.Option("--lake", envvar="SKYLOOM_LAKE", help="the lake's own benchmarks"),
]
EvalOutOption = Annotated[
    Path | None, typer.Option("--out", help="folder of the reports")
]
CacheOption = Annotated[
    Path | None,
    typer.Option(help="where vectors are kept (default: the lake, or ~/.cache)"),
]
TrainConfigOption = Annotated[
    str,
    typer.Option(
        "--config",
        help="debug, vit_b32, vit_l14, published_vit_b32, published_vit_l14, or a file",
    ),
]
TrainOutOption = Annotated[
    Path | None, typer.Option("--out", help="the training's folder (default: in runs/)")
]
ResumeOption = Annotated[
    Path | None, typer.Option(help="go on from this state (default: the folder's last)")
]
PrintCommandOption = Annotated[
    bool, typer.Option("--print-command", help="print the line for several GPUs")
]
ProcessesOption = Annotated[
    int, typer.Option(min=1, help="processes of that line: one for each GPU")
]
ListFlagsOption = Annotated[
    bool, typer.Option("--flags", help="print the flags of training, and do nothing")
]
SampleOption = Annotated[Path, typer.Option("--out", help="the CSV file to write")]
SqlArgument = Annotated[
    str | None, typer.Argument(help="one SELECT over the published tables")
]
LikeOption = Annotated[
    str | None,
    typer.Option(help="a text or an image file: list the images most like it"),
]
NearDuplicatesOption = Annotated[
    float | None,
    typer.Option(min=-1, max=1, help="list pairs of images of at least this cosine"),
]
NearestOption = Annotated[
    int | None,
    typer.Option(
        "--limit", min=1, help="how many images or pairs (default: 10 by likeness)"
    ),
]
ImagesWhereOption = Annotated[
    str | None,
    typer.Option("--where", help="list images: SQL over images, captions and scenes"),
]
ImagesBoxOption = Annotated[
    str | None,
    typer.Option("--bbox", help="list images: those that touch W,S,E,N, in degrees"),
]
AnswerOption = Annotated[
    Path | None,
    typer.Option("--out", help="a .csv, .json, .parquet or .fgb file, whole or not"),
]
TableArgument = Annotated[
    str, typer.Argument(metavar="TABLE", help="a published table")
]
KnownModelOption = Annotated[
    str | None,
    typer.Option("--model", help="whose vectors, or its .json (default: the only one)"),
]
OpenClipOption = Annotated[
    str, typer.Option("--model", help="open_clip's name of a model, or its .json file")
]
PretrainedOption = Annotated[
    str | None, typer.Option(help="open_clip's name of the weights, as in openai")
]
CheckpointOption = Annotated[
    Path | None, typer.Option(help="the weights: .pt, .pth, .safetensors or .zip")
]
QuickGeluOption = Annotated[
    bool, typer.Option("--quick-gelu", help="the activation of OpenAI's models")
]
DeviceOption = Annotated[
    str, typer.Option(help="cpu, cuda, cuda:1 (default: a GPU where there is one)")
]
PrecisionOption = Annotated[
    str, typer.Option(help="fp32, bf16 or fp16 (default: fp32 on a CPU, else bf16)")
]
BatchSizeOption = Annotated[
    int, typer.Option(min=1, max=65536, help="images in one pass on a GPU")
]
DecodersOption = Annotated[
    int | None,
    typer.Option("--workers", min=0, max=256, help="processes that decode images"),
]
CaptionsOption = Annotated[
    str, typer.Option(help="caption columns, of every style that is built")
]
ImagesArgument = Annotated[
    list[Path], typer.Argument(metavar="IMAGE...", help="images, or rasters to tile")
]
ClassLabelsOption = Annotated[
    Path, typer.Option("--labels", help="the labels, one a line, or a CSV")
]
TemplatesOption = Annotated[
    Path | None, typer.Option(help="sentences with {} for the label, one a line")
]
TopOption = Annotated[int, typer.Option(min=1, help="how many labels of each")]
TileOption = Annotated[
    int | None, typer.Option(min=8, help="cut rasters into tiles of so many pixels")
]
AnswersOption = Annotated[
    Path | None, typer.Option("--out", help="a .parquet, .csv or .json file")
]
ExportFormatsOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="skyscript, webdataset, huggingface, croissant, stac; commas between",
    ),
]
SelectionOption = Annotated[
    str, typer.Option("--selection", help="pairs of which named selection")
]
SinceOption = Annotated[
    Path | None,
    typer.Option("--since", help="the release that CHANGES.md compares with"),
]
QueryFormatOption = Annotated[
    QueryFormat | None,
    typer.Option("--format", help="default: by the suffix of --out, else table"),
]


def parse_vars(text: str) -> dict[str, Any]:
    """The dbt vars of `--vars`.

    Raises:
        UsageError: the text is not a JSON object.
    """
    return parse_object(text, "--vars", '{"max_px": 400}')


def parse_object(text: str, flag: str, example: str) -> dict[str, Any]:
    """The JSON object of a flag.

    Raises:
        UsageError: the text is none.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{flag} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise UsageError(f"{flag} is not a JSON object", remedy=f"like {example}")
    return value


def parse_codes(text: str) -> list[str]:
    """The words of a flag, with commas between."""
    return [word.strip() for word in text.split(",") if word.strip()]


def parse_numbers(text: str, flag: str, count: int) -> tuple[float, ...]:
    """The numbers of a flag, with commas between.

    Raises:
        UsageError: there are not `count` of them.
    """
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise UsageError(f"{flag} {text!r} is not {count} numbers with commas between")
    return numbers


def parse_bands(text: str) -> tuple[int, ...]:
    """The numbers of the bands of red, green and blue.

    Raises:
        UsageError: they are not three whole numbers.
    """
    numbers = parse_numbers(text, "--bands", 3)
    if not all(number.is_integer() for number in numbers):
        raise UsageError(f"--bands {text!r} are not whole numbers", remedy="like 4,3,2")
    return tuple(map(int, numbers))


def parse_bytes(text: str) -> int:
    """A number of bytes, as in 500MB or 10GB; units are decimal.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", text.strip().upper())
    if not found:
        raise UsageError(f"{text!r} is not a number of bytes", remedy="like 10GB")
    number = int(float(found[1]) * 1000 ** " KMGT".index(found[2] or " "))
    if not number:
        raise UsageError(f"{text!r} is nothing to fetch", remedy="like 10GB")
    return number


AuditPageOption = Annotated[
    Path | None,
    typer.Option("--out", help="the page (default: audit.html in the lake)"),
]
AuditSizeOption = Annotated[
    int, typer.Option("--n", min=1, help="how many pairs, at most")
]
AuditSeedOption = Annotated[
    str, typer.Option("--seed", help="another text draws other pairs")
]
GradesArgument = Annotated[
    list[Path],
    typer.Argument(readable=False, help="files that the audit page downloaded"),
]
OnlyReportOption = Annotated[
    bool, typer.Option("--only-report", help="write nothing into the lake")
]
PortOption = Annotated[
    int, typer.Option(min=0, max=65535, help="0 takes one that is free")
]
NoBrowserOption = Annotated[
    bool, typer.Option("--no-browser", help="only print the address")
]
HostOption = Annotated[str, typer.Option(help="the address to listen on")]
AllowRemoteOption = Annotated[
    bool, typer.Option("--allow-remote", help="let others reach it, with a token")
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        envvar="SKYLOOM_TOKEN", help="what others must bring (default: by chance)"
    ),
]
