"""DuckDB alone over the published files: queries in on stdin, milliseconds out.

A page's bare query gives the same 48 images with the same columns, without a window,
an outline, a count or HTML.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

from skyloom.catalog import Catalog
from skyloom.duck import quoted
from skyloom.lake import Lake

COUNT_BY_TAG = (
    "select key, value, count(*) as n from object_tags "
    "group by key, value order by n desc, key, value limit 100"
)
STARTS = {
    "first": ("true", "asc"),
    "middle": ("images.image_id > 'w1015000000'", "asc"),
    "back": ("images.image_id < 'w1015000000'", "desc"),
}
KEPT = (
    "images.image_id in (select image_id from selections "
    "where selection = 'top30' and kept)"
)
FILTERS = {
    "none": "true",
    "source": "images.source = 'AT'",
    "country": "images.scene_id in (select scene_id from scenes where country = 'CH')",
    "split": "images.scene_id in (select scene_id from scenes where split = 'test')",
    "frequent tag": "images.scene_id in (select scene_id from scene_tags "
    "where key = 'building' and value = 'kind_0')",
    "rare tag": "images.scene_id in (select scene_id from scene_tags "
    "where key = 'military' and value = 'kind_399')",
    "rule": "images.scene_id in (select scene_id from caption_words "
    "where rule_id = 'building_0')",
    "words": "images.scene_id in (select scene_id from captions "
    "where contains(lower(title_multi_objects), 'grass'))",
    "kept": KEPT,
    "all at once": "images.source = 'US' and images.scene_id in (select scene_id "
    "from scenes where split = 'train') and images.scene_id in (select scene_id "
    f"from scene_tags where key = 'building') and {KEPT}",
}


def _page(condition: str, start: str, order: str) -> str:
    return f"""
        with shown as (
            select image_id, scene_id, object_id, source, filepath, west, south, east,
                north, crs, transform, width_px, height_px, gsd_x_m, acquired, drawn
            from images where {condition} and {start}
            order by image_id {order} limit 48
        )
        select shown.*, scenes.kind, scenes.country, scenes.split, captions.title,
            captions.title_multi_objects
        from shown
        inner join scenes on shown.scene_id = scenes.scene_id
        inner join captions on shown.scene_id = captions.scene_id
        order by shown.image_id
    """


PAGES = {
    name: {place: _page(condition, *start) for place, start in STARTS.items()}
    for name, condition in FILTERS.items()
}


def main() -> None:
    """Answer queries until there are no more."""
    catalog = Catalog.open(Lake.open(Path(sys.argv[1])))
    # Without the spatial extension: nothing bare touches a geometry.
    with duckdb.connect(config={"threads": 2}) as con:
        for table, file in catalog.files.items():
            con.execute(f"create view {table} as from read_parquet({quoted(file)})")
        for line in sys.stdin:
            query = json.loads(line)
            began = time.perf_counter()
            con.execute(query).fetchall()
            print(json.dumps(1000 * (time.perf_counter() - began)), flush=True)


if __name__ == "__main__":
    main()
