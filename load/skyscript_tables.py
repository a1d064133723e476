"""The import's rows as files of the lake's raw tables, whole or not at all."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from load.skyscript_captions import read_captions
from skyloom import duck
from skyloom.duck import quoted
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import (
    IMPORT_REJECTS,
    IMPORTED_CAPTIONS,
    IMPORTED_IMAGES,
    SCORES,
    RawTable,
)

SQL = Path(__file__).parent / "sql"
RECORD = "import.json"
STAGING = ".imports"
"""Where an import works, inside the lake."""

# A caption that several files hold is the first file's.
CAPTIONS = """
select
    image_name,
    getvariable('dataset')::varchar as dataset,
    caption,
    "text",
    min("file") as "file"
from captions
group by image_name, caption, "text"
"""
SIMILARITIES = """
select
    images.sha256 as image_sha256,
    sha256(similarities."text") as text_sha256,
    similarities.model,
    arg_min(similarities.similarity, (similarities."file", similarities.similarity))
        as similarity
from similarities
inner join images using (image_name)
group by images.sha256, sha256(similarities."text"), similarities.model
"""
REJECTS = """
select
    getvariable('dataset')::varchar as dataset,
    folder as "file",
    null::bigint as line,
    image_name,
    why_not as reason,
    detail
from read_rows
where why_not is not null
union all by name
select
    getvariable('dataset')::varchar as dataset,
    *
from csv_rejects
"""


@dataclass(frozen=True)
class Written:
    """How many rows there are of each kind, and whether any differs from before."""

    images: int
    captions: int
    scores: int
    rejects: int
    changed: bool


def target(lake: Lake, dataset: str) -> Path:
    """The folder of one import."""
    return lake.root / Path(IMPORTED_IMAGES.pattern).parts[0] / dataset


def write_tables(
    lake: Lake,
    dataset: str,
    folder: Path,
    parts: Sequence[Path],
    *,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> Written:
    """Write the tables of one import; where they are as before, nothing is touched."""
    place = target(lake, dataset)
    scores = lake.root / SCORES.pattern.replace("*", f"published-{dataset}")
    with (
        TemporaryDirectory(dir=lake.root / STAGING) as scratch,
        duck.connect(
            Path(scratch) / "work.duckdb",
            threads=threads,
            memory_limit=memory_limit,
            temp_directory=Path(scratch) / "spill",
        ) as con,
    ):
        made = Path(scratch)
        counts = _write(con, dataset, folder, parts, made)
        digest = _digest(made)
        if _recorded(place).get("tables") == digest and scores.is_file():
            return Written(*counts, changed=False)
        scores.parent.mkdir(exist_ok=True)
        (made / "scores.parquet").replace(scores)
        with lake.fresh_folder(place) as fresh:
            for table in (IMPORTED_IMAGES, IMPORTED_CAPTIONS, IMPORT_REJECTS):
                name = Path(table.pattern).name
                (made / name).replace(fresh / name)
            (fresh / RECORD).write_text(json.dumps({"tables": digest}))
    return Written(*counts, changed=True)


def _write(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    folder: Path,
    parts: Sequence[Path],
    made: Path,
) -> tuple[int, int, int, int]:
    # A folder may be empty, and DuckDB reads no empty list.
    (made / "none.jsonl").touch()
    listed = ", ".join(quoted(part) for part in [made / "none.jsonl", *parts])
    con.execute(f"set variable parts = [{listed}]")
    con.execute(f"set variable dataset = {quoted(dataset)}")
    con.execute((SQL / "skyscript_rows.sql").read_text())
    images = (SQL / "skyscript_images.sql").read_text()
    con.execute(f"create or replace table images as {images}")
    read_captions(con, folder)

    def write(table: RawTable, query: str, order: str, name: str = "") -> int:
        columns = ", ".join(
            f'"{column}"::{kind} as "{column}"'
            for column, kind in table.columns.items()
        )
        path = made / (name or Path(table.pattern).name)
        return write_parquet(
            con, f"select {columns} from ({query})", path, order_by=order
        )

    return (
        write(IMPORTED_IMAGES, "from images", "image_name"),
        write(IMPORTED_CAPTIONS, CAPTIONS, 'image_name, caption, "file", "text"'),
        write(SCORES, SIMILARITIES, "all", "scores.parquet"),
        write(IMPORT_REJECTS, REJECTS, "all"),
    )


def _digest(made: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(made.glob("*.parquet")):
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def _recorded(place: Path) -> dict[str, str]:
    record = place / RECORD
    return dict(json.loads(record.read_text())) if record.is_file() else {}
