-- Grain: one area whose rings all close. What an odd number of edges separates from the
-- outside has exactly the edges as its boundary: one point for each, and one more for each
-- ring. st_buildarea misses that where edges cross between nodes, or where holes that
-- touch form a chain.
create table built as
with
areas as (
    select
        osm_type,
        osm_id,
        segments,
        st_collect(list_transform(
            segments,
            lambda edge: st_makeline(
                [st_point(edge.a.lon, edge.a.lat), st_point(edge.b.lon, edge.b.lat)]
            )
        )) as lines,
        st_buildarea(lines) as shape
    from outlines
    where n_open = 0
)

select
    osm_type,
    osm_id,
    segments,
    lines::geometry as lines,
    shape::geometry as shape,
    coalesce(
        st_isvalid(shape)
        and st_npoints(shape) - st_numgeometries(st_boundary(shape)) = len(segments),
        false
    ) as is_exact
from areas
