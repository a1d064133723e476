{{ config(tags=['global']) }}

with kept as (
    select
        selection,
        image_id,
        similarity
    from {{ ref('image_selections') }}
    where kept
),

images as (
    select * from {{ ref('images') }}
),

captions as (
    select * from {{ ref('captions') }}
),

polished as (
    select
        scene_id,
        style,
        polished
    from {{ ref('polished_captions') }}
),

scenes as (
    select
        scene_id,
        split
    from {{ ref('scenes') }}
)

select
    kept.selection,
    captions.style,
    images.image_id,
    images.scene_id,
    images.source,
    images.filepath,
    captions.title,
    captions.title_multi_objects,
    polished.polished,
    scenes.split,
    kept.similarity
from kept
inner join images on kept.image_id = images.image_id
inner join captions on images.scene_id = captions.scene_id
inner join scenes on images.scene_id = scenes.scene_id
left join polished
    on captions.scene_id = polished.scene_id and captions.style = polished.style
