"""From settings and seeds to image services: which has a source, and who reads it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import shapely

from extract.area import area_of
from extract.chips import CloudRule, ImageSource, Limits
from extract.earthengine import EarthEngineSource
from extract.earthengine import limits as earthengine_limits
from extract.earthengine_index import images_of as earthengine_images
from extract.earthengine_session import (
    Session,
    checked_project,
    client,
    open_session,
)
from extract.files import FileSource, StacSource
from extract.known_sources import (
    KnownSource,
    StacCollection,
    find_source,
    known_sources,
)
from extract.readers import Openers
from extract.service_index import ImagesOf, index_service
from extract.signing import signer
from extract.stac import check_installed
from extract.stac import images_of as stac_images
from skyloom.errors import UsageError
from skyloom.lake import Lake
from skyloom.progress import say
from skyloom.settings import Settings

FILE, EARTH_ENGINE, STAC = "file", "earthengine", "stac"
SEEDS = "seeds"
Day = date | None
Row = dict[str, Any]


def index_sources(
    lake: Lake,
    codes: Sequence[str],
    settings: Settings,
    *,
    first: Day = None,
    last: Day = None,
    refresh: bool = False,
) -> None:
    """Index what the services hold of each source where the lake's objects are.

    Raises:
        UsageError: there is no such source, or no service that has it is set up.
        CredentialsError: the service does not let us in.
        SkyloomError: the service refuses, or does not answer.
    """
    known = known_sources(settings.project / SEEDS)
    ways = [(one, *way(one, settings)) for one in check_codes(known, codes)]
    area = area_of(lake)
    for one, via, images in ways:
        within = shapely.intersection(area, shapely.box(*one.bbox))
        if within.is_empty and not area.is_empty:
            say(f"{one.source}: {one.name} has no images where the objects are")
        index_service(
            lake,
            one,
            images,
            via=via,
            area=within,
            first=first,
            last=last,
            refresh=refresh,
        )


def check_codes(
    known: Mapping[str, KnownSource], codes: Sequence[str]
) -> list[KnownSource]:
    """The sources of some codes.

    Raises:
        UsageError: the seed has no such row.
    """
    return [find_source(dict(known), code) for code in codes]


def way(known: KnownSource, settings: Settings) -> tuple[str, ImagesOf]:
    """The kind of service that has a source, and what lists its images there.

    Earth Engine, where the settings name a project; else, or where they name a STAC
    service, the STAC collection of the seed.

    Raises:
        UsageError: no service has it, no project is named, or a library is missing.
    """
    if known.stac and (settings.stac_url or not settings.earthengine_project):
        collection = stac_collection(known, settings)
        check_installed(collection)

        def in_stac(area: shapely.Geometry, first: Day, last: Day) -> Iterator[Row]:
            url, wait_s = settings.stac_url, settings.request_timeout_s
            return stac_images(
                collection, known, url, area, first, last, timeout_s=wait_s
            )

        return STAC, in_stac
    if known.kind != EARTH_ENGINE:
        raise UsageError(
            f"no service has the source {known.source}",
            remedy="name its files with `--imagery`",
        )
    checked_project(settings.earthengine_project)
    client()

    def in_earth_engine(area: shapely.Geometry, first: Day, last: Day) -> Iterator[Row]:
        return earthengine_images(session(settings), known, area, first, last)

    return EARTH_ENGINE, in_earth_engine


def session(settings: Settings) -> Session:
    """The open session with Earth Engine.

    Raises:
        UsageError: no project is named.
        CredentialsError: there are no credentials, or the service refuses them.
    """
    return open_session(
        settings.earthengine_url,
        settings.earthengine_project,
        settings.earthengine_credentials,
        in_flight=settings.earthengine_in_flight,
        timeout_s=settings.request_timeout_s,
    )


def stac_collection(known: KnownSource, settings: Settings) -> StacCollection:
    """The seed's row of the service that the settings name, or else the first."""
    named = [one for one in known.stac if one.url == settings.stac_url]
    return (named or list(known.stac))[0]


def openers(
    settings: Settings, footprints: pl.DataFrame, sources: pl.DataFrame
) -> Openers:
    """What opens a reader for each kind of source; nothing is opened before."""
    clouds, wait_s = cloud_rules(sources), settings.request_timeout_s

    def files() -> ImageSource:
        limits = all_limits(settings)[FILE]
        return FileSource(footprints, clouds, limits, timeout_s=wait_s)

    def stac() -> ImageSource:
        known = known_sources(settings.project / SEEDS)
        codes = footprints.filter(pl.col("kind") == STAC)["source"].unique().sort()
        signs = {
            stac_collection(known[code], settings).sign
            for code in codes
            if code in known and known[code].stac
        }
        # A signer leaves the links of other services as they are.
        name = next((sign for sign in sorted(filter(None, signs))), None)
        limits = all_limits(settings)[STAC]
        return StacSource(
            footprints, clouds, limits, signer=signer(name), timeout_s=wait_s
        )

    def earth_engine() -> ImageSource:
        return EarthEngineSource(
            footprints, session(settings), clouds, settings.earthengine_per_second
        )

    return {FILE: files, STAC: stac, EARTH_ENGINE: earth_engine}


def all_limits(settings: Settings) -> dict[str, Limits]:
    """What each kind of source bears, without opening it."""
    return {
        FILE: replace(FileSource.limits, in_flight=settings.workers),
        STAC: replace(StacSource.limits, in_flight=settings.stac_in_flight),
        EARTH_ENGINE: earthengine_limits(
            settings.earthengine_in_flight, settings.earthengine_per_second
        ),
    }


def cloud_rules(sources: pl.DataFrame) -> dict[str, CloudRule]:
    """How the images of each source say what is cloud, where they do."""
    rules = {
        row["source"]: CloudRule(
            tuple(row["cloud_values"] or ()), row["cloud_bits"] or 0
        )
        for row in sources.iter_rows(named=True)
    }
    return {source: rule for source, rule in rules.items() if rule != CloudRule()}
