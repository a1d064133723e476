{{ config(tags=['shard']) }}

-- What lies in a tunnel or below ground shows nothing of itself. Layer -1 alone does not
-- say so: roads in an open cutting have it too. Layer -2, or any floor below 0, does.
with objects as (
    select
        object_id,
        tags,
        try_cast(tags['layer'] as double) as layer
    from {{ ref('objects') }}
),

below as (
    select
        object_id,
        tags,
        -- A building over a tunnel or an underground car park is there to be seen.
        coalesce(
            layer < 0 or tags['location'] in ('underground', 'underwater'), false
        ) as hides_building
    from objects
    where
        tags['tunnel'] != 'no'
        or tags['location'] in ('underground', 'underwater')
        or tags['parking'] = 'underground'
        or layer <= -2
        or (layer < 0 and tags['building'] is not null)
        -- One floor or a list of them, all below ground.
        or regexp_full_match(tags['level'], '-[1-9][0-9.]*(;-[1-9][0-9.]*)*')
),

pairs as (
    select
        object_id,
        hides_building,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from below
)

select
    object_id,
    key,
    value,
    'rule_underground' as rule_id,
    0.0::double as max_gsd_m,
    null::varchar as phrase,
    null::varchar as phrase_plural,
    -- Above the other hard rules: nothing that they say of it can be seen.
    210 as priority,
    'it lies in a tunnel or below ground' as note
from pairs
where hides_building or not (key = 'building' or starts_with(key, 'roof:'))
