"""A lake: one folder that holds everything a data set is made from and made of."""

import fcntl
import json
import os
import re
import shutil
import socket
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from skyloom.errors import LakeBusyError, SkyloomError, UsageError
from skyloom.geoparquet import write_parquet
from skyloom.raw_tables import RAW_TABLES, RawTable

FORMAT_VERSION = 2
MARKER = "lake.toml"
# Tells a child process, such as dbt, that its parent holds the lock of this lake.
LOCKED = "SKYLOOM_LAKE_LOCKED"
LAKE_TOML = f"""\
# A Skyloom lake. Settings here are about machines; what shapes the data set is in
# dbt_project/ (vars and seeds). `skyloom config` lists every setting.
format_version = {FORMAT_VERSION}
"""
# Globs, SQL and dbt's templates would read these as their own.
AWKWARD = frozenset("'\"*?[]{}#\n\\")
_held: dict[Path, int] = {}


@dataclass(frozen=True)
class Lake:
    """Paths of one lake; every stage reads and writes below `root` only."""

    root: Path

    @classmethod
    def open(cls, root: Path, *, create: bool = False) -> "Lake":
        """Open a lake, or make a new one in an empty or missing folder.

        Raises:
            UsageError: the folder is not a lake, or has another format.
        """
        if is_url(str(root)):
            raise UsageError(
                "a lake at a URL is read by query, tables, describe and catalog only",
                where=str(root),
                remedy="name a folder",
            )
        root = root.expanduser().absolute()
        if awkward := sorted(set(str(root)) & AWKWARD):
            raise UsageError(
                f"a lake's path cannot hold {' '.join(awkward)}",
                where=str(root),
                remedy="choose another folder",
            )
        if (root / MARKER).is_file():
            _check_format(root / MARKER)
            return cls(root)
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise UsageError(
                "not a lake: no lake.toml in it",
                where=str(root),
                remedy="name a lake, or an empty or new folder",
            )
        if not create:
            raise UsageError(
                "there is no lake here",
                where=str(root),
                remedy="start one with `skyloom load` or `skyloom run`",
            )
        return _create(cls(root))

    @property
    def warehouse(self) -> Path:
        """The database of dbt; nothing else opens it."""
        return self.root / "warehouse.duckdb"

    @property
    def catalog(self) -> Path:
        """The published tables: what people and stages read."""
        return self.root / "catalog"

    @property
    def images(self) -> Path:
        """The chips."""
        return self.root / "images"

    def files(self, table: RawTable) -> list[Path]:
        """A raw table's files, in a total order, the empty placeholder among them."""
        return sorted(self.root.glob(table.pattern))

    @contextmanager
    def lock(self, command: str, *, shared: bool = False) -> Iterator[None]:
        """Hold the lake's one write lock; a nested call passes, in a child too.

        Those who share it write in folders of their own, and keep all others out.

        Raises:
            LakeBusyError: another process holds it; the message names it.
        """
        if self.root in _held or os.environ.get(LOCKED) == str(self.root):
            yield
            return
        file = (self.root / "lock").open("a+")
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise LakeBusyError(
                f"this lake is at work for {_holder(file.read())}",
                where=str(self.root),
                remedy="wait for it to end, then run again",
            ) from None
        _held[self.root] = file.fileno()
        try:
            if shared:
                yield
                return
            since = datetime.now().astimezone().isoformat(timespec="seconds")
            who = {"pid": os.getpid(), "host": socket.gethostname()}
            file.truncate(0)
            file.write(json.dumps({**who, "command": command, "since": since}))
            file.flush()
            # A lake may be older than one of its tables.
            _write_empty_tables(self)
            yield
        finally:
            del _held[self.root]
            if not shared:
                file.truncate(0)
            file.close()

    def lock_descriptors(self) -> tuple[int, ...]:
        """What a child process must inherit to keep the lock if this one is killed."""
        return (_held[self.root],) if self.root in _held else ()

    def unmake(self, *, keep_root: bool) -> None:
        """Take away a lake in which nothing is loaded; files of others stay."""
        for table in RAW_TABLES:
            (self.root / table.empty_file).unlink(missing_ok=True)
        for name in (MARKER, "lock", "warehouse.duckdb", "warehouse.duckdb.wal"):
            (self.root / name).unlink(missing_ok=True)
        for name in ("runs", "target", "logs", "catalog", "journal"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        # Innermost first; a folder that holds anything else is left.
        for folder in sorted(self.root.rglob("*"), reverse=True):
            if folder.is_dir():
                with suppress(OSError):
                    folder.rmdir()
        if not keep_root:
            with suppress(OSError):
                self.root.rmdir()

    @contextmanager
    def fresh_folder(self, target: Path) -> Iterator[Path]:
        """A folder that appears as `target` when the block succeeds, else not at all.

        A folder that stands at `target` already is replaced.
        """
        # Apart from the tables: a glob would read a half folder that lay beside them.
        part = self.root / ".parts" / target.name
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            yield part
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                shutil.rmtree(target)
            part.replace(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
            # Another writer of this process may still have a folder in it.
            with suppress(OSError):
                part.parent.rmdir()


def is_url(place: str) -> bool:
    """Whether a lake is named by a URL; a path has lost the second slash of one."""
    return re.match(r"[a-z][a-z0-9+.-]+:/", place) is not None


def _create(lake: Lake) -> Lake:
    # Made beside its place and renamed: a killed command leaves no half lake.
    draft = Lake(lake.root.with_name(f".{lake.root.name}.{os.getpid()}.part"))
    try:
        _write_empty_tables(draft)
        (draft.root / MARKER).write_text(LAKE_TOML)
        draft.root.replace(lake.root)
    except OSError as error:
        # Another command may have made it meanwhile.
        if not (lake.root / MARKER).is_file():
            raise SkyloomError(
                f"the lake could not be made ({error.strerror})", where=str(lake.root)
            ) from None
    finally:
        shutil.rmtree(draft.root, ignore_errors=True)
    return lake


def _write_empty_tables(lake: Lake) -> None:
    missing = [one for one in RAW_TABLES if not (lake.root / one.empty_file).is_file()]
    if not missing:
        return
    # Empty tables need no spatial functions, which take a moment to load.
    with duckdb.connect() as con:
        for table in missing:
            columns = ", ".join(
                f'"{name}" {kind}' for name, kind in table.columns.items()
            )
            con.execute(f"create table {table.name} ({columns})")
            write_parquet(
                con,
                f"from {table.name}",
                lake.root / table.empty_file,
                order_by="all",
            )


def _check_format(marker: Path) -> None:
    try:
        version = tomllib.loads(marker.read_text()).get("format_version")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"not valid TOML ({error})", where=str(marker)) from None
    if version != FORMAT_VERSION:
        raise UsageError(
            f"a lake of format {version!r}, this Skyloom reads {FORMAT_VERSION}",
            where=str(marker),
            remedy="use the Skyloom that wrote it, or start a new lake",
        )


def _holder(text: str) -> str:
    try:
        holder = json.loads(text)
    except json.JSONDecodeError:
        return "another process"
    return (
        f"`{holder['command']}` (process {holder['pid']} on {holder['host']}, "
        f"since {holder['since']})"
    )


def command_line() -> str:
    """This process's command, as the lock and the run manifest name it."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
