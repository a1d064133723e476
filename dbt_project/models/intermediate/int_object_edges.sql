{{ config(tags=['shard']) }}

-- The edges of areas, shells clockwise and holes against it, and the segments of lines,
-- 32 to a piece.
with area_rings as (
    select
        object_id,
        piece_id,
        unnest(st_dump(st_normalize(geometry))).geom as shell
    from {{ ref('int_area_pieces') }}
),

rings as (
    select
        object_id,
        piece_id,
        unnest(st_polygon2dfromwkb(st_aswkb(shell))) as ring
    from area_rings
),

area_edges as (
    select
        object_id,
        piece_id,
        unnest(ring[:-2]) as tail,
        unnest(ring[2:]) as head
    from rings
),

lines as (
    select
        object_id,
        st_npoints(geometry)::bigint as n_points,
        st_linestring2dfromwkb(st_aswkb(geometry)) as points
    from {{ ref('objects') }}
    where kind = 'line' and geometry is not null
),

line_edges as (
    select
        object_id,
        unnest(range(0, n_points - 1)) as segment,
        unnest(points[:-2]) as tail,
        unnest(points[2:]) as head
    from lines
)

select
    object_id,
    'area' as kind,
    piece_id,
    tail.x as from_x,
    tail.y as from_y,
    head.x as to_x,
    head.y as to_y
from area_edges
union all by name
select
    object_id,
    'line' as kind,
    md5_number_lower(object_id || ':' || segment // 32) as piece_id,
    tail.x as from_x,
    tail.y as from_y,
    head.x as to_x,
    head.y as to_y
from line_edges
