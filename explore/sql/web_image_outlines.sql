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
)

select
    scene_objects.scene_id,
    scene_objects.object_id,
    scene_objects.role,
    named.object_id is not null as named,
    labels.label,
    st_aswkb(objects.geometry) as wkb
from scene_objects
inner join objects on scene_objects.object_id = objects.object_id
left join named
    on
        scene_objects.scene_id = named.scene_id
        and scene_objects.object_id = named.object_id
left join labels on scene_objects.object_id = labels.object_id
where
    scene_objects.scene_id in (select scene.scene_id from scene)
    and objects.geometry is not null
qualify row_number() over (
    order by
        scene_objects.role asc,
        named.object_id is not null desc,
        scene_objects.rank asc nulls last,
        scene_objects.object_id asc
) <= 300
order by
    scene_objects.role desc,
    scene_objects.rank desc,
    scene_objects.object_id asc
