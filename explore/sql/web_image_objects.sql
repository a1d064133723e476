-- The objects of one scene, with the tags that they have and those that may be said.
with able as (
    select
        object_id,
        list(concat(key, '=', value) order by tag_rank, key) as visible
    from scene_tags
    where scene_id = getvariable('scene')
    group by object_id
),

here as (
    select *
    from scene_objects
    where scene_id = getvariable('scene')
    order by rank asc nulls last, object_id asc
    limit getvariable('most')
),

-- Of all the objects there are, only these are read.
tagged as (
    select
        object_id,
        tags
    from objects
    where object_id in (select here.object_id from here)
)

select
    here.object_id,
    here.role,
    here.kind,
    here.share_of_box,
    here.visible_fraction,
    here.extent_px,
    here.rank,
    coalesce(able.visible, []) as visible,
    coalesce(
        list_transform(map_entries(tagged.tags), lambda tag: concat(tag.key, '=', tag.value)),
        []
    ) as tags
from here
left join able on here.object_id = able.object_id
left join tagged on here.object_id = tagged.object_id
order by here.rank asc nulls last, here.object_id asc
