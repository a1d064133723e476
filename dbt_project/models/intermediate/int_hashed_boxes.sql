{{ config(tags=['shard']) }}

-- The box that hashes give each object: round an area's centre, a point or a node of a
-- line, moved by a hashed share of the room. Only those whole in images.
with sized as (
    select
        *,
        {{ hash_unit("hash_key || ':node'") }} as node_share
    from {{ ref('int_box_sizes') }}
    where why_not is null
),

pieces as (
    select * from {{ ref('int_imagery_pieces') }}
),

places as (
    select
        * exclude (geometry, lon, lat, why_not), -- noqa: RF02
        case
            when kind = 'line'
                then st_pointn(geometry, 1 + floor(node_share * st_npoints(geometry))::integer)
            else st_point(lon, lat)
        end as place
    from sized
),

anchors as (
    select
        *,
        st_x(place) as lon,
        st_y(place) as lat,
        -- There: the far end of a long line lies at another latitude.
        {{ metres_per_degree_lon('st_y(place)') }} as metres_per_lon,
        {{ metres_per_degree_lat('st_y(place)') }} as metres_per_lat,
        2 * {{ hash_unit("hash_key || ':shift_x'") }} - 1 as shift_x,
        2 * {{ hash_unit("hash_key || ':shift_y'") }} - 1 as shift_y,
        {{ room_px('width_px', 'focus_width_px') }} as room_x_px,
        {{ room_px('height_px', 'focus_height_px') }} as room_y_px
    from places
),

boxes as (
    select
        object_id,
        source,
        lon,
        lat,
        metres_per_lon,
        metres_per_lat,
        width_px,
        height_px,
        {{ box_columns('shift_x * room_x_px', 'shift_y * room_y_px') }},
        st_makeenvelope(west, south, east, north) as box
    from anchors
),

inside as (
    {{ inside_imagery('boxes') }}
)

-- Several pieces may hold it.
select distinct * exclude (box)
from inside
