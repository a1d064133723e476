"""Which tags a person should label: a sample by frequency, spread over keys.

A tag that one object in a million carries says as much about words as one that every
street carries, so neither may swamp the other: tags are drawn from strata of frequency.
Names, references and addresses are most of all distinct tags, so a key gives at most
PER_KEY values, and a family of keys (`name`, `name:fr`, ...) at most PER_FAMILY.
Few of such tags show, so a second draw takes more values of the keys that say what a
thing is: those with a noun in plain_words.csv.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

import polars as pl

from captioning.tag_labels import COLUMNS
from skyloom.errors import SkyloomError

PER_KEY = 15
PER_FAMILY = 30
PER_THING = 60
# The least number of objects of a tag in the stratum, and how many tags are drawn
# from it where the sample is as long as the shares add up to.
STRATA = {1000: 200, 100: 700, 10: 900, 3: 450, 1: 250}
THINGS = {1000: 10, 100: 40, 10: 220, 3: 220, 1: 410}


@dataclass(frozen=True)
class Limits:
    """How many tags one key, and one family of keys, may give."""

    per_key: int
    per_family: int


@dataclass(frozen=True)
class Tag:
    """One tag of a lake, and how many objects carry it."""

    key: str
    value: str
    n_objects: int

    @property
    def stratum(self) -> int:
        """The least number of objects of the stratum that it belongs to."""
        return next(least for least in STRATA if self.n_objects >= least)

    @property
    def family(self) -> str:
        """Its key up to the first colon."""
        return self.key.partition(":")[0]

    def hashed(self, seed: str) -> str:
        """A place among all tags that only the seed and the tag decide."""
        return md5(f"{seed}|{self.key}={self.value}".encode()).hexdigest()


def read_tags(file: Path) -> list[Tag]:
    """The tags of a published `tags` table."""
    frame = pl.read_parquet(file, columns=["key", "value", "n_objects"])
    return [Tag(*row) for row in frame.iter_rows()]


def thing_keys(plain_words: Path) -> frozenset[str]:
    """The keys that say what a thing is, from the seed plain_words.csv."""
    words = pl.read_csv(plain_words, infer_schema=False)
    nouns = words.filter(pl.col("slot") == "noun", ~pl.col("key").str.contains(r"\*"))
    return frozenset(nouns["key"])


def label_sample(
    tags: list[Tag],
    things: frozenset[str],
    *,
    rows: int = sum(STRATA.values()) + sum(THINGS.values()),
    seed: str = "skyloom",
    labelled: frozenset[tuple[str, str]] = frozenset(),
) -> list[Tag]:
    """At most `rows` tags to label: from all, then from the keys in `things`.

    `labelled` tags are not drawn again, but count for their key and family. A
    stratum with too few tags is drawn whole, and the sample is then shorter.
    """
    scale = rows / (sum(STRATA.values()) + sum(THINGS.values()))
    limits = Limits(PER_KEY, PER_FAMILY)
    drawn = _draw(tags, STRATA, limits, seed, set(labelled), scale)
    known = {*labelled, *((tag.key, tag.value) for tag in drawn)}
    of_things = [tag for tag in tags if tag.key in things]
    limits = Limits(PER_THING, len(of_things))
    return drawn + _draw(of_things, THINGS, limits, seed, known, scale)


def _draw(
    tags: list[Tag],
    strata: dict[int, int],
    limits: Limits,
    seed: str,
    known: set[tuple[str, str]],
    scale: float,
) -> list[Tag]:
    """Tags that are not known, frequent strata first, each in the order of its hash."""
    per_key = Counter(key for key, _ in known)
    per_family = Counter(key.partition(":")[0] for key, _ in known)
    drawn: list[Tag] = []
    for stratum, share in strata.items():
        left = round(share * scale)
        of_stratum = [
            tag
            for tag in tags
            if tag.stratum == stratum and (tag.key, tag.value) not in known
        ]
        for tag in sorted(of_stratum, key=lambda tag: tag.hashed(seed)):
            if not left:
                break
            if per_key[tag.key] >= limits.per_key:
                continue
            if per_family[tag.family] >= limits.per_family:
                continue
            per_key[tag.key] += 1
            per_family[tag.family] += 1
            drawn.append(tag)
            left -= 1
    return drawn


def write_sample(drawn: list[Tag], out: Path) -> None:
    """Write a sample as CSV with the labels' columns, to be filled in by hand.

    Raises:
        SkyloomError: the file could not be written.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            for tag in drawn:
                writer.writerow(
                    {"key": tag.key, "value": tag.value, "stratum": tag.stratum}
                )
        part.replace(out)
    except OSError as error:
        raise SkyloomError(
            f"the sample could not be written ({error.strerror})", where=str(out)
        ) from None
