-- Grain: one area that st_buildarea gets wrong. A face between the edges is inside if a
-- ray from a point in it crosses an odd number of edges.
create table untangled as
with
tangles as (
    select
        osm_type,
        osm_id,
        segments,
        st_polygonize([st_node(lines)]) as faces
    from built
    where not is_exact
),

faces as (
    select
        osm_type,
        osm_id,
        unnest(st_dump(faces)).geom as face
    from tangles
),

seeds as (
    select
        *,
        st_x(st_pointonsurface(face)) as x,
        st_y(st_pointonsurface(face)) as y
    from faces
),

edges as (
    select
        osm_type,
        osm_id,
        unnest(segments) as edge
    from tangles
),

inside as (
    select
        seeds.osm_type,
        seeds.osm_id,
        seeds.x,
        seeds.y,
        any_value(seeds.face) as face
    from seeds
    inner join edges on
        seeds.osm_type = edges.osm_type
        and seeds.osm_id = edges.osm_id
        and (edge.a.lat > seeds.y) <> (edge.b.lat > seeds.y)
        and seeds.x < edge.a.lon
        + (seeds.y - edge.a.lat) * (edge.b.lon - edge.a.lon)
        / (edge.b.lat - edge.a.lat)
    group by all
    having count(*) % 2 = 1
)

select
    osm_type,
    osm_id,
    st_union_agg(face order by x, y)::geometry as shape
from inside
group by all
