"""The published CSVs: captions of each image, and what a model scored them."""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from load.skyscript_names import caption_files
from skyloom.duck import quoted
from skyloom.progress import track

SQL = Path(__file__).parent / "sql"
SIMILARITY = re.compile(r"similarity_CLIP_(\w{1,40})")
SCORER = "ViT-L-14"
"""The size of both models that the published similarities come from."""
# What a column of a published CSV is called here. `title` of a polished one is the
# fixed prefix and `title_raw`.
PLAIN = {"title": "title", "title_multi_objects": "title_multi_objects"}
POLISHED = {"title_raw": "polished_raw", "title": "polished"}

TABLES = """
create or replace table captions
    (image_name varchar, caption varchar, "text" varchar, "file" varchar);
create or replace table similarities
    (image_name varchar, "text" varchar, model varchar, similarity double,
        "file" varchar);
create or replace table csv_rejects
    ("file" varchar, line bigint, image_name varchar, reason varchar, detail varchar)
"""


def read_captions(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Fill `captions`, `similarities` and `csv_rejects` from the folder's CSVs.

    The table `read_rows` says which images there are.
    """
    con.execute(TABLES)
    files = caption_files(folder)
    with track("captions", len(files)) as step:
        for file in files:
            _read(con, file, str(file.relative_to(folder)))
            step(1)


def _read(con: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    header = _header(file)
    columns = POLISHED if "title_raw" in header else PLAIN
    known = {column: said for column, said in columns.items() if column in header}
    if "filepath" not in header or not known:
        _refuse_file(con, name, "columns", f"no filepath and title: {header!r:.80}")
        return
    for table in ("csv_errors", "csv_scans"):
        con.execute(f"drop table if exists {table}")
    con.execute(f"set variable csv = {quoted(file)}")
    try:
        con.execute((SQL / "skyscript_lines.sql").read_text())
    except duckdb.Error as error:
        _refuse_file(con, name, "csv", str(error).splitlines()[0][:200])
        return
    con.execute(f"set variable file = {quoted(name)}")
    _take_captions(con, known)
    scored = {c: m[1] for c in header if (m := SIMILARITY.fullmatch(c))}
    _take_similarities(con, scored)
    _take_rejects(con)


def _header(file: Path) -> list[str]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            return next(csv.reader([opened.readline(100_000)]), [])
    except (UnicodeDecodeError, csv.Error, OSError):
        return []


def _refuse_file(
    con: duckdb.DuckDBPyConnection, name: str, reason: str, detail: str
) -> None:
    row = ", ".join([quoted(name), "null", "null", quoted(reason), quoted(detail)])
    con.execute(f"insert into csv_rejects values ({row})")


def _take_captions(con: duckdb.DuckDBPyConnection, known: Mapping[str, str]) -> None:
    for column, caption in known.items():
        con.execute(
            "insert into captions "
            f"select image_name, {quoted(caption)}, \"{column}\", getvariable('file') "
            "from caption_lines semi join images using (image_name) "
            f"where nullif(\"{column}\", '') is not null"
        )


def _take_similarities(
    con: duckdb.DuckDBPyConnection, scored: Mapping[str, str]
) -> None:
    for column, weights in scored.items():
        con.execute(
            "insert into similarities "
            f"select image_name, title, {quoted(f'{SCORER}/{weights}')}, "
            f"try_cast(\"{column}\" as double), getvariable('file') "
            "from caption_lines semi join images using (image_name) "
            f'where try_cast("{column}" as double) between -1 and 1 '
            "and nullif(title, '') is not null"
        )
        con.execute(
            "insert into csv_rejects "
            "select getvariable('file'), line, image_name, 'similarity', "
            f"left(coalesce(\"{column}\", 'empty'), 100) from caption_lines "
            "semi join images using (image_name) where not coalesce("
            f'try_cast("{column}" as double) between -1 and 1, false)'
        )


def _take_rejects(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into csv_rejects "
        "select getvariable('file'), line, nullif(image_name, ''), "
        "case when nullif(image_name, '') is null then 'path' else 'no_image' end, "
        "left(filepath, 200) from caption_lines "
        "anti join images using (image_name)"
    )
    con.execute(
        "insert into csv_rejects "
        "select getvariable('file'), line, null, 'csv', left(error_message, 200) "
        "from csv_errors"
    )
