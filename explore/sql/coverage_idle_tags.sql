-- Rules of the seed that decide nothing, each with the distinct tags that it is about.
with idle as (
    select *
    from tag_rules
    where rule_id not in (select object_tags.rule_id from object_tags)
),

by_exact_key as (
    select
        idle.*,
        tags.key as tag_key,
        tags.value as tag_value
    from idle
    inner join tags on idle.key = tags.key
    where tags.value = idle.value or (contains(idle.value, '*') and tags.value glob idle.value)
),

by_wildcard_key as (
    select
        idle.*,
        tags.key as tag_key,
        tags.value as tag_value
    from idle
    inner join tags on tags.key glob idle.key
    where
        contains(idle.key, '*')
        and (tags.value = idle.value or (contains(idle.value, '*') and tags.value glob idle.value))
),

met as (
    select * from by_exact_key
    union all by name
    select * from by_wildcard_key
)

select
    rule_id,
    tag_key as key,
    tag_value as value,
    not_key,
    coalesce(not_value, '*') as not_value,
    string_split(geometry, '|') as kinds,
    try_cast(min_area_m2 as double) as min_area_m2,
    -- What only a wildcard meets must look like a value to be said.
    try_cast(max_gsd_m as double) != 0
    and phrase is null
    and contains(value, '*')
    and not (
        regexp_full_match(tag_value, '[a-z0-9][a-z0-9_:. -]{0,39}')
        and tag_value not in ('no', 'none', 'unknown', 'undefined')
    ) as value_fails
from met
