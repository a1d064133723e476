{{ config(tags=['shard']) }}

-- A bridge shows as a deck with its shadow: how coarse the pixels may be depends on how
-- wide the way on it is, and on how long it is.
with bridges as (
    select
        object_id,
        length_m,
        tags['bridge'] as bridge,
        tags['highway'] as highway,
        tags['railway'] as railway
    from {{ ref('objects') }}
    where
        kind = 'line'
        and tags['bridge'] in ('yes', 'viaduct')
),

measured as (
    select
        object_id,
        bridge,
        case
            when
                highway in ('motorway', 'trunk', 'primary', 'secondary')
                or railway in ('rail', 'light_rail', 'subway')
                then 5.0
            when highway in ('footway', 'path', 'cycleway', 'steps', 'bridleway') then 1.0
            else 2.5
        end as by_width,
        case
            when length_m >= 40 then 5.0
            when length_m >= 15 then 2.5
            when length_m >= 6 then 1.0
            else 0.5
        end as by_length
    from bridges
)

select
    object_id,
    'bridge' as key,
    bridge as value,
    'rule_bridge' as rule_id,
    least(by_width, by_length)::double as max_gsd_m,
    null::varchar as phrase,
    'bridges' as phrase_plural,
    200 as priority,
    case
        when by_length < by_width then 'its length leaves few pixels between both ends'
        when by_width = 1 then 'a narrow deck for feet or bicycles'
        else 'a deck with its shadow, over road, rail or water'
    end as note
from measured
