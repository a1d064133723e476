"""A catalog of any number of images, made by SQL alone, in the order of its files.

Counts, lengths and shares are like those of a real one; what the images show is not.
`python -m tests.explore.synthetic_catalog LAKE --images 1000000` writes one.
"""

import argparse
import json
from pathlib import Path

import duckdb

from skyloom.catalog import POINTER, write_views
from skyloom.geoparquet import write_parquet
from skyloom.lake import Lake
from skyloom.publish import FINGERPRINT
from tests.explore.published import typed_tables

# Every so manieth object bears it, the seventh first.
HOSTILE = "<script>alert(1)</script>\"'{{ 7 * 7 }}"
HOSTILE_EVERY = 50_000
MODEL = "ViT-L-14@000000000000"
KINDS = 400
SETTING = f"""
-- Kinds of objects; the last is hostile.
set variable keys = (
    select list(([
        'building', 'landuse', 'leisure', 'natural', 'amenity', 'highway', 'sport',
        'crop', 'man_made', 'water', 'power', 'railway', 'barrier', 'parking', 'shop',
        'military'
    ])[1 + range % 16] order by range)
    from range({KINDS + 1})
);
set variable values_ = (
    select list(
        if(range = {KINDS}, $${HOSTILE}$$, concat('kind_', range)) order by range
    )
    from range({KINDS + 1})
);
set variable phrases = (
    select list(concat(
        replace(getvariable('values_')[1 + range], '_', ' '), ' of ',
        getvariable('keys')[1 + range]
    ) order by range)
    from range({KINDS + 1})
);
set variable rules = (
    select list(if(
        range between 250 and {KINDS - 1}, 'classifier',
        concat(getvariable('keys')[1 + range], '_', range)
    ) order by range)
    from range({KINDS + 1})
);
create macro key_of(kind) as getvariable('keys')[1 + kind];
create macro value_of(kind) as getvariable('values_')[1 + kind];
create macro phrase_of(kind) as getvariable('phrases')[1 + kind];
create macro rule_of(kind) as getvariable('rules')[1 + kind];
-- A number of 0 to 1 for each object and purpose.
create macro u(i, purpose) as
    (md5_number_lower(concat(i, ' ', purpose)) >> 12) / 4503599627370496.0;
-- Few kinds are frequent, many are rare.
create macro kind_of(i) as
    if(i % {HOSTILE_EVERY} = 7, {KINDS}, floor({KINDS} * pow(u(i, 1), 3)))::smallint;
-- Five objects stand together; the scene of one shows three of the others.
create macro near(i, k) as i - i % 5 + (i + k) % 5;
-- The order of ids is that of their numbers.
create macro object_of(i, n) as concat(
    if(i < 0.4 * n, 'a', if(i < 0.5 * n, 'n', if(i < 0.52 * n, 'r', 'w'))),
    1000000000 + i * 37
);
create macro box_of(w, s, side) as {{
    'xmin': w::float, 'ymin': s::float,
    'xmax': (w + side)::float, 'ymax': (s + side)::float
}};
"""
IDS = """
create table ids as
with numbers as (select range as i, {n} as n from range({n})),
placed as (
    select i, n,
        [
            kind_of(i), kind_of(near(i, 1)), kind_of(near(i, 2)), kind_of(near(i, 3))
        ] as kinds,
        (['asphalt', 'grass', 'gravel', 'paved', 'sand', 'dirt'])[
            1 + floor(6 * u(i, 2))::int
        ] as surface,
        (['S2', 'US', 'US', 'AT', 'DR'])[1 + floor(5 * u(i, 3))::int] as source,
        object_of(i, n) as object_id, 2015 + floor(9 * u(i, 4))::int as year,
        round(-179 + 350 * u(i // 5, 5) + 0.0006 * (i % 5), 7) as west,
        round(-60 + 120 * u(i // 5, 6), 7) as south,
        round(0.12 + 0.2 * u(i, 8), 6) as similarity
    from numbers
)
select *, concat(object_id, '_', source) as scene_id,
    concat(object_id, '_', source, '_', year - 2000) as image_id
from placed
"""
# `i` of `n` images; each query is in the order that the published table has.
TITLE = "concat('a satellite image of ', phrase_of(kinds[1]), ' with ', surface)"
MULTI = f"""concat({TITLE}, ', surrounded by ', phrase_of(kinds[2]), ', ',
    phrase_of(kinds[3]), ' and ', phrase_of(kinds[4]))"""
