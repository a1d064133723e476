-- Grain: one element that moved, and how far: the farthest that a corner of either outline
-- lies from the other outline. A corner of both lies on both, so most need no measuring;
-- of a huge outline drawn afresh, about 2,000 are measured: all would take minutes.
create table moves as
with
corners as (
    select
        osm_type,
        osm_id,
        true as is_before,
        unnest(st_dump(st_points(before))).geom as corner
    from outlines
    union all
    select
        osm_type,
        osm_id,
        false as is_before,
        unnest(st_dump(st_points(after))).geom as corner
    from outlines
),

lone_corners as (
    select
        osm_type,
        osm_id,
        corner,
        any_value(is_before) as is_before
    from corners
    group by osm_type, osm_id, corner
    having min(is_before) = max(is_before)
),

counted as (
    select
        osm_type,
        osm_id,
        is_before,
        count(*) as n_corners
    from lone_corners
    group by osm_type, osm_id, is_before
),

picked as (
    select corners.*
    from lone_corners as corners
    inner join counted
        on
            corners.osm_type = counted.osm_type
            and corners.osm_id = counted.osm_id
            and corners.is_before = counted.is_before
    where
        counted.n_corners <= 2000
        or md5_number_lower(st_aswkb(corners.corner)) % counted.n_corners < 2000
),

gaps as (
    select
        picked.osm_type,
        picked.osm_id,
        max(
            st_distance(
                picked.corner, if(picked.is_before, outlines.after, outlines.before)
            )
        ) as gap_m
    from picked
    inner join outlines
        on picked.osm_type = outlines.osm_type and picked.osm_id = outlines.osm_id
    group by picked.osm_type, picked.osm_id
)

-- The same corners joined in another order have no gap, and are not the same outline.
select
    outlines.osm_type,
    outlines.osm_id,
    round(coalesce(gaps.gap_m, 0), 2) as distance_m
from outlines
left join gaps
    on outlines.osm_type = gaps.osm_type and outlines.osm_id = gaps.osm_id
