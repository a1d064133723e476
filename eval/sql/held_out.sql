-- Images of held-out splits, each once, with the tags of its focus that may be said.
-- what = 'class' names what it is, 'attribute' how it is.
with held_out as (
    select
        images.image_id,
        images.scene_id,
        images.filepath
    from images
    inner join scenes on images.scene_id = scenes.scene_id
    where list_contains(getvariable('splits'), scenes.split)
),

attributes as (
    select distinct scene_tags.key
    from scene_tags
    inner join attribute_keys on scene_tags.key glob attribute_keys.key
),

focus as (
    select
        held_out.image_id,
        held_out.filepath,
        scene_tags.key,
        scene_tags.value,
        scene_tags.phrase,
        scene_tags.tag_rank,
        case when attributes.key is null then 'class' else 'attribute' end as what
    from held_out
    inner join scene_tags on held_out.scene_id = scene_tags.scene_id
    left join attributes on scene_tags.key = attributes.key
    where scene_tags.role = 'focus'
)

select
    image_id,
    filepath,
    key,
    value,
    phrase,
    what
from focus
-- Of several classes the one that the caption says first is the image's.
qualify
    what = 'attribute'
    or row_number() over (partition by image_id, what order by tag_rank, key, value) = 1
order by image_id, what, tag_rank, key, value
