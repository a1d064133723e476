"""Where a catalog lies: a folder, or a URL that is only read."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from skyloom.catalog import POINTER
from skyloom.duck import quoted
from skyloom.errors import SkyloomError
from skyloom.lake import Lake

NOT_FOUND = 404


@dataclass(frozen=True)
class Place:
    """A catalog's folder or URL; a URL is read through the connection."""

    base: str
    con: duckdb.DuckDBPyConnection | None = field(
        default=None, repr=False, compare=False
    )

    @classmethod
    def of(cls, lake: Lake) -> "Place":
        """The catalog of a lake in a folder."""
        return cls(str(lake.catalog))

    def file(self, name: str) -> str:
        """The path or URL of a table's file."""
        return f"{self.base}/files/{name}"

    def text(self, name: str) -> str | None:
        """A small file; None where there is none.

        Raises:
            SkyloomError: it cannot be read.
        """
        found = self._read(name)
        return found[0] if found else None

    def written(self, name: str) -> datetime | None:
        """When a file was last written, in UTC; None where that is not known."""
        found = self._read(name)
        return found[1] if found else None

    def records(self) -> list[str]:
        """The runs whose records lie here; a URL cannot be listed."""
        if self.con:
            return []
        return sorted(file.stem for file in Path(self.base, "runs").glob("*.json"))

    def _read(self, name: str) -> tuple[str, datetime | None] | None:
        if self.con is None:
            path = Path(self.base, name)
            if not path.is_file():
                return None
            time = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            return path.read_text(encoding="utf-8"), time
        url = f"{self.base}/{name}"
        try:
            row = self.con.execute(
                "select content, last_modified::timestamptz at time zone 'UTC' "
                f"from read_text({quoted(url)})"
            ).fetchone()
        except duckdb.Error as error:
            if getattr(error, "status_code", None) == NOT_FOUND:
                return None
            raise SkyloomError(
                f"could not be read ({str(error).splitlines()[0]})", where=url
            ) from None
        if not row:
            return None
        return row[0], row[1].replace(tzinfo=UTC) if row[1] else None


def read_pointer(place: Place) -> tuple[str, dict[str, Any]]:
    """The id of the current run, and its record.

    Raises:
        SkyloomError: there is no catalog, or it is damaged.
    """
    pointer = place.text(POINTER)
    if pointer is None:
        raise SkyloomError("there is no published catalog here", where=place.base)
    try:
        run_id = str(json.loads(pointer)["run_id"])
        record: dict[str, Any] = json.loads(place.text(f"runs/{run_id}.json") or "")
    except (ValueError, KeyError, TypeError) as error:
        raise SkyloomError(
            f"the catalog is damaged ({type(error).__name__})", where=place.base
        ) from None
    return run_id, record