SPLIT = """if(u(i // 5, 7) < 0.9, 'train', if(u(i // 5, 7) < 0.93, 'val', 'test'))"""
SHUFFLED = "(select * from ids order by south, i)"
TABLES = {
    "sources": """
        select source, 'file' as kind, concat('source ', source) as name,
            0.6 as gsd_m, source = 'DR' as drawn
        from (values ('AT'), ('DR'), ('S2'), ('US')) as codes (source)
    """,
    "scenes": f"""
        select scene_id, object_id, source, md5(i::varchar) as box_id, 'area' as kind,
            west, south, west + 0.003 as east, south + 0.003 as north,
            300 as width_px, 300 as height_px, 0.6 as gsd_m,
            lpad(i::varchar, 23, '0') as quadkey,
            ([
                'AR', 'AT', 'AU', 'BR', 'CA', 'CH', 'CL', 'CN', 'DE', 'ES', 'FR', 'GB',
                'IN', 'IT', 'JP', 'KE', 'MX', 'NG', 'NL', 'NO', 'PE', 'PL', 'SE', 'TR',
                'US', 'US', 'US', 'ZA'
            ])[floor(30 * u(i // 5, 5))::int] as country,
            {SPLIT} as split, 'world@2026-01-01' as osm_snapshot,
            box_of(west, south, 0.003) as bbox,
            st_makeenvelope(west, south, west + 0.003, south + 0.003) as geometry
        from {SHUFFLED}
    """,
    "images": """
        select image_id, scene_id, object_id, md5(concat('r', i)) as request_id,
            md5(i::varchar) as box_id, source,
            concat(
                'images/', source, '/', left(md5(i::varchar), 2), '/', image_id, '.jpg'
            ) as filepath,
            sha256(i::varchar) as sha256, 30000 as n_bytes, west, south,
            west + 0.003 as east, south + 0.003 as north, 'OGC:CRS84' as crs,
            [0.00001, 0, west, 0, -0.00001, south + 0.003] as transform,
            300 as width_px, 300 as height_px, 0.6 as gsd_x_m, 0.6 as gsd_y_m,
            make_timestamp(year, 6, 1, 0, 0, 0.0) as acquired,
            'day' as acquired_precision,
            'world@2026-01-01' as osm_snapshot, 1.0 as valid_fraction,
            [concat('scene/', i // 100)] as source_image_ids, 'rgb8' as recipe,
            'CC0-1.0' as license, source = 'DR' as drawn
        from ids
    """,
    "captions": f"""
        select scene_id, source, 'skyscript' as style, {TITLE} as title,
            {MULTI} as title_multi_objects, 2 as n_tags, 3 as n_surroundings,
            md5('rules') as rules_digest
        from ids
    """,
    # Three pieces of a title, nine of a title_multi_objects; `of` is whom they tell of.
    "caption_words": """
        with pieces as (
            select *, unnest(range(1, 13)) as p,
                ([0, 1, 1, 0, 1, 1, 0, 2, 0, 3, 0, 4])[p] as of_
            from ids
        )
        select scene_id, 'skyscript' as style,
            if(p <= 3, 'title', 'title_multi_objects') as caption,
            if(p <= 3, p, p - 3) as position,
            case
                when p in (3, 6) then concat(' with ', surface)
                when of_ > 0 then phrase_of(kinds[of_])
                else ([
                    'a satellite image of ', '', '', 'a satellite image of ', '', '',
                    ', surrounded by ', '', ', ', '', ' and ', ''
                ])[p]
            end as words,
            if(of_ = 0, 'grammar', if(of_ = 1, 'focus', 'surrounding')) as role,
            if(of_ > 0, object_of(near(i, of_ - 1), n), null) as object_id,
            if(of_ > 0, 1, null) as n_objects,
            if(p in (3, 6), 'surface', key_of(kinds[of_])) as key,
            if(p in (3, 6), surface, value_of(kinds[of_])) as value,
            if(p in (3, 6), 'surface', rule_of(kinds[of_])) as rule_id
        from pieces
    """,
    "objects": f"""
        select object_id, 'way' as osm_type, 1000000000 + i * 37 as osm_id,
            'area' as kind, 'world' as region, 'world@2026-01-01' as snapshot,
            5000.0 as area_m2,
            map {{key_of(kinds[1]): value_of(kinds[1]), 'surface': surface}} as tags,
            box_of(west + 0.001, south + 0.001, 0.001) as bbox,
            st_makeenvelope(west + 0.001, south + 0.001, west + 0.0015, south + 0.002)
                as geometry
        from {SHUFFLED}
    """,
    "object_tags": """
        select object_id, if(tag_rank = 1, key_of(kinds[1]), 'surface') as key,
            if(tag_rank = 1, value_of(kinds[1]), surface) as value, true as groundable,
            1.0 as max_gsd_m, if(tag_rank = 1, phrase_of(kinds[1]), surface) as phrase,
            if(tag_rank = 1, rule_of(kinds[1]), 'surface') as rule_id, tag_rank
        from (select *, unnest([1, 2]) as tag_rank from ids)
    """,
    "scene_objects": """
        select scene_id, object_of(near(i, rank - 1), n) as object_id,
            if(rank = 1, 'focus', 'surrounding') as role, 'area' as kind,
            0.1 as share_of_box, 1.0 as visible_fraction, 100.0 as extent_px,
            0.1 as prominence, rank
        from (select *, unnest([1, 2, 3, 4, 5]) as rank from ids)
    """,
    "scene_tags": """
        select scene_id, object_of(near(i, rank - 1), n) as object_id,
            if(rank = 1, 'focus', 'surrounding') as role, rank as object_rank,
            if(tag = 2, 'surface', key_of(kinds[rank])) as key,
            if(tag = 2, surface, value_of(kinds[rank])) as value,
            if(tag = 2, surface, phrase_of(kinds[rank])) as phrase,
            if(tag = 2, 'surface', rule_of(kinds[rank])) as rule_id, tag as tag_rank
        from (
            select *, unnest([1, 1, 2, 3, 4]) as rank, unnest([1, 2, 1, 1, 1]) as tag
            from ids
        )
    """,
    "scores": f"""
        select image_id, scene_id, 'skyscript' as style, 'title' as caption,
            '{MODEL}' as model, sha256(i::varchar) as image_sha256,
            md5({TITLE}) as text_sha256, similarity
        from ids
    """,
    "selections": """
        select 'all' as selection, image_id, null::double as similarity, true as kept,
            'share' as kept_by, null::varchar as reason, null::varchar as why_not
        from ids
        union all
        select 'top30', image_id, similarity, similarity >= 0.26,
            if(similarity >= 0.26, 'share', null),
            if(similarity >= 0.26, null, 'below_the_cut'),
            if(similarity >= 0.26, null,
                concat('similarity ', similarity, ', the cut is 0.26'))
        from ids
    """,
    "selection_losses": f"""
        select selection, scorer, model, 'title' as caption, keep_share, 'all' as part,
            (select count(*) from ids) as n_pairs,
            (select count(*) from ids where similarity >= least) as n_pairs_kept,
            {KINDS} as n_tags, {KINDS} as n_tags_kept, 0 as n_tags_lost,
            (select count(distinct {TITLE}) from ids) as n_titles, 0 as n_titles_lost,
            (select count(distinct {MULTI}) from ids) as n_captions,
            (
                select count(distinct {MULTI})
                - count(distinct {MULTI}) filter (where similarity >= least) from ids
            ) as n_captions_lost
        from (values
            ('all', null, null, 1.0, 0.0),
            ('top30', 'ViT-L-14/openai', '{MODEL}', 0.3, 0.26)
        ) as seed (selection, scorer, model, keep_share, least)
    """,
    # Titles are few, and nearly each caption with surroundings stands alone.
    "duplicates": f"""
        select what, image_id, 'same_text' as how, first_id as duplicate_of,
            0.0 as distance, n_alike
        from (
            select what, image_id, min(image_id) over alike as first_id,
                count(*) over alike as n_alike
            from (
                select 'title' as what, image_id, {TITLE} as said from ids
                union all
                select 'title_multi_objects', image_id, {MULTI} from ids
            )
            window alike as (partition by what, said)
        )
        where image_id != first_id
        order by what, image_id
    """,
    "training_pairs": f"""
        select selection, 'skyscript' as style, image_id, scene_id, source,
            concat('images/', image_id, '.jpg') as filepath, {TITLE} as title,
            {MULTI} as title_multi_objects, {SPLIT} as split
        from (
            select *, 'all' as selection from ids
            union all
            select *, 'top30' as selection from ids where similarity >= 0.26
        )
    """,
    "tags": """
        with said as (
            select unnest(['surface', key_of(kinds[1])]) as key,
                unnest([surface, value_of(kinds[1])]) as value,
                unnest(['surface', rule_of(kinds[1])]) as rule_id, object_id
            from ids
        )
        select key, value, count(*) as n_objects, 1.0 as groundable_share,
            min(rule_id) as decided_by, min(object_id) as example_object_id
        from said group by key, value order by key, value
    """,
}


