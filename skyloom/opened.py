"""Opening a lake's catalog to read it, wherever it lies."""

from pathlib import Path

from skyloom.catalog import Catalog
from skyloom.errors import SkyloomError
from skyloom.lake import Lake, is_url
from skyloom.place import Place
from skyloom.remote import RemoteCatalog, connect, place_of

AnyCatalog = Catalog | RemoteCatalog


def open_catalog(lake: str) -> AnyCatalog:
    """The current run of a lake in a folder or at a URL.

    Raises:
        SkyloomError: there is none, or it cannot be read.
    """
    if is_url(lake):
        return RemoteCatalog.open(lake)
    return Catalog.open(Lake.open(Path(lake)))


def open_place(lake: str) -> Place:
    """Where a lake's catalog lies, to look at its runs.

    Raises:
        SkyloomError: there is no lake.
    """
    if is_url(lake):
        return place_of(lake, connect(lake))
    folder = Lake.open(Path(lake)).catalog
    if not folder.is_dir():
        raise SkyloomError(
            "nothing is published in this lake yet",
            where=lake,
            remedy="run `skyloom build`",
        )
    return Place(str(folder))
