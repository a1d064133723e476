"""One STAC item -> one footprint: where its bands are, on which grid, shown how."""

import hashlib
import json
from urllib.parse import urlsplit

import pystac

from extract import remote
from extract.footprints import Row
from extract.known_sources import KnownSource, StacCollection
from extract.service_rows import can_be_named, cloud_fraction, credit
from extract.signing import Signer
from extract.stac_grids import Band, UnfitError, grid_of, place_columns, said
from extract.stac_processing import acquisition, shown_range


def footprint(
    item: pystac.Item,
    collection: StacCollection,
    known: KnownSource,
    signer: Signer,
    *,
    local: bool,
    timeout_s: float,
) -> Row:
    """The footprint of an item; `local` = it may name files of this machine.

    Links stay unsigned. Where the item does not tell its grid, the header of the red
    band does.

    Raises:
        UnfitError: bands are missing, elsewhere, on different or rotated grids.
    """
    if not can_be_named(item.id):
        raise UnfitError("with an id that cannot be printed")
    bands = [band_of(item, name, local) for name in collection.rgb]
    grid = grid_of(item, bands, signer, timeout_s)
    cloud = None
    if collection.cloud and collection.cloud.partition(":")[0] in item.assets:
        cloud = band_of(item, collection.cloud, local).href
    acquired, precision = acquisition(item)
    low, high = shown_range(item.properties, collection)
    places = [band.href for band in bands]
    numbers = [band.number for band in bands]
    changed = item.properties.get("version") or item.properties.get("updated")
    identity = json.dumps([item.id, changed, places, numbers, low, high])
    return {
        "source": known.source,
        "kind": "stac",
        "source_image_id": item.id,
        "location": _self_link(item),
        "band_locations": places,
        "sha256": hashlib.sha256(identity.encode()).hexdigest(),
        "acquired": acquired,
        "acquired_precision": precision,
        "cloud_fraction": cloud_fraction(item.properties.get("eo:cloud_cover")),
        "rgb_bands": numbers,
        "alpha_band": None,
        "nodata": grid.nodata,
        "scale_min": low,
        "scale_max": high,
        "cloud_location": cloud,
        "license": known.license or item.properties.get("license"),
        "attribution": credit(known, acquired),
        "drawn": False,
        **place_columns(item, grid),
    }


def band_of(item: pystac.Item, name: str, local: bool) -> Band:
    """The asset that `asset` or `asset:band` names.

    Raises:
        UnfitError: it is not there, or not a file that may be opened.
    """
    key, _, number = name.partition(":")
    asset = item.assets.get(key)
    if asset is None:
        raise UnfitError(f"without the asset {key!r}")
    _check_free(item, asset)
    href = asset.get_absolute_href() or asset.href
    parts = urlsplit(href)
    if asset.href.startswith("/vsi") or href.startswith("/vsi"):
        raise UnfitError("with a link that only GDAL understands")
    if not remote.is_remote(href) and (not local or parts.scheme):
        raise UnfitError("with a link to a file of this machine or of unknown kind")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise UnfitError("with a link that may hold a secret")
    if not href.isprintable():
        raise UnfitError("with a link that cannot be printed")
    if remote.driver_of(href) is None:
        raise UnfitError("with files that are neither GeoTIFF nor JPEG 2000")
    return Band(href, int(number or 1), asset)


def _check_free(item: pystac.Item, asset: pystac.Asset) -> None:
    pays = said(item, asset, "storage:requester_pays")
    schemes = item.properties.get("storage:schemes") or {}
    for name in asset.extra_fields.get("storage:refs") or ():
        pays = pays or (schemes.get(name) or {}).get("requester_pays")
    if pays:
        raise UnfitError("whose reader would have to pay")


def _self_link(item: pystac.Item) -> str:
    link = item.get_self_href()
    return link if link and not urlsplit(link).query else item.id
