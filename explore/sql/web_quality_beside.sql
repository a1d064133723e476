-- Some pairs with the words that were scored.
with near as (
    select
        unnest(cast(getvariable('image_ids') as varchar[])) as image_id,
        unnest(cast(getvariable('similarities') as double[])) as similarity
),

shown as (
    select
        image_id,
        scene_id,
        source,
        drawn
    from images
    where image_id in (select near.image_id from near)
),

worded as (
    select
        scene_id,
        title,
        title_multi_objects
    from captions
    where
        style in (select first_style.style from first_style)
        and scene_id in (select shown.scene_id from shown)
)

select
    shown.image_id,
    near.similarity,
    shown.source,
    shown.drawn,
    scenes.split,
    worded.title,
    worded.title_multi_objects
from shown
inner join near on shown.image_id = near.image_id
left join scenes on shown.scene_id = scenes.scene_id
left join worded on shown.scene_id = worded.scene_id
