"""Decode a PBF by DuckDB's ST_ReadOSM; every column is read, none is kept."""

import sys

import duckdb

from skyloom.duck import quoted


def main(pbf: str) -> None:
    """One aggregate over each column, or the reader would leave it out."""
    with duckdb.connect() as con:
        con.execute("load spatial")
        # A bound parameter would have DuckDB import pandas, which costs more.
        con.execute(
            f"""
            select
                max(kind), sum(id), sum(cardinality(tags)), sum(len(refs)),
                sum(lat), sum(lon), sum(len(ref_roles)), sum(len(ref_types)),
            from st_readosm({quoted(pbf)})
            """
        ).fetchone()


if __name__ == "__main__":
    main(sys.argv[1])
