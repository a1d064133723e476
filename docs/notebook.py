# ruff: noqa: ANN001, ANN201, D103 - cells in the form of marimo
"""A lake's catalog in DuckDB, polars, geopandas and GDAL: a marimo notebook.

`pip install marimo geopandas`, then `marimo edit docs/notebook.py`, or
`python docs/notebook.py` to run it as a script. SKYLOOM_LAKE names the lake.
"""

import marimo

app = marimo.App(width="medium")


@app.cell
def where_the_lake_is():
    import os
    from pathlib import Path

    import marimo as mo

    from skyloom.catalog import Catalog
    from skyloom.lake import Lake

    catalog = Catalog.open(Lake.open(Path(os.environ.get("SKYLOOM_LAKE", "demo/lake"))))
    mo.md(f"""
    # A catalog, four ways

    Run `{catalog.run_id}` of `{catalog.folder}`. Its tables are immutable Parquet
    files; `catalog.duckdb` holds a view for each.
    """)
    return Path, catalog, mo


@app.cell
def in_duckdb(catalog, mo):
    # No extension is needed to open the views. To use functions of places, such as
    # st_area, `install spatial; load spatial` first.
    import duckdb

    con = duckdb.connect(str(catalog.folder / "catalog.duckdb"), read_only=True)
    tables = con.sql("""
        select table_name, any_value(grain) as grain, count(*) as n_columns
        from table_columns
        group by table_name
        order by table_name
    """).pl()
    splits = con.sql("""
        select scenes.country, scenes.split, count(*) as n_images
        from images
        inner join scenes using (scene_id)
        group by all
        order by all
    """).pl()
    mo.vstack([mo.md("## DuckDB"), tables, splits])
    return con, splits, tables


@app.cell
def in_polars(catalog, mo):
    # Nothing is read before `collect`, and then only the columns that are used.
    import polars

    words = (
        polars.scan_parquet(catalog.path("caption_words"))
        .filter(polars.col("rule_id").is_not_null())
        .group_by("rule_id")
        .agg(polars.col("scene_id").n_unique().alias("n_scenes"))
        .sort("n_scenes", "rule_id", descending=[True, False])
        .collect()
    )
    mo.vstack([mo.md("## polars: which rules speak most"), words.head(10)])
    return (words,)


@app.cell
def in_geopandas(catalog, con, mo):
    # A bbox reads the row groups that can hold it, by the covering of GeoParquet 1.1.
    import geopandas

    middle = con.sql("""
        select
            median(west) as west, median(south) as south,
            median(west) + 0.01 as east, median(south) + 0.01 as north
        from scenes
    """).fetchone()
    nearby = geopandas.read_parquet(catalog.path("scenes"), bbox=middle)
    shown = nearby[["scene_id", "country", "split", "gsd_m"]].head(10)
    mo.vstack([mo.md(f"## geopandas: {len(nearby)} scenes in {middle}"), shown])
    return (nearby,)


@app.cell
def in_gdal(Path, catalog, mo):  # noqa: N803
    # GDAL with the Parquet driver, as in QGIS, opens the Parquet files themselves. The
    # wheels of pyogrio and rasterio lack that driver: for them, a FlatGeobuf.
    import tempfile

    import pyogrio

    from skyloom.answer_files import write_answer
    from skyloom.options import QueryFormat

    with tempfile.TemporaryDirectory() as folder:
        places = Path(folder) / "scenes.fgb"
        question = "select scene_id, country, split, geometry from scenes"
        write_answer(catalog, question, places, QueryFormat.FLATGEOBUF)
        about = pyogrio.read_info(places)
    kind, count = about["geometry_type"], about["features"]
    mo.md(f"## GDAL: {count} features of type {kind}, {about['crs']}")
    return about, count


if __name__ == "__main__":
    app.run()
