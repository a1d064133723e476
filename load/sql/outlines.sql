-- The outlines of one range of areas: the range bounds what is held in memory. A step that
-- two rings share lies inside the area, or outside it: a pair cancels out, as in
-- libosmium's assembler. That makes holes that touch one hole and outers that touch one
-- outer; roles are not needed.
insert into outlines
with
walked as (
    select
        *,
        count(*) as n_times
    from steps_of('parts')
    where
        osm_id between getvariable('first')::bigint and getvariable('last')::bigint
    group by all
),

counted as (
    select
        osm_type,
        osm_id,
        sum(n_times) as n_steps,
        count(*) filter (where n_times % 2 = 1) as n_edges,
        sum(st_distance(st_point(a.lon, a.lat), st_point(b.lon, b.lat)))
            filter (where n_times % 2 = 1) as edges_length
    from walked
    group by all
),

ends as (
    select
        osm_type,
        osm_id,
        unnest([a, b]) as place
    from walked
    where n_times % 2 = 1
),

odd_ends as (
    select
        osm_type,
        osm_id,
        place
    from ends
    group by all
    having count(*) % 2 = 1
),

open_ends as (
    select
        osm_type,
        osm_id,
        count(*) as n_open
    from odd_ends
    group by all
)

select
    counted.osm_type,
    counted.osm_id,
    counted.n_steps,
    counted.n_edges,
    counted.edges_length,
    coalesce(open_ends.n_open, 0) as n_open
from counted
left join open_ends
    on counted.osm_type = open_ends.osm_type and counted.osm_id = open_ends.osm_id
