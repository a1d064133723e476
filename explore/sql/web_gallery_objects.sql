-- What chip_objects gives, for few scenes of many: no table is read but for their objects.
with named as (
    select distinct
        scene_id,
        object_id
    from caption_words
    where
        style = getvariable('style')
        and role = 'surrounding'
        and scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
),

placed as (
    select
        scene_objects.scene_id,
        scene_objects.object_id,
        scene_objects.role,
        scene_objects.rank,
        named.object_id is not null as named
    from scene_objects
    left join named
        on
            scene_objects.scene_id = named.scene_id
            and scene_objects.object_id = named.object_id
    where scene_objects.scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
),

nearest as materialized (
    select *
    from placed
    qualify row_number() over (
        partition by scene_id, role
        order by named desc, rank asc nulls last, object_id asc
    ) <= getvariable('most')
),

labels as (
    select
        object_id,
        arg_min(concat(key, '=', value), (tag_rank, key, value)) as label
    from object_tags
    where object_id in (select nearest.object_id from nearest)
    group by object_id
),

shapes as (
    select
        object_id,
        st_aswkb(geometry) as wkb
    from objects
    where
        object_id in (select nearest.object_id from nearest)
        and geometry is not null
)

select
    nearest.scene_id,
    nearest.object_id,
    nearest.role,
    nearest.named,
    labels.label,
    shapes.wkb
from nearest
inner join shapes on nearest.object_id = shapes.object_id
left join labels on nearest.object_id = labels.object_id
order by
    nearest.scene_id asc,
    nearest.role asc,
    nearest.named asc,
    nearest.rank desc,
    nearest.object_id asc
