{{ config(tags=['shard']) }}

-- A generator looks like its source: a turbine throws the shadow of a tower and blades
-- of 100 m. One text says it for all the tags that tell the same.
with generators as (
    select
        object_id,
        tags
    from {{ ref('objects') }}
    where
        tags['power'] = 'generator'
        and tags['generator:source'] = 'wind'
),

pairs as (
    select
        object_id,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from generators
)

select
    object_id,
    key,
    value,
    'rule_wind_turbine' as rule_id,
    case when key = 'power' then 2.0 else 0.0 end::double as max_gsd_m,
    case when key = 'power' then 'wind turbine' end as phrase,
    case when key = 'power' then 'wind turbines' end as phrase_plural,
    200 as priority,
    case
        when key = 'power' then 'a tower with blades, and a shadow longer than both'
        else 'the word for the turbine says it'
    end as note
from pairs
where
    key in (
        'power', 'generator:source', 'generator:method', 'generator:type', 'generator:place'
    )
