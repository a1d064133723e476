-- Grain: one element that should have been an object and is not.
create table rejects as
with
nowhere as (
    select
        'node' as osm_type,
        id as osm_id,
        'outside the world' as reason,
        format('longitude {}, latitude {}', lon, lat) as detail,
        tags
    from elements
    where
        kind = 'node'
        and tags is not null
        and not (lon between -180 and 180 and lat between -90 and 90)
),

undrawn as (
    select
        osm_type,
        osm_id,
        reason,
        detail,
        tags
    from shapes
    where reason is not null
),

united as (
    from nowhere
    union all
    from undrawn
)

select
    *,
    $region as region,
    $snapshot as snapshot
from united