def write_catalog(root: Path, images: int, *, memory: str = "2GB") -> Lake:
    """Publish a catalog of so many images (whole fives), without one chip."""
    lake = Lake.open(root, create=True)
    folder = lake.catalog / "files"
    folder.mkdir(parents=True, exist_ok=True)
    (lake.catalog / "runs").mkdir(exist_ok=True)
    entries = []
    with typed_tables() as con:
        con.execute(f"set memory_limit = '{memory}'; set threads = 2")
        con.execute(SETTING)
        con.execute(IDS.format(n=images))
        for (name,) in con.execute("show tables").fetchall():
            if name != "ids":
                rows = _write(con, name, folder / f"{name}-{images}.parquet")
                file = f"{name}-{images}.parquet"
                entries.append({"name": name, "file": file, "sha256": "", "rows": rows})
    run = f"synthetic{images}"
    files = {one["name"]: folder / str(one["file"]) for one in entries}
    (lake.catalog / "runs" / f"{run}.json").write_text(json.dumps({"tables": entries}))
    write_views(lake, {str(name): file for name, file in files.items()})
    (lake.catalog / POINTER).write_text(json.dumps({"run_id": run}))
    return lake


def _write(con: duckdb.DuckDBPyConnection, name: str, file: Path) -> int:
    """The table's query with the types of its contract, written as publishing does."""
    source = TABLES.get(name, f"from {name}")
    made = {one[0] for one in con.execute(f"describe {source}").fetchall()}
    columns = ", ".join(
        f'cast({column if column in made else "null"} as {kind}) as "{column}"'
        for column, kind, *_ in con.execute(f"describe {name}").fetchall()
        if column != FINGERPRINT
    )
    query = f"select {columns} from ({source})"
    return write_parquet(con, query, file, order_by=None, places=query)


def main() -> None:
    """Write a catalog into a new lake."""
    parser = argparse.ArgumentParser(prog="tests.explore.synthetic_catalog")
    parser.add_argument("lake", type=Path)
    parser.add_argument("--images", type=int, default=1_000_000)
    asked = parser.parse_args()
    write_catalog(asked.lake, asked.images)


if __name__ == "__main__":
    main()
