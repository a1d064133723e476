{{ config(tags=['shard']) }}

-- The box of each focus object at each source: the hashed place if an image holds it
-- whole, else the nearest other place that one does, if need be with the smallest box
-- and the focus nearer its edge.
with anchors as (
    select * from {{ ref('int_box_anchors') }}
),

footprints as (
    select
        source,
        geometry
    from {{ ref('stg_lake__footprints') }}
),

hashed as (
    select
        object_id,
        source,
        attempt,
        0 as tier,
        0 as detour,
        lon,
        lat,
        metres_per_lon,
        metres_per_lat,
        width_px,
        height_px,
        {{ box_columns('shift_x * room_x_px', 'shift_y * room_y_px') }},
        st_makeenvelope(west, south, east, north) as box
    from anchors
    where attempt = 1
),

hashed_inside as (
    {{ inside_an_image('hashed') }}
),

remaining as (
    select anchors.*
    from anchors
    anti join hashed_inside using (object_id, source)
),

tiers as (
    select
        object_id,
        source,
        attempt,
        lon,
        lat,
        gsd_m,
        metres_per_lon,
        metres_per_lat,
        shift_x,
        shift_y,
        1 as tier,
        width_px,
        height_px,
        room_x_px,
        room_y_px
    from remaining
    union all by name
    select
        object_id,
        source,
        attempt,
        lon,
        lat,
        gsd_m,
        metres_per_lon,
        metres_per_lat,
        shift_x,
        shift_y,
        2 as tier,
        tight_width_px as width_px,
        tight_height_px as height_px,
        case
            when kind = 'area'
                then (tight_width_px - focus_width_px) / 2
            else tight_width_px * {{ var('point_shift_at_edge') }}
        end as room_x_px,
        case
            when kind = 'area'
                then (tight_height_px - focus_height_px) / 2
            else tight_height_px * {{ var('point_shift_at_edge') }}
        end as room_y_px
    from remaining
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

detours_inside as (
    {{ inside_an_image('detours') }}
),

inside as (
    select * from hashed_inside
    union all by name
    select * from detours_inside
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
