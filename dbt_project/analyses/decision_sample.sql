-- Decisions for a reader to judge. Of the keys with at least 50 objects over all
-- snapshots, a hundred by hash, each with one of its common values by hash; and fifty
-- tags by hash of those that are seen.
with pairs as (
    select
        object_id,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from {{ ref('stg_lake__objects') }}
),

tags as (
    select
        key,
        value,
        count(*) as n_objects
    from pairs
    group by key, value
),

keys as (
    select
        key,
        sum(n_objects)::bigint as n_objects
    from tags
    group by key
    having sum(n_objects) >= 50
),

common as (
    select tags.*
    from tags
    inner join keys on tags.key = keys.key
    qualify
        tags.n_objects >= 20
        or row_number() over (
            partition by tags.key order by tags.n_objects desc, tags.value asc
        ) = 1
),

outcomes as (
    select
        key,
        value,
        rule_id,
        max_gsd_m,
        note,
        count(*) as n_decided
    from {{ ref('int_tag_decisions') }}
    group by all
),

-- What decides most of the objects with the tag.
usual as (
    select
        outcomes.*,
        common.n_objects
    from outcomes
    inner join common on outcomes.key = common.key and outcomes.value = common.value
    qualify
        row_number() over (
            partition by outcomes.key, outcomes.value
            order by
                outcomes.n_decided desc, outcomes.rule_id asc,
                outcomes.max_gsd_m desc, outcomes.note asc
        ) = 1
),

denied_keys as (
    select key
    from outcomes
    group by key
    having max(max_gsd_m) = 0
),

by_key as (
    select *
    from usual
    qualify
        row_number() over (
            partition by key order by md5('decisions:' || key || '=' || value)
        ) = 1
    order by md5('decisions:' || key)
    limit 100
),

seen as (
    select *
    from usual
    where max_gsd_m > 0
    order by md5('seen:' || key || '=' || value)
    limit 50
),

sampled as (
    select
        1 as part,
        *
    from by_key
    union all by name
    select
        2 as part,
        *
    from seen
),

judged as (
    select
        sampled.part,
        sampled.key,
        sampled.value,
        sampled.n_objects,
        keys.n_objects as n_of_key,
        coalesce(rules.max_gsd_m, sampled.max_gsd_m::varchar) as max_gsd_m,
        sampled.rule_id,
        coalesce(rules.note, sampled.note) as reason,
        coalesce(
            denied_keys.key is not null and rules.value = '*' and rules.max_gsd_m = '0', false
        ) as denies_all
    from sampled
    inner join keys on sampled.key = keys.key
    left join denied_keys on sampled.key = denied_keys.key
    left join {{ ref('tag_rules') }} as rules on sampled.rule_id = rules.rule_id
)

select
    part,
    key,
    -- What a mapper typed is not shown where one denial speaks of every value.
    if(denies_all, '*', value) as value,
    if(denies_all, n_of_key, n_objects) as n_objects,
    max_gsd_m,
    rule_id,
    reason
from judged
order by part, key, value
