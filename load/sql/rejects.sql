-- Grain: one element that should have been an object and is not, or one block of the file
-- that could not be read.
create view rejects as
with
undrawn as (
    select
        measured.osm_type,
        measured.osm_id,
        measured.reason,
        coalesce(
            measured.detail,
            -- The reader leaves noise behind the seventh digit.
            format(
                'longitude {}, latitude {}',
                round(elements.lon, 7),
                round(elements.lat, 7)
            )
        ) as detail,
        elements.tags
    from measured
    inner join elements
        on measured.osm_type = elements.osm_type and measured.osm_id = elements.osm_id
    where measured.reason is not null
),

unread as (
    select
        'block' as osm_type,
        byte_offset as osm_id,
        'unreadable block' as reason,
        detail,
        null::map(varchar, varchar) as tags
    from bad_blocks
),

united as (
    from undrawn
    union all
    from unread
)

select
    *,
    getvariable('region') as region,
    getvariable('snapshot') as snapshot
from united
