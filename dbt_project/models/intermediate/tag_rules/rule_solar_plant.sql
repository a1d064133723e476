{{ config(tags=['shard']) }}

-- A power plant looks like its source: fields of panels are unmistakable.
with objects as (
    select
        object_id,
        kind,
        tags
    from {{ ref('objects') }}
)

select
    object_id,
    'power' as key,
    'plant' as value,
    'rule_solar_plant' as rule_id,
    10.0::double as max_gsd_m,
    'solar power plant' as phrase,
    'solar power plants' as phrase_plural,
    200 as priority
from objects
where
    kind = 'area'
    and tags['power'] = 'plant'
    and tags['plant:source'] = 'solar'
