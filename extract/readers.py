"""The image sources that a run reads from, by the `kind` of the sources table."""

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from extract.chips import CatalogReader, ImageSource
from extract.drawn import DrawnSource
from extract.files import FileSource

Openers = Mapping[str, Callable[[], ImageSource]]


def open_readers(
    kinds: set[str],
    given: Mapping[str, ImageSource] | None,
    catalog: CatalogReader,
    footprints: pl.DataFrame,
    styles: Path,
    openers: Openers,
) -> dict[str, ImageSource]:
    """What is given, and what opens for the other kinds that are asked."""
    readers = dict(given or {})
    for kind in sorted(kinds - set(readers)):
        if kind in openers:
            readers[kind] = openers[kind]()
    if "file" in kinds:
        readers.setdefault("file", FileSource(footprints))
    if "drawn" in kinds and "drawn" not in readers:
        readers["drawn"] = DrawnSource(catalog, styles)
    return readers
