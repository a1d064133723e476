{{ config(tags=['shard']) }}

-- A power plant looks like its source: fields of panels are unmistakable. One text says
-- it for all the tags that tell the same.
with plants as (
    select
        object_id,
        tags
    from {{ ref('objects') }}
    where
        kind = 'area'
        and tags['power'] = 'plant'
        and tags['plant:source'] = 'solar'
),

pairs as (
    select
        object_id,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from plants
)

select
    object_id,
    key,
    value,
    'rule_solar_plant' as rule_id,
    case when key = 'power' then 10.0 else 0.0 end::double as max_gsd_m,
    case when key = 'power' then 'solar power plant' end as phrase,
    case when key = 'power' then 'solar power plants' end as phrase_plural,
    200 as priority,
    case
        when key = 'power' then 'fields of dark panels in rows'
        else 'the word for the plant says it'
    end as note
from pairs
where key in ('power', 'plant:source', 'plant:method', 'plant:type')
