{{ config(tags=['shard']) }}

-- The box of each focus object at each source: the hashed place if an image holds it
-- whole, else the nearest other place that one does.
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
        0 as detour,
        {{ box_columns('shift_x', 'shift_y') }}
    from anchors
    where attempt = 1
),

hashed_inside as (
    select distinct
        hashed.object_id,
        hashed.source,
        hashed.attempt,
        hashed.detour,
        hashed.west,
        hashed.south,
        hashed.east,
        hashed.north
    from hashed
    inner join footprints
        on st_intersects_extent(
            st_makeenvelope(hashed.west, hashed.south, hashed.east, hashed.north),
            footprints.geometry
        )
    where
        hashed.source = footprints.source
        and st_within(
            st_makeenvelope(hashed.west, hashed.south, hashed.east, hashed.north),
            footprints.geometry
        )
),

remaining as (
    select anchors.*
    from anchors
    anti join hashed_inside using (object_id, source)
),

steps as (
    select unnest([-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]) as step
),

detours as (
    select
        remaining.object_id,
        remaining.source,
        remaining.attempt,
        abs(across.step - remaining.shift_x) + abs(along.step - remaining.shift_y) as detour,
        {{ box_columns('across.step', 'along.step') }}
    from remaining
    cross join steps as across
    cross join steps as along
),

detours_inside as (
    select
        detours.object_id,
        detours.source,
        detours.attempt,
        detours.detour,
        detours.west,
        detours.south,
        detours.east,
        detours.north
    from detours
    inner join footprints
        on st_intersects_extent(
            st_makeenvelope(detours.west, detours.south, detours.east, detours.north),
            footprints.geometry
        )
    where
        detours.source = footprints.source
        and st_within(
            st_makeenvelope(detours.west, detours.south, detours.east, detours.north),
            footprints.geometry
        )
),

inside as (
    select * from hashed_inside
    union all by name
    select * from detours_inside
)

select *
from inside
qualify row_number() over (
    partition by object_id, source order by attempt, detour, west, south
) = 1
