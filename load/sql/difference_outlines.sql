-- Grain: one element whose outline is another. An area's outline is its rings, a line's or
-- a point's itself. Both lie on one plane in metres: a sphere's of 6,371,008.8 m, as wide
-- as the parallel halfway between them, and not torn apart by the antimeridian.
create table outlines as
with
pairs as (
    select
        osm_type,
        osm_id,
        geometry_before,
        geometry_after,
        (st_xmin(geometry_before) + st_xmax(geometry_before)) / 2 as lon_before,
        (st_xmin(geometry_after) + st_xmax(geometry_after)) / 2 as lon_after,
        (st_ymin(geometry_before) + st_ymax(geometry_before)) / 2 as lat_before,
        (st_ymin(geometry_after) + st_ymax(geometry_after)) / 2 as lat_after,
        if(kind_before = 'area', st_boundary(geometry_before), geometry_before) as line_before,
        if(kind_after = 'area', st_boundary(geometry_after), geometry_after) as line_after,
        radians(6371008.8) as metres
    from changed
    where geometry_before <> geometry_after
),

planes as (
    select
        *,
        metres * cos(radians((lat_before + lat_after) / 2)) as width,
        360 * round((lon_before - lon_after) / 360) as turn
    from pairs
),

-- Normalised, it does not matter where a ring starts, which way a line or a ring runs, or
-- which part comes first.
normalised as (
    select
        osm_type,
        osm_id,
        st_normalize(st_multi(line_before)) as line_before,
        st_normalize(st_multi(line_after)) as line_after,
        metres,
        width,
        turn
    from planes
)

select
    osm_type,
    osm_id,
    st_affine(line_before, width, 0, 0, metres, 0, 0) as before,
    st_affine(line_after, width, 0, 0, metres, turn * width, 0) as after
from normalised
where line_before <> line_after
