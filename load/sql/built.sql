-- The areas of one range: the range bounds what is held in memory.
insert into built
with
collected as (
    select
        outlines.*,
        list(parts.line order by parts.way_id) as lines
    from outlines
    inner join parts
        on outlines.osm_type = parts.osm_type and outlines.osm_id = parts.osm_id
    where
        outlines.osm_id between getvariable('first')::bigint
        and getvariable('last')::bigint
        and parts.osm_id between getvariable('first')::bigint
        and getvariable('last')::bigint
        and outlines.n_open = 0
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
