"""A small catalog with places, published as builds publish theirs."""

from pathlib import Path

from skyloom import duck
from skyloom.lake import Lake
from skyloom.publish import publish

# Four scenes: Switzerland, Fiji on both sides of the antimeridian, and no country.
SCENES = [
    ("a1_US", "CH", 7.0, 46.0, "train"),
    ("n2_US", "FJ", 179.99, -17.0, "val"),
    ("n3_US", "FJ", -179.995, -17.0, "train"),
    ("w4_CH", None, 7.01, 46.0, "test"),
]
KEYS = {
    "images": ("One chip.", ["image_id"]),
    "scenes": ("One box round one focus object for one source.", ["scene_id"]),
    "captions": ("One scene in one caption style.", ["scene_id", "style"]),
    "table_columns": ("One column of one table.", ["table_name", "column_name"]),
}
IMAGES = """
create table images as
select
    scene_id || '_20' as image_id, scene_id, split_part(scene_id, '_', 1) as object_id,
    split_part(scene_id, '_', 2) as source, 'b' as box_id, 'r' as osm_snapshot,
    west, south, west + 0.001 as east, south + 0.001 as north,
    timestamp '2020-06-01' as acquired, 0.5::double as gsd_x_m,
    'CC0-1.0' as license, 'images/' || scene_id || '.jpg' as filepath,
    100 as width_px, 100 as height_px, ['scan'] as source_image_ids
from places
"""
SCENE_TABLE = """
create table scenes as
select
    images.scene_id, images.object_id, images.source, images.box_id, places.country,
    places.split, images.west, images.south, images.east, images.north,
    0.5::double as gsd_m, images.width_px, images.height_px, images.osm_snapshot,
    {
        'xmin': images.west, 'ymin': images.south,
        'xmax': images.east, 'ymax': images.north
    }::struct(xmin float, ymin float, xmax float, ymax float) as bbox,
    st_makeenvelope(images.west, images.south, images.east, images.north) as geometry
from images
inner join places using (scene_id)
"""
CAPTIONS = """
create table captions as
select
    scene_id, source, style, style || ': it''s a [red]pier' as title,
    'a pier by water' as title_multi_objects, 2 as n_tags
from images cross join (values ('plain'), ('skyscript')) as styles (style)
"""


def small_lake(folder: Path, *, described: bool = True, extra: str = "") -> Lake:
    """Publish the catalog; `extra` is SQL that runs before, on the tables."""
    lake = Lake.open(folder, create=True)
    tables = [name for name in KEYS if described or name != "table_columns"]
    with duck.connect() as con:
        values = ", ".join(
            f"('{scene}', {duck.quoted(country) if country else 'null'}, "
            f"{west}, {south}, '{split}')"
            for scene, country, west, south, split in SCENES
        )
        con.execute(
            f"create table places as from (values {values}) "
            "as places (scene_id, country, west, south, split)"
        )
        for statement in (IMAGES, SCENE_TABLE, CAPTIONS):
            con.execute(statement)
        con.execute(
            "create table table_columns (table_name varchar, grain varchar, "
            "position integer, column_name varchar, meaning varchar, in_key boolean)"
        )
        for table, (grain, key) in KEYS.items():
            con.execute(
                "insert into table_columns "
                f"select '{table}', '{grain}', column_index, column_name, "
                "'what ' || column_name || ' means', "
                f"list_contains({key}, column_name) "
                f"from duckdb_columns() where table_name = '{table}'"
            )
        con.execute(extra)
        publish(
            lake,
            con,
            {name: name for name in tables},
            {name: ", ".join(KEYS[name][1]) for name in tables},
            {},
        )
    return lake
