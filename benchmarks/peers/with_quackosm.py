"""A PBF by QuackOSM as it does most for its user: every tag, sorted GeoParquet."""

import sys
from pathlib import Path

import quackosm


def main(pbf: Path, folder: Path) -> None:
    """Write out.parquet; nothing is taken from an earlier run."""
    quackosm.convert_pbf_to_parquet(
        pbf,
        keep_all_tags=True,
        explode_tags=False,
        sort_result=True,
        ignore_cache=True,
        verbosity_mode="silent",
        result_file_path=folder / "out.parquet",
        working_directory=folder,
    )


# QuackOSM starts processes that import this module again.
if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
