"""What the project's seeds say of the imagery sources that a command may name."""

import csv
from dataclasses import dataclass
from pathlib import Path

from skyloom.errors import UsageError

SOURCES, STAC = "imagery_sources.csv", "stac_collections.csv"


@dataclass(frozen=True, slots=True)
class StacCollection:
    """Where a source is found in a STAC API or catalogue.

    `rgb` and `cloud` are assets, with `:n` after them where one has several bands.
    """

    url: str
    collection: str
    rgb: tuple[str, str, str]
    cloud: str | None
    scale_min: float | None
    scale_max: float | None
    sign: str | None


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A row of the seed; degrees, ISO dates, `{year}` in the attribution.

    `id_pattern` is a regular expression that the last part of an image's id matches.
    `index_months` is how many months before the newest snapshot are listed; None = all.
    """

    source: str
    name: str
    kind: str
    collection: str
    aliases: tuple[str, ...]
    gsd_m: float
    bbox: tuple[float, float, float, float]
    first_date: str | None
    last_date: str | None
    rgb: tuple[str, str, str]
    scale_min: float | None
    scale_max: float | None
    id_pattern: str | None
    cloud_property: str | None
    cloud_band: str | None
    license: str
    attribution: str
    stac: tuple[StacCollection, ...]
    index_months: int | None = None


def known_sources(seeds: Path) -> dict[str, KnownSource]:
    """The sources of a folder of seeds by their codes.

    Raises:
        UsageError: a number of the seeds is none; file and row are named.
    """
    found: dict[str, list[StacCollection]] = {}
    for number, row in _rows(seeds / STAC):
        collection = _stac(row, seeds / STAC, number)
        found.setdefault(row["source"], []).append(collection)
    return {
        row["source"]: _known(row, seeds / SOURCES, number, found)
        for number, row in _rows(seeds / SOURCES)
    }


def find_source(sources: dict[str, KnownSource], code: str) -> KnownSource:
    """The source of a code.

    Raises:
        UsageError: the seed has no such row; its codes are listed.
    """
    if code not in sources:
        raise UsageError(
            f"there is no imagery source {code!r}",
            remedy=f"name one of {', '.join(sorted(sources))}, or add it to {SOURCES}",
        )
    return sources[code]


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(enumerate(csv.DictReader(file), start=2))


def _known(
    row: dict[str, str], path: Path, number: int, stac: dict[str, list[StacCollection]]
) -> KnownSource:
    where = f"{path}, row {number}"
    west, south, east, north = (
        _number(row[side], side, where) or 0.0
        for side in ("west", "south", "east", "north")
    )
    months = _number(row["index_months"], "index_months", where)
    return KnownSource(
        source=row["source"],
        name=row["name"],
        kind=row["kind"],
        collection=row["collection"],
        aliases=tuple(row["aliases"].split()),
        gsd_m=_number(row["gsd_m"], "gsd_m", where) or 0.0,
        bbox=(west, south, east, north),
        first_date=row["first_date"] or None,
        last_date=row["last_date"] or None,
        rgb=(row["red"], row["green"], row["blue"]),
        scale_min=_number(row["scale_min"], "scale_min", where),
        scale_max=_number(row["scale_max"], "scale_max", where),
        id_pattern=row["id_pattern"] or None,
        cloud_property=row["cloud_property"] or None,
        cloud_band=row["cloud_band"] or None,
        license=row["license"],
        attribution=row["attribution"],
        stac=tuple(stac.get(row["source"], ())),
        index_months=None if months is None else int(months),
    )


def _stac(row: dict[str, str], path: Path, number: int) -> StacCollection:
    where = f"{path}, row {number}"
    return StacCollection(
        url=row["url"],
        collection=row["collection"],
        rgb=(row["red"], row["green"], row["blue"]),
        cloud=row["cloud"] or None,
        scale_min=_number(row["scale_min"], "scale_min", where),
        scale_max=_number(row["scale_max"], "scale_max", where),
        sign=row["sign"] or None,
    )


def _number(text: str, column: str, where: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{column} {text!r} is not a number", where=where) from None
