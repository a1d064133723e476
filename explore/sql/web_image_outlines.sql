-- The outlines of one scene's objects: the focus, those in its caption, then by rank.
with scene as (
    select unnest(cast(getvariable('scenes') as varchar[])) as scene_id
),

named as (
    select distinct
        scene_id,
        object_id
    from caption_words
    where
        scene_id in (select scene.scene_id from scene)
        and role = 'surrounding'
),

labels as (
    select
        object_id,
        arg_min(concat(key, '=', value), (tag_rank, key, value)) as label
    from scene_tags
    where scene_id in (select scene.scene_id from scene)
    group by object_id
),

placed as (
    select
        scene_id,
        object_id,
        role,
        rank
    from scene_objects
    where scene_id in (select scene.scene_id from scene)
),

-- Of all the objects there are, only these are read.
shapes as (
    select
        object_id,
        st_aswkb(geometry) as wkb
    from objects
    where
        object_id in (select placed.object_id from placed)
        and geometry is not null
)

select
    placed.scene_id,
    placed.object_id,
    placed.role,
    named.object_id is not null as named,
    labels.label,
    shapes.wkb
from placed
inner join shapes on placed.object_id = shapes.object_id
left join named
    on
        placed.scene_id = named.scene_id
        and placed.object_id = named.object_id
left join labels on placed.object_id = labels.object_id
qualify row_number() over (
    order by
        placed.role asc,
        named.object_id is not null desc,
        placed.rank asc nulls last,
        placed.object_id asc
) <= 300
order by
    placed.role desc,
    placed.rank desc,
    placed.object_id asc
