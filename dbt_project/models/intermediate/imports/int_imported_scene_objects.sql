{{ config(tags=['shard']) }}

-- The objects that the metadata of an imported image lists: the focus, then the
-- surroundings in their published order. Those of the same tags are one object.
with images as (
    select
        image_name as scene_id,
        center_tags,
        surrounding_tags,
        osm_snapshot
    from {{ ref('stg_lake__imported_images') }}
),

scenes as (
    select
        scene_id,
        source,
        kind,
        gsd_m
    from {{ ref('int_imported_scenes') }}
),

unnested as (
    select
        scene_id,
        osm_snapshot,
        unnest(surrounding_tags) as tags,
        generate_subscripts(surrounding_tags, 1) as place
    from images
),

sorted as (
    select
        scene_id,
        osm_snapshot,
        place,
        map_from_entries(list_sort(map_entries(tags))) as tags
    from unnested
    where cardinality(tags) > 0
),

listed as (
    select
        scene_id,
        's' || md5(to_json(map_entries(tags))::varchar) as object_id,
        'surrounding' as role,
        osm_snapshot,
        place,
        tags
    from sorted
    union all by name
    select
        scene_id,
        scene_id as object_id,
        'focus' as role,
        osm_snapshot,
        0 as place,
        map_from_entries(list_sort(map_entries(center_tags))) as tags
    from images
),

once as (
    select *
    from listed
    qualify row_number() over (partition by scene_id, object_id order by place) = 1
)

select
    once.scene_id,
    once.object_id,
    once.role,
    -- Of what lies round the focus, the metadata does not say what it is drawn as.
    case when once.role = 'focus' then scenes.kind end as kind,
    scenes.source,
    scenes.gsd_m,
    once.osm_snapshot,
    once.tags,
    row_number() over (partition by once.scene_id order by once.place)::integer as rank
from once
inner join scenes on once.scene_id = scenes.scene_id
