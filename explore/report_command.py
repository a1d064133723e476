"""The end of `skyloom run`: the report, where something is to be reported."""

from pathlib import Path

from explore.report import PAGE, write_report
from skyloom.catalog import POINTER
from skyloom.lake import Lake


def tell(lake: Lake, *, changed: bool) -> None:
    """Write the report of what changed, or of a catalog that it is older than."""
    if changed or not _is_newer(lake.root / PAGE, lake.catalog):
        print(f"report   {write_report(lake)}")
        print(f"catalog  {lake.catalog / 'catalog.duckdb'}")
    else:
        print("nothing to do: the lake is up to date")


def _is_newer(page: Path, catalog: Path) -> bool:
    published = (catalog / POINTER).stat().st_mtime_ns
    return page.is_file() and page.stat().st_mtime_ns >= published
