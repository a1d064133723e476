"""Files of grades: what the audit page downloads, read, checked, put into the lake."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from captioning.audit_page import GRADES
from skyloom.errors import UsageError
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.raw_tables import AUDITS

# An image shows what these say.
RIGHT = frozenset(GRADES[:2])
_TEXTS = ("image_id", "key", "value", "rule_id", "source", "stratum")


@dataclass(frozen=True)
class Grade:
    """What one auditor says of one image-tag pair; without a grade nothing yet."""

    sample: str
    auditor: str
    image_id: str
    key: str
    value: str
    rule_id: str
    source: str
    stratum: str
    n_stratum: int
    grade: str

    @property
    def pair(self) -> tuple[str, str, str]:
        """What was graded."""
        return self.image_id, self.key, self.value

    @property
    def is_right(self) -> bool:
        """Whether the image shows the tag, or lets one conclude it."""
        return self.grade in RIGHT


def read_grades(paths: Sequence[Path]) -> list[Grade]:
    """The rows of all files; a later file of the same auditor replaces an earlier one.

    Raises:
        UsageError: a file is no file of grades, or they are of different samples.
    """
    read: dict[str, list[Grade]] = {}
    first: tuple[Path, str] | None = None
    for path in paths:
        rows = _read(path)
        for sample in {row.sample for row in rows}:
            if first and first[1] != sample:
                raise UsageError(
                    f"these are grades of the sample {sample}, and those of "
                    f"{first[0]} of {first[1]}",
                    where=str(path),
                    remedy="report on one sample at a time",
                )
            first = first or (path, sample)
        for auditor in {row.auditor for row in rows}:
            read[auditor] = [row for row in rows if row.auditor == auditor]
    grades = [row for auditor in sorted(read) for row in read[auditor]]
    if not any(row.grade for row in grades):
        raise UsageError("nothing is graded yet", where=str(paths[0]))
    return grades


def import_grades(lake: Lake, grades: Iterable[Grade]) -> list[Path]:
    """Write the grades as rows of `audits`, a file for each sample and auditor.

    Call it with the lake's lock held; the next build reads them.

    Raises:
        SkyloomError: a file could not be written.
    """
    files: dict[tuple[str, str], list[Grade]] = {}
    for row in grades:
        if row.grade and row.rule_id:
            files.setdefault((row.sample, row.auditor), []).append(row)
    paths = []
    for (sample, auditor), rows in sorted(files.items()):
        frame = pl.DataFrame(
            [(r.image_id, r.rule_id, r.auditor, r.is_right) for r in rows],
            schema=[*AUDITS.columns],
            orient="row",
        )
        # A name may hold anything.
        who = hashlib.sha256(auditor.encode()).hexdigest()[:8]
        path = lake.root / AUDITS.pattern.replace("*", f"{sample}-{who}")
        with duckdb.connect() as con:
            con.register("graded", frame.to_arrow())
            columns = ", ".join(
                f"{name}::{kind} as {name}" for name, kind in AUDITS.columns.items()
            )
            write_parquet(con, f"select {columns} from graded", path, order_by="all")
        paths.append(path)
    return paths


def _read(path: Path) -> list[Grade]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"this file cannot be read ({error})", where=str(path)
        ) from None
    try:
        rows = _json(text) if text.lstrip()[:1] == "{" else _csv(text)
        grades = [_grade(row) for row in rows]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"this is no file of grades ({type(error).__name__}: {error})",
            where=str(path),
            remedy="give what the audit page downloads",
        ) from None
    if len({(row.auditor, row.pair) for row in grades}) < len(grades):
        raise UsageError("a pair stands in it twice", where=str(path))
    if not grades:
        raise UsageError("there is no grade in it", where=str(path))
    return grades


def _json(text: str) -> list[dict[str, Any]]:
    data = json.loads(text)
    about = {"sample": data["sample"], "auditor": data["auditor"]}
    return [{**row, **about} for row in data["grades"]]


def _csv(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def _grade(row: dict[str, Any]) -> Grade:
    texts = {name: str(row[name]) for name in _TEXTS}
    sample, auditor, grade = (row[name] for name in ("sample", "auditor", "grade"))
    if not isinstance(sample, str) or not sample.isalnum():
        raise ValueError(f"no sample is called {sample!r}")
    if not isinstance(auditor, str) or not auditor.strip():
        raise ValueError("no auditor is named")
    if grade not in ("", *GRADES):
        raise ValueError(f"there is no grade {grade!r}")
    n_stratum = int(row["n_stratum"])
    if n_stratum < 1:
        raise ValueError(f"a stratum of {n_stratum} pairs")
    return Grade(sample, auditor.strip(), **texts, n_stratum=n_stratum, grade=grade)
