{{ config(tags=['shard']) }}

-- The kind of a water body is one word for both of its tags, and its size decides how
-- coarse the pixels may be: a lake of half a hectare is no more than a pond is.
with waters as (
    select
        object_id,
        area_m2,
        tags['water'] as water,
        case tags['water']
            when 'basin' then 'water basin'
            when 'wastewater' then 'wastewater basin'
            when 'oxbow' then 'oxbow lake'
            else tags['water']
        end as phrase
    from {{ ref('objects') }}
    where
        kind = 'area'
        and tags['natural'] = 'water'
        and tags['water'] in (
            'lake', 'pond', 'reservoir', 'river', 'canal', 'lagoon', 'oxbow', 'fjord', 'basin',
            'wastewater'
        )
)

select
    object_id,
    'natural' as key,
    'water' as value,
    'rule_water_body' as rule_id,
    case
        when area_m2 >= 50000 then 30.0
        when area_m2 >= 3000 then 10.0
        else 3.0
    end::double as max_gsd_m,
    phrase,
    case when ends_with(phrase, 's') then phrase else phrase || 's' end as phrase_plural,
    200 as priority,
    'a dark smooth sheet; its outline tells the kind' as note
from waters
union all by name
select
    object_id,
    'water' as key,
    water as value,
    'rule_water_body' as rule_id,
    0.0::double as max_gsd_m,
    null::varchar as phrase,
    null::varchar as phrase_plural,
    200 as priority,
    'the word for the water body says the kind' as note
from waters
