{{ config(tags=['shard']) }}

-- Where a box may stand: an area's centre, a point, or a line's nodes in hashed
-- order. Points between a line's nodes come last: a long segment may cross an image
-- that holds none of its nodes.
with sized as (
    select * from {{ ref('int_box_sizes') }}
    where why_not is null
),

line_nodes as (
    select
        object_id,
        source,
        hash_key,
        unnest(st_dump(st_points(geometry))) as dumped,
        generate_subscripts(st_dump(st_points(geometry)), 1) as node_number
    from sized
    where kind = 'line'
),

line_between as (
    select
        object_id,
        source,
        hash_key,
        geometry,
        unnest(range(1, 32)) as step
    from sized
    where kind = 'line'
),

line_places as (
    select
        object_id,
        source,
        st_x(dumped.geom) as lon,
        st_y(dumped.geom) as lat,
        false as is_between,
        {{ hash_unit("hash_key || ':node:' || node_number") }} as place_hash
    from line_nodes
    union all by name
    select
        object_id,
        source,
        st_x(st_lineinterpolatepoint(geometry, step / 32.0)) as lon,
        st_y(st_lineinterpolatepoint(geometry, step / 32.0)) as lat,
        true as is_between,
        {{ hash_unit("hash_key || ':between:' || step") }} as place_hash
    from line_between
),

line_order as (
    select
        *,
        row_number() over (
            partition by object_id, source, is_between
            order by place_hash, lon, lat
        ) as place_number
    from line_places
),

anchors as (
    select
        object_id,
        source,
        lon,
        lat,
        is_between::integer * 1000 + place_number as attempt
    from line_order
    where place_number <= {{ var('line_anchor_tries') }} or is_between
    union all by name
    select
        object_id,
        source,
        lon,
        lat,
        1 as attempt
    from sized
    where kind != 'line'
)

select
    sized.* exclude (lon, lat, geometry, why_not), -- noqa: RF02
    anchors.lon,
    anchors.lat,
    -- At the anchor: the far end of a long line lies at another latitude.
    {{ metres_per_degree_lon('anchors.lat') }} as metres_per_lon,
    {{ metres_per_degree_lat('anchors.lat') }} as metres_per_lat,
    anchors.attempt,
    -- How far the focus may lie off the centre, in pixels to either side; a box that
    -- must keep inside an image may be smaller and have its focus further out.
    case
        when sized.kind = 'area'
            then (sized.width_px - sized.focus_width_px) / 2 * {{ var('area_shift') }}
        else sized.width_px * {{ var('point_shift') }}
    end as room_x_px,
    case
        when sized.kind = 'area'
            then (sized.height_px - sized.focus_height_px) / 2 * {{ var('area_shift') }}
        else sized.height_px * {{ var('point_shift') }}
    end as room_y_px,
    least(sized.width_px, greatest(ceil(sized.focus_width_px) + 2, {{ var('min_px') }}))::integer
        as tight_width_px,
    least(sized.height_px, greatest(ceil(sized.focus_height_px) + 2, {{ var('min_px') }}))::integer
        as tight_height_px,
    2 * {{ hash_unit("sized.hash_key || ':shift_x'") }} - 1 as shift_x,
    2 * {{ hash_unit("sized.hash_key || ':shift_y'") }} - 1 as shift_y
from anchors
inner join sized using (object_id, source)
