{{ config(tags=['shard']) }}

-- A swimming pool inside a building's outline is under its roof, unless the map says
-- that it lies on top.
with pools as (
    select
        object_id,
        tags['building'] as building,
        geometry
    from {{ ref('objects') }}
    where
        kind != 'line'
        and tags['leisure'] = 'swimming_pool'
        and coalesce(tags['location'], '') not in ('roof', 'rooftop', 'outdoor')
        and coalesce(tags['indoor'], '') != 'no'
        and coalesce(try_cast(tags['layer'] as double), 0) <= 0
        and coalesce(try_cast(tags['level'] as double), 0) <= 0
),

buildings as (
    select
        object_id,
        geometry
    from {{ ref('objects') }}
    where
        kind = 'area'
        and tags['building'] not in ('no', 'ruins', 'construction')
        -- A pool that is a building is decided below, not by itself.
        and tags['leisure'] is distinct from 'swimming_pool'
),

inside as (
    select distinct pools.object_id
    from pools
    inner join buildings on st_intersects_extent(pools.geometry, buildings.geometry)
    where st_contains(buildings.geometry, st_pointonsurface(pools.geometry))
),

under_a_roof as (
    select object_id from inside
    union
    select object_id from pools
    where building != 'no'
)

select
    object_id,
    'leisure' as key,
    'swimming_pool' as value,
    'rule_indoor_pool' as rule_id,
    0.0::double as max_gsd_m,
    null::varchar as phrase,
    null::varchar as phrase_plural,
    200 as priority,
    'the roof of a building covers it' as note
from under_a_roof
