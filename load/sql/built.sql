-- Grain: one area whose rings all close. What an odd number of edges separates from the
-- outside has exactly the edges as its boundary: all of their length, one point for each
-- edge, and one more for each ring. st_buildarea misses that where edges cross between
-- nodes, where holes that touch form a chain, and where rings share edges; some such
-- outlines it refuses.
create table built as
with
collected as (
    select
        outlines.*,
        list(drawn.line order by parts.way_id) as lines
    from outlines
    inner join parts
        on outlines.osm_type = parts.osm_type and outlines.osm_id = parts.osm_id
    inner join drawn on drawn.osm_type = 'way' and parts.way_id = drawn.osm_id
    where outlines.n_open = 0 and drawn.line is not null
    group by all
),

areas as (
    select
        *,
        try(st_buildarea(st_collect(lines))) as shape
    from collected
)

select
    osm_type,
    osm_id,
    shape::geometry as shape,
    coalesce(
        n_steps = n_edges
        and st_isvalid(shape)
        and abs(st_perimeter(shape) - edges_length) <= 1e-9 * edges_length
        and st_npoints(shape) - st_numgeometries(st_boundary(shape)) = n_edges,
        false
    ) as is_exact
from areas
