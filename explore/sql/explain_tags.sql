-- Every tag of every object of the scenes, and the first test at which it fails: no rule
-- or classifier decides it, it cannot be seen, not at this resolution. A tag that passes
-- is visible. Objects are found by their place, so that few row groups are read.
with here as (
    select
        scene_objects.scene_id,
        scene_objects.object_id,
        sources.gsd_m
    from scene_objects
    inner join scenes on scene_objects.scene_id = scenes.scene_id
    inner join sources on scenes.source = sources.source
    where scene_objects.scene_id in (select unnest(cast(getvariable('scenes') as varchar[])))
),

tagged as (
    select
        object_id,
        unnest(map_entries(tags)) as tag
    from objects
    where
        object_id in (select here.object_id from here)
        and in_box(bbox)
),

decided as (
    select *
    from object_tags
    where object_id in (select here.object_id from here)
),

attributes as (
    select distinct decided.key
    from decided
    inner join attribute_keys on decided.key glob attribute_keys.key
)

select
    here.scene_id,
    here.object_id,
    tagged.tag.key as key,
    tagged.tag.value as value,
    decided.rule_id,
    decided.max_gsd_m,
    decided.tag_rank,
    tag_rules.note,
    here.gsd_m,
    attributes.key is not null as is_attribute,
    case
        when decided.rule_id is null then 'undecided'
        when not decided.groundable then 'not_groundable'
        when decided.max_gsd_m < here.gsd_m then 'too_coarse'
        else 'visible'
    end as outcome
from here
inner join tagged on here.object_id = tagged.object_id
left join decided
    on here.object_id = decided.object_id and tagged.tag.key = decided.key
left join tag_rules on decided.rule_id = tag_rules.rule_id
left join attributes on tagged.tag.key = attributes.key
