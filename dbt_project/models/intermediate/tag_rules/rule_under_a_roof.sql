{{ config(tags=['shard']) }}

-- A way, platform or car park under a roof or arcade is hidden by it. A covered point is
-- another thing: of a bus stop with a roof, the roof is what shows.
with objects as (
    select
        object_id,
        tags
    from {{ ref('objects') }}
    where kind is distinct from 'point'
),

covered as (
    select
        object_id,
        tags
    from objects
    where
        tags['covered'] in ('yes', 'arcade', 'colonnade', 'building_passage')
        and (
            tags['highway'] is not null
            or tags['railway'] is not null
            or tags['waterway'] is not null
            or tags['public_transport'] is not null
            or tags['amenity'] in ('parking', 'bicycle_parking')
        )
),

pairs as (
    select
        object_id,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from covered
)

select
    object_id,
    key,
    value,
    'rule_under_a_roof' as rule_id,
    0.0::double as max_gsd_m,
    null::varchar as phrase,
    null::varchar as phrase_plural,
    -- Above the other hard rules: nothing that they say of it can be seen.
    210 as priority,
    'a roof or arcade covers it' as note
from pairs
where not (key = 'building' or starts_with(key, 'roof:'))
