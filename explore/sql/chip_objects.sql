-- At most `most` outlines of surroundings for a chip: those in its caption, then the largest.
with named as (
    select distinct
        scene_id,
        object_id
    from shown_words
    where
        role = 'surrounding'
        and scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
),

labels as (
    select
        object_id,
        arg_min(concat(key, '=', value), (tag_rank, key, value)) as label
    from object_tags
    group by object_id
),

placed as (
    select
        scene_objects.scene_id,
        scene_objects.object_id,
        scene_objects.role,
        scene_objects.rank,
        named.object_id is not null as named,
        objects.geometry
    from scene_objects
    inner join objects on scene_objects.object_id = objects.object_id
    left join named
        on
            scene_objects.scene_id = named.scene_id
            and scene_objects.object_id = named.object_id
    where
        scene_objects.scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
        and objects.geometry is not null
),

nearest as (
    select *
    from placed
    qualify row_number() over (
        partition by scene_id, role
        order by named desc, rank asc nulls last, object_id asc
    ) <= getvariable('most')
)

select
    nearest.scene_id,
    nearest.object_id,
    nearest.role,
    nearest.named,
    labels.label,
    st_aswkb(nearest.geometry) as wkb
from nearest
left join labels on nearest.object_id = labels.object_id
order by
    nearest.scene_id asc,
    nearest.role asc,
    nearest.named asc,
    nearest.rank desc,
    nearest.object_id asc
