"""Rasters that a command names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from extract.acquired import parse_acquired
from extract.footprints import check_source_code, index_files
from extract.locations import locations
from extract.rasters import check_raster
from skyloom.errors import UsageError
from skyloom.flag_values import parse_bands, parse_numbers
from skyloom.lake import Lake


@dataclass(frozen=True)
class Imagery:
    """Files that a command names, and what the flags say of them."""

    files: list[str]
    source: str
    acquired: str | None = None
    license: str | None = None
    attribution: str | None = None
    bands: str | None = None
    scale: str | None = None

    def terms(self) -> dict[str, Any]:
        """What is said of the files, as the indexing takes it."""
        return {
            "source": self.source,
            "acquired": self.acquired,
            "license": self.license,
            "attribution": self.attribution,
            "bands": parse_bands(self.bands) if self.bands else None,
            "scale": parse_numbers(self.scale, "--scale", 2) if self.scale else None,
        }

    def checked(self) -> list[str]:
        """Where the files are, after refusing what is no imagery.

        Raises:
            SkyloomError: a file or a flag cannot be used.
        """
        if not self.files:
            if self.bands or self.scale:
                raise UsageError("--bands and --scale are for the files of --imagery")
            return []
        check_source_code(self.source)
        if self.acquired:
            parse_acquired(self.acquired)
        scaled = self.terms()["scale"] is not None
        files = locations(self.files)
        for file in files:
            check_raster(file, scaled=scaled)
        return files

    def index(self, lake: Lake) -> None:
        """Write the footprints of the files."""
        index_files(lake, self.files, **self.terms())
