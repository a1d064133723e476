"""The hand-made labels that the tag classifier learns from: the seed tag_labels.csv."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5, sha256
from pathlib import Path

from skyloom.errors import UsageError

GSD_CLASSES = (0.1, 0.2, 0.6, 1.0, 10.0)
COLUMNS = ("key", "value", "groundable", "max_gsd_m", "stratum", "reason")
# Of all keys, one in so many is held out: no choice is made by its labels.
HELD_OUT_ONE_IN = 5


@dataclass(frozen=True)
class Label:
    """What a person says of one tag; `gsd_class` counts GSD_CLASSES from the finest.

    It is None where nothing shows, or where the resolution was not judged.
    """

    key: str
    value: str
    groundable: bool
    gsd_class: int | None

    @property
    def tag(self) -> tuple[str, str]:
        """Key and value."""
        return self.key, self.value

    @property
    def held_out(self) -> bool:
        """Whether its key is one of those kept for the last test."""
        return place(self.key, "held out") % HELD_OUT_ONE_IN == 0


def place(key: str, seed: str) -> int:
    """A key's place among all keys, by a hash."""
    return int(md5(f"{seed}|{key}".encode()).hexdigest(), 16)


def read_labels(file: Path) -> tuple[Label, ...]:
    """The labels of a CSV with the seed's columns, by key and value.

    Raises:
        UsageError: the file cannot be read, or a row is no label; the first is named.
    """
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"the labels cannot be read ({error})", where=file.name
        ) from None
    labels = [_label(file, n, row) for n, row in enumerate(rows, start=1)]
    if len({label.tag for label in labels}) < len(labels):
        raise UsageError("a tag is labelled twice", where=file.name)
    return tuple(sorted(labels, key=lambda label: label.tag))


def labels_digest(labels: Sequence[Label]) -> str:
    """A digest of what the labels say."""
    said = [(*label.tag, label.groundable, label.gsd_class) for label in labels]
    return sha256(repr(said).encode()).hexdigest()


def _label(file: Path, number: int, row: dict[str, str | None]) -> Label:
    key, value = row.get("key"), row.get("value")
    groundable, gsd = row.get("groundable"), row.get("max_gsd_m")
    classes = {f"{one:g}": n for n, one in enumerate(GSD_CLASSES)}
    if not key or not value or groundable not in ("yes", "no"):
        fault = "no key, no value, or a groundable other than yes and no"
    elif gsd and (groundable == "no" or gsd not in classes):
        fault = f"a max_gsd_m other than {', '.join(classes)}, or one beside a no"
    else:
        return Label(key, value, groundable == "yes", classes[gsd] if gsd else None)
    raise UsageError(fault, where=f"{file.name}, label {number}")
