{{ config(tags=['shard']) }}

-- Where the images do not hold the hashed box whole: the nearest other place where they do,
-- if need be with the smallest box and the focus nearer its edge.
with sized as (
    select
        sizes.*,
        2 * {{ hash_unit("hash_key || ':shift_x'") }} - 1 as shift_x,
        2 * {{ hash_unit("hash_key || ':shift_y'") }} - 1 as shift_y
    from {{ ref('int_box_sizes') }} as sizes
    anti join {{ ref('int_hashed_boxes') }} using (object_id, source)
    where sizes.why_not is null
),

pieces as (
    select * from {{ ref('int_imagery_pieces') }}
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

-- A long segment may cross an image that holds none of its nodes.
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

places as (
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
),

anchors as (
    select
        sized.* exclude (lon, lat, geometry, why_not), -- noqa: RF02
        places.lon,
        places.lat,
        places.attempt,
        {{ metres_per_degree_lon('places.lat') }} as metres_per_lon,
        {{ metres_per_degree_lat('places.lat') }} as metres_per_lat,
        least(
            sized.width_px, greatest(ceil(sized.focus_width_px) + 2, {{ var('min_px') }})
        )::integer as tight_width_px,
        least(
            sized.height_px, greatest(ceil(sized.focus_height_px) + 2, {{ var('min_px') }})
        )::integer as tight_height_px
    from places
    inner join sized using (object_id, source)
),

tiers as (
    select
        *,
        1 as tier,
        {{ room_px('width_px', 'focus_width_px') }} as room_x_px,
        {{ room_px('height_px', 'focus_height_px') }} as room_y_px
    from anchors
    union all by name
    select
        * replace (tight_width_px as width_px, tight_height_px as height_px),
        2 as tier,
        case
            when kind = 'area' then (tight_width_px - focus_width_px) / 2
            else tight_width_px * {{ var('point_shift_at_edge') }}
        end as room_x_px,
        case
            when kind = 'area' then (tight_height_px - focus_height_px) / 2
            else tight_height_px * {{ var('point_shift_at_edge') }}
        end as room_y_px
    from anchors
),

steps as (
    select unnest([-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]) as step
),

detours as (
    select
        tiers.object_id,
        tiers.source,
        tiers.attempt,
        tiers.tier,
        abs(across.step - tiers.shift_x) + abs(along.step - tiers.shift_y) as detour,
        tiers.lon,
        tiers.lat,
        tiers.metres_per_lon,
        tiers.metres_per_lat,
        tiers.width_px,
        tiers.height_px,
        {{ box_columns('across.step * room_x_px', 'along.step * room_y_px') }},
        st_makeenvelope(west, south, east, north) as box
    from tiers
    cross join steps as across
    cross join steps as along
),

inside as (
    {{ inside_imagery('detours') }}
)

select
    object_id,
    source,
    lon,
    lat,
    metres_per_lon,
    metres_per_lat,
    width_px,
    height_px,
    west,
    south,
    east,
    north
from inside
qualify row_number() over (
    partition by object_id, source order by tier, attempt, detour, west, south
) = 1
