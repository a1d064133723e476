{{ config(tags=['shard']) }}

-- A car park of several floors looks like a building with cars on top, not like a lot.
-- A point says nothing: the garage is often a part of a larger building.
with garages as (
    select
        object_id,
        kind,
        area_m2,
        tags
    from {{ ref('objects') }}
    where
        tags['amenity'] = 'parking'
        and tags['parking'] = 'multi-storey'
),

pairs as (
    select
        object_id,
        kind,
        area_m2,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from garages
)

select
    object_id,
    key,
    value,
    'rule_parking_garage' as rule_id,
    case
        when key != 'amenity' or kind = 'point' then 0.0
        when area_m2 >= 2500 then 2.0
        else 1.0
    end::double as max_gsd_m,
    case when key = 'amenity' then 'multi-storey car park' end as phrase,
    case when key = 'amenity' then 'multi-storey car parks' end as phrase_plural,
    200 as priority,
    case
        when key != 'amenity' then 'the word for the car park says it'
        when kind = 'point' then 'a point says nothing of the roof, which may be another one'
        else 'a building with rows of cars and ramps on its top deck'
    end as note
from pairs
where
    key in ('amenity', 'parking')
    or (key = 'building' and value = 'parking')
