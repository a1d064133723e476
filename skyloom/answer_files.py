"""An answer as a file: text, Parquet or FlatGeobuf, whole or not at all."""

from pathlib import Path

import duckdb

from skyloom import gate
from skyloom.answers import print_rows
from skyloom.duck import named, quoted
from skyloom.errors import SkyloomError, UsageError
from skyloom.geoparquet import write_parquet
from skyloom.opened import AnyCatalog
from skyloom.options import QueryFormat
from skyloom.row_files import part_of

BINARY = (QueryFormat.PARQUET, QueryFormat.FLATGEOBUF)
BOX = "STRUCT(xmin FLOAT, ymin FLOAT, xmax FLOAT, ymax FLOAT)"
# What GDAL has a field for; the rest is written as text.
GDAL_KINDS = {"BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE"}
GDAL_KINDS |= {"VARCHAR", "DATE", "TIMESTAMP", "BLOB"}
NESTED = ("STRUCT", "MAP", "[]", "JSON")


def form_of(form: QueryFormat | None, out: Path | None) -> QueryFormat:
    """How an answer is written, by the flag, by the suffix, or as a table.

    Raises:
        UsageError: the suffix says nothing, or bytes are to go to the terminal.
    """
    if form in BINARY and out is None:
        raise UsageError(f"{form} is a file's form", remedy="name one with --out")
    if form is not None:
        return form
    if out is None:
        return QueryFormat.TABLE
    forms = [one.value for one in QueryFormat if one is not QueryFormat.TABLE]
    suffix = out.suffix.lower().removeprefix(".")
    if suffix not in forms:
        raise UsageError(
            "the name does not say in which form rows are to be written",
            where=str(out),
            remedy=f"let it end in .{', .'.join(forms)}, or give --format",
        )
    return QueryFormat(suffix)


def write_answer(catalog: AnyCatalog, sql: str, out: Path, form: QueryFormat) -> None:
    """Run one statement that a user typed and write its rows.

    In Parquet and FlatGeobuf a column `geometry` is taken as longitude and latitude.

    Raises:
        UsageError: the statement is refused, or has no geometry for a FlatGeobuf.
        SkyloomError: the file could not be written.
    """
    out = out.expanduser().absolute()
    if form is QueryFormat.PARQUET:
        _write_parquet(catalog, sql, out)
    elif form is QueryFormat.FLATGEOBUF:
        _write_flatgeobuf(catalog, sql, out)
    else:
        write_rows(catalog.query(sql), out, form)


def write_rows(result: duckdb.DuckDBPyConnection, out: Path, form: QueryFormat) -> None:
    """Write rows as text, the same that `print_rows` prints."""
    part = part_of(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="") as file:
            print_rows(result, form, file)
        part.replace(out)
    except OSError as error:
        raise _unwritable(out, error) from None
    finally:
        part.unlink(missing_ok=True)


def _write_parquet(catalog: AnyCatalog, sql: str, out: Path) -> None:
    with catalog.connect_for(sql) as con:
        gate.ask_as_view(con, sql, catalog.files.values(), into=part_of(out))
        kinds = _kinds(con)
        is_place = "GEOMETRY" in kinds.get("geometry", "")
        columns = [
            f"st_aswkb({named(name)}) as {named(name)}"
            if "GEOMETRY" in kind and name != "geometry"
            else named(name)
            for name, kind in kinds.items()
            if name != "bbox" or not is_place or kind == BOX
        ]
        if is_place and kinds.get("bbox") != BOX:
            columns.append(f"{_box()} as bbox")
        select = f"select {', '.join(columns)} from {gate.ANSWER}"
        write_parquet(con, select, out, order_by=None)


def _write_flatgeobuf(catalog: AnyCatalog, sql: str, out: Path) -> None:
    # GDAL goes by the suffix.
    part = out.with_name(f".{out.stem}.part.fgb")
    with catalog.connect_for(sql) as con:
        gate.ask_as_view(con, sql, catalog.files.values(), into=part)
        kinds = _kinds(con)
        if "GEOMETRY" not in kinds.get("geometry", ""):
            raise UsageError(
                "the rows have no geometry",
                where=str(out),
                remedy="let the query give a column geometry, or write a .parquet",
            )
        columns = [_gdal_column(name, kind) for name, kind in kinds.items()]
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            con.execute(
                f"copy (select {', '.join(columns)} from {gate.ANSWER}) "
                f"to {quoted(part)} "
                "(format gdal, driver 'FlatGeobuf', srs 'OGC:CRS84')"
            )
            part.replace(out)
        except (duckdb.Error, OSError) as error:
            raise _unwritable(out, error) from None
        finally:
            part.unlink(missing_ok=True)


def _kinds(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    rows = con.execute(f"describe {gate.ANSWER}").fetchall()
    return {name: kind for name, kind, *_ in rows}


def _box() -> str:
    """The box round a geometry, rounded outward."""
    sides = ", ".join(
        f"'{side}': nextafter(st_{side}(geometry)::float, '{way}infinity'::float)"
        for side, way in (("xmin", "-"), ("ymin", "-"), ("xmax", ""), ("ymax", ""))
    )
    return f"case when geometry is not null then {{{sides}}} end"


def _gdal_column(name: str, kind: str) -> str:
    quoted_name = named(name)
    if name == "geometry" or kind in GDAL_KINDS:
        return quoted_name
    if any(mark in kind for mark in NESTED):
        return f"to_json({quoted_name})::varchar as {quoted_name}"
    return f"{quoted_name}::varchar as {quoted_name}"


def _unwritable(out: Path, error: Exception) -> SkyloomError:
    return SkyloomError(
        f"could not be written ({str(error).splitlines()[0]})",
        where=str(out),
        remedy="free some space or check the permissions, then run again",
    )
