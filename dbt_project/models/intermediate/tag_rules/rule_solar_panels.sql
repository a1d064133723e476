{{ config(tags=['shard']) }}

-- A generator looks like its source: panels are dark sheets in rows. One text says it
-- for all the tags that tell the same.
with generators as (
    select
        object_id,
        area_m2,
        coalesce(
            tags['location'] in ('roof', 'rooftop') or tags['generator:place'] = 'roof', false
        ) as on_roof,
        tags
    from {{ ref('objects') }}
    where
        tags['power'] = 'generator'
        and tags['generator:source'] = 'solar'
),

pairs as (
    select
        object_id,
        area_m2,
        on_roof,
        unnest(map_keys(tags)) as key,
        unnest(map_values(tags)) as value
    from generators
)

select
    object_id,
    key,
    value,
    'rule_solar_panels' as rule_id,
    case
        when key != 'power' then 0.0
        when area_m2 >= 500 then 2.0
        else 0.6
    end::double as max_gsd_m,
    case
        when key != 'power' then null
        when on_roof then 'rooftop solar panels'
        else 'solar panels'
    end as phrase,
    case when key = 'power' then 'solar panels' end as phrase_plural,
    200 as priority,
    case
        when key != 'power' then 'the word for the panels says it'
        when area_m2 >= 500 then 'a field of panels, ten pixels across at 2 m'
        else 'dark sheets in rows of a metre or two'
    end as note
from pairs
where
    key in (
        'power', 'generator:source', 'generator:method', 'generator:type', 'generator:place'
    )
