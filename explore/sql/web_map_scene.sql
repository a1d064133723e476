-- One scene for the map's panel: its images and its words.
with shown as (
    select
        title,
        title_multi_objects
    from shown_captions
    where scene_id = getvariable('scene')
),

pictures as (
    select list(image_id order by image_id) as images
    from images
    where scene_id = getvariable('scene')
)

select
    scenes.scene_id,
    scenes.source,
    scenes.split,
    scenes.gsd_m,
    shown.title,
    shown.title_multi_objects,
    coalesce(pictures.images, []) as images
from scenes
cross join pictures
left join shown on true
where scenes.scene_id = getvariable('scene')
limit 1
