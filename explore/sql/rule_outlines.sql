-- The focus of each chip, and what the rule decides in it.
with mine as (
    select
        object_id,
        arg_min(concat(key, '=', value), (key, value)) as label
    from rule_objects
    group by object_id
)

select
    scene_objects.scene_id,
    scene_objects.object_id,
    scene_objects.role,
    mine.object_id is not null as named,
    mine.label,
    st_aswkb(objects.geometry) as wkb
from scene_objects
inner join objects on scene_objects.object_id = objects.object_id
left join mine on scene_objects.object_id = mine.object_id
where
    scene_objects.scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
    and (scene_objects.role = 'focus' or mine.object_id is not null)
    and objects.geometry is not null
qualify row_number() over (
    partition by scene_objects.scene_id, scene_objects.role
    order by scene_objects.rank asc nulls last, scene_objects.object_id asc
) <= getvariable('most')
order by
    scene_objects.scene_id asc,
    scene_objects.role asc,
    scene_objects.rank desc,
    scene_objects.object_id asc
