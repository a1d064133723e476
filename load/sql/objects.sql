-- Grain: one tagged point, line or area of the snapshot. Neighbours on the ground are
-- neighbours in the file, so that a box reads few rows. What is the same in all rows, or
-- follows from others, is added behind the sort, which holds every row in memory.
create view objects as
with
tagged as (
    select
        osm_type,
        osm_id,
        tags
    from elements
    where tags is not null
),

sorted as (
    select
        measured.* exclude (reason, detail),
        tagged.tags
    from measured
    inner join tagged
        on measured.osm_type = tagged.osm_type and measured.osm_id = tagged.osm_id
    where measured.reason is null
    order by
        st_hilbert(
            ((measured.bbox.xmin + measured.bbox.xmax) / 2)::double,
            ((measured.bbox.ymin + measured.bbox.ymax) / 2)::double,
            {'min_x': -180, 'min_y': -90, 'max_x': 180, 'max_y': 90}::box_2d
        ),
        measured.osm_type,
        measured.osm_id
)

select
    *,
    case
        when osm_type = 'node' then 'n'
        when osm_type = 'relation' then 'r'
        when kind = 'area' then 'a'
        else 'w'
    end || osm_id as object_id,
    getvariable('region') as region,
    getvariable('snapshot') as snapshot
from sorted
