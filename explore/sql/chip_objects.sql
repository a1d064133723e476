-- At most $most outlines of surroundings for a chip: those in its caption, then the largest.
with named as (
    select distinct
        scene_id,
        object_id
    from shown_words
    where role = 'surrounding' and scene_id in (select unnest($scenes))
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
    inner join objects using (object_id)
    left join named using (scene_id, object_id)
    where scene_objects.scene_id in (select unnest($scenes)) and objects.geometry is not null
),

nearest as (
    select *
    from placed
    qualify row_number() over (
        partition by scene_id, role
        order by named desc, rank nulls last, object_id
    ) <= $most
)

select
    nearest.scene_id,
    nearest.object_id,
    nearest.role,
    nearest.named,
    labels.label,
    st_aswkb(nearest.geometry) as wkb
from nearest
left join labels using (object_id)
order by nearest.scene_id, nearest.role, nearest.named, nearest.rank desc, nearest.object_id
