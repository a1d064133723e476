"""A catalog read where it lies on the web: over HTTP(S) or from S3, never written.

DuckDB's httpfs extension does all the reading: the pointer and the runs as text, the
tables by ranges, and of a table only what a query needs.
"""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import duckdb

from skyloom import duck, gate
from skyloom.catalog import files_of, rows_of, unknown_table, view
from skyloom.errors import SkyloomError, UsageError
from skyloom.place import Place, read_pointer

EXTENSION = "httpfs"
URL = re.compile(r"(https?|s3)://(?!/)[^\s'\"*?#\[\]{}\\]+")
# SQL that may ask for tables without their names in it.
NAMELESS = re.compile(r"information_schema|duckdb_|pg_|query_table|^\s*show", re.I)


@dataclass(frozen=True)
class RemoteCatalog:
    """The current run of a lake at a URL; `files` are the URLs of its tables."""

    folder: str
    run_id: str
    files: dict[str, str]
    n_rows: dict[str, int]

    @classmethod
    def open(cls, lake: str) -> "RemoteCatalog":
        """Read which run is current, and what is in it.

        Raises:
            UsageError: the address is of no kind that can be read.
            SkyloomError: it cannot be reached, or there is no catalog.
        """
        with connect(lake) as con:
            place = place_of(lake, con)
            run_id, record = read_pointer(place)
        files = {name: place.file(file) for name, file in files_of(record).items()}
        return cls(place.base, run_id, files, rows_of(record))

    def path(self, table: str) -> str:
        """The URL of one table."""
        if table not in self.files:
            raise unknown_table(table, self.files)
        return self.files[table]

    def connect(self, tables: Collection[str]) -> duckdb.DuckDBPyConnection:
        """A database in memory with a view for each of these tables."""
        con = connect(self.folder)
        try:
            for table in sorted(tables):
                con.execute(view(table, self.files[table]))
        except duckdb.Error as error:
            raise _unreadable(self.folder, error) from None
        return con

    def query(
        self, sql: str, parameters: Mapping[str, str] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Run one statement that a user typed; see `Catalog.query`."""
        return gate.ask(self.connect_for(sql), sql, self.files.values(), parameters)

    def connect_for(self, sql: str) -> duckdb.DuckDBPyConnection:
        """A database with the tables that a statement may read.

        To make a view is to ask for the end of its file: those whose names do not
        stand in the text are left out.
        """
        words = set(re.findall(r"\w+", sql.lower()))
        named = {table for table in self.files if table in words}
        return self.connect(self.files if NAMELESS.search(sql) or not named else named)


def place_of(lake: str, con: duckdb.DuckDBPyConnection) -> Place:
    """The catalog of a lake at a URL."""
    return Place(f"{lake.rstrip('/')}/catalog", con)


def connect(url: str) -> duckdb.DuckDBPyConnection:
    """A database in memory that can read from the web.

    Keys of S3 are those of the environment (AWS_ACCESS_KEY_ID and the like); so are
    another endpoint (AWS_ENDPOINT_URL) and other certificates (SSL_CERT_FILE).

    Raises:
        UsageError: the address is of no kind that can be read.
        SkyloomError: the extension is not there.
    """
    if not URL.fullmatch(url):
        raise UsageError(
            "a lake is a folder, or an http, https or s3 URL without ? and #",
            where=url,
        )
    con = duck.connect()
    try:
        con.execute(f"load {EXTENSION}")
    except duckdb.Error:
        duck.ensure(EXTENSION, remedy="install `skyloom[remote]`, which brings it")
        con.execute(f"load {EXTENSION}")
    # A published file never changes.
    con.execute("set enable_http_metadata_cache = true")
    for name, value in _settings(os.environ).items():
        con.execute(f"set {name} = {duck.quoted(value)}")
    return con


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What DuckDB does not take from the environment by itself."""
    settings = {}
    if certificates := environment.get("SSL_CERT_FILE"):
        settings["ca_cert_file"] = certificates
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get(
        "AWS_ENDPOINT_URL"
    )
    if endpoint:
        parts = urlsplit(endpoint)
        settings |= {
            "s3_endpoint": parts.netloc,
            "s3_use_ssl": str(parts.scheme == "https").lower(),
            "s3_url_style": "path",
        }
    return settings


def _unreadable(url: str, error: duckdb.Error) -> SkyloomError:
    return SkyloomError(f"the lake could not be read ({error})", where=url)
