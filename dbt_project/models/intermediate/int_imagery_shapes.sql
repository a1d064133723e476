{{ config(tags=['global']) }}

-- Images that cover the same ground, but for a hundredth of their size, and their
-- days: hundreds of a satellite's lie over one place.
with images as (
    select
        source,
        acquired,
        geometry,
        pow(2, floor(log2(greatest(
            st_xmax(geometry) - st_xmin(geometry), st_ymax(geometry) - st_ymin(geometry)
        ) / 64))) as step
    from {{ ref('stg_lake__footprints') }}
    where is_eligible
),

snapped as (
    select
        *,
        round(st_xmin(geometry) / step) as col,
        round(st_ymin(geometry) / step) as line,
        st_aswkb(st_reduceprecision(geometry, step)) as ground
    from images
)

select
    source,
    list_sort(list(distinct acquired::date) filter (where acquired is not null))
        as acquired_days,
    case
        when count(distinct st_aswkb(geometry)) = 1 then any_value(geometry)
        else st_normalize(st_simplify(st_union_agg(geometry), 0))
    end as geometry
from snapped
group by source, step, col, line, ground
