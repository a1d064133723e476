"""A PBF by GDAL's OSM driver as pyogrio hands it on: each layer -> Arrow -> Parquet.

No repair, no rejects, no order: less work than the loader does.
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pyogrio  # type: ignore[import-untyped]


def main(pbf: Path, folder: Path) -> None:
    """Write a file for each layer that has rows."""
    for layer, _ in pyogrio.list_layers(pbf):
        with (
            pyogrio.open_arrow(pbf, layer=layer, use_pyarrow=True) as (_, reader),
            pq.ParquetWriter(
                folder / f"{layer}.parquet", reader.schema, compression="zstd"
            ) as out,
        ):
            for batch in reader:
                out.write_batch(batch)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
