-- Grain: one step from a node to the next along the ways of an area to assemble; a and b
-- are its ends in one order, so that a step walked twice is the same step.
create macro steps_of(parts_table) as table
with
chains as (
    select
        osm_type,
        osm_id,
        list_transform(
            st_dump(st_points(line)),
            lambda point: {'lon': st_x(point.geom), 'lat': st_y(point.geom)}
        ) as places
    from query_table(parts_table)
),

walked as (
    select
        osm_type,
        osm_id,
        unnest(places[1:-2]) as p,
        unnest(places[2:]) as q
    from chains
)

select
    osm_type,
    osm_id,
    if(p < q, p, q) as a,
    if(p < q, q, p) as b
from walked
where p <> q
