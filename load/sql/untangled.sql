-- Grain: one area that st_buildarea gets wrong. A face between the edges is inside if a
-- ray from a point in it crosses an odd number of edges.
create table untangled as
with
edges as (
    select
        osm_type,
        osm_id,
        a,
        b
    from steps_of('tangled_parts')
    group by all
    having count(*) % 2 = 1
),

collected as (
    select
        osm_type,
        osm_id,
        list(
            st_makeline(st_point(a.lon, a.lat), st_point(b.lon, b.lat))
            order by a, b
        ) as lines
    from edges
    group by all
),

-- Some tangles a few centimetres across are more than doubles can part.
tangles as (
    select
        osm_type,
        osm_id,
        try(st_polygonize([st_node(st_collect(lines))])) as faces
    from collected
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
        and (edges.a.lat > seeds.y) <> (edges.b.lat > seeds.y)
        and seeds.x < edges.a.lon
        + (seeds.y - edges.a.lat) * (edges.b.lon - edges.a.lon)
        / (edges.b.lat - edges.a.lat)
    group by all
    having count(*) % 2 = 1
)

select
    osm_type,
    osm_id,
    st_union_agg(face order by x, y)::geometry as shape
from inside
group by all
