{{ config(tags=['shard']) }}

-- A ground looks like its sport: the seed gives the word for both tags together, and the
-- sport is not said a second time. Two sports on one ground have no word there.
with objects as (
    select
        object_id,
        area_m2,
        tags['leisure'] as leisure,
        tags['sport'] as sport
    from {{ ref('objects') }}
    where
        kind is distinct from 'point'
        and tags['leisure'] is not null
        and tags['sport'] is not null
),

grounds as (
    select * from {{ ref('sport_grounds') }}
),

named as (
    select
        objects.object_id,
        objects.leisure,
        objects.sport,
        grounds.phrase,
        grounds.phrase_plural,
        grounds.max_gsd_m,
        grounds.note
    from objects
    inner join grounds
        on objects.leisure = grounds.leisure and objects.sport = grounds.sport
    where
        grounds.min_area_m2 is null
        or objects.area_m2 >= grounds.min_area_m2::double
),

said_as_ground as (
    select
        object_id,
        'leisure' as key,
        leisure as value,
        'rule_sport_ground' as rule_id,
        max_gsd_m::double as max_gsd_m,
        phrase,
        phrase_plural,
        200 as priority,
        note
    from named
),

not_said_again as (
    select
        object_id,
        'sport' as key,
        sport as value,
        'rule_sport_ground' as rule_id,
        0.0::double as max_gsd_m,
        null::varchar as phrase,
        null::varchar as phrase_plural,
        200 as priority,
        'the word for the ground says the sport' as note
    from named
)

select * from said_as_ground
union all by name
select * from not_said_again
