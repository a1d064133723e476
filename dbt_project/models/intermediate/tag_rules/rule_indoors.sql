{{ config(tags=['shard']) }}

-- What lies inside a building shows nothing of itself. A building that is tagged so
-- stays: location=indoor then speaks of the machine in it.
with objects as (
    select
        object_id,
        tags
    from {{ ref('objects') }}
),

indoors as (
    select
        object_id,
        tags
    from objects
    where
        tags['indoor'] != 'no'
        or tags['location'] = 'indoor'
        or tags['highway'] = 'corridor'
        or tags['buildingpart'] is not null
),

pairs as (
    select
        object_id,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from indoors
)

select
    object_id,
    key,
    value,
    'rule_indoors' as rule_id,
    0.0::double as max_gsd_m,
    null::varchar as phrase,
    null::varchar as phrase_plural,
    -- Above the other hard rules: nothing that they say of it can be seen.
    210 as priority,
    'it lies inside a building' as note
from pairs
where not (key = 'building' or starts_with(key, 'roof:'))
