{{ config(tags=['shard']) }}

-- Whether there is water depends on the date. A channel keeps its bed, seen close up; a
-- pond without water is a patch of ground.
with waters as (
    select
        object_id,
        kind,
        tags
    from {{ ref('objects') }}
    where
        tags['intermittent'] = 'yes'
        or tags['seasonal'] not in ('no', 'permanent')
),

pairs as (
    select
        object_id,
        kind,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from waters
)

select
    object_id,
    key,
    value,
    'rule_intermittent_water' as rule_id,
    case
        when kind != 'line' or (kind is null and key != 'waterway') then 0.0
        when value = 'river' then 5.0
        else 1.0
    end::double as max_gsd_m,
    null::varchar as phrase,
    null::varchar as phrase_plural,
    -- Above rule_water_body: no word for a sheet of water that may be gone.
    205 as priority,
    case
        when kind = 'line' then 'a bed that may be dry, seen as a winding or dug line'
        else 'it may be dry at the date of the image'
    end as note
from pairs
where
    (key = 'waterway' and value in ('river', 'stream', 'ditch', 'drain'))
    or (key = 'natural' and value = 'water')
    or key = 'water'
