{{ config(tags=['shard']) }}

-- The objects of imported images: tags without geometry.
with listed as (
    select
        object_id,
        min(osm_snapshot) as snapshot,
        any_value(kind) as kind,
        any_value(tags) as tags
    from {{ ref('int_imported_scene_objects') }}
    group by object_id
),

images as (
    select
        image_name,
        osm_type,
        osm_id
    from {{ ref('stg_lake__imported_images') }}
)

select
    listed.object_id,
    images.osm_type,
    images.osm_id,
    listed.kind,
    listed.snapshot,
    listed.tags
from listed
left join images on listed.object_id = images.image_name
