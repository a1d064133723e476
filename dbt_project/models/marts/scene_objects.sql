{{
    config(
        tags=['shard'],
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_stale(ref('int_scene_places')) }}",
        post_hook="{{ note_made_from() }}"
    )
}}

-- Every object that a box shows, and how much of it. Only scenes whose fingerprint is
-- not here are joined. Shares come from the edges alone: the area of a polygon in a box
-- is the sum over its edges of what lies below each, within the box.
with scenes as (
    select * from {{ ref('int_scene_places') }}
    {{ not_yet_here() }}
),

pairs as (
    select
        scenes.fingerprint,
        scenes.west,
        scenes.south,
        scenes.east,
        scenes.north,
        pieces.object_id,
        pieces.kind,
        pieces.piece_id,
        pieces.is_whole,
        pieces.measure,
        pieces.object_measure,
        pieces.west as piece_west,
        pieces.south as piece_south,
        pieces.east as piece_east,
        pieces.north as piece_north,
        pieces.west >= scenes.west
        and pieces.south >= scenes.south
        and pieces.east <= scenes.east
        and pieces.north <= scenes.north as is_inside
    from scenes
    inner join {{ ref('int_object_pieces') }} as pieces
        on st_intersects_extent(scenes.geometry, pieces.extent)
    -- Nothing is added to what the metadata of an imported image lists.
    where not scenes.is_imported
),

-- Most pairs lie wholly inside the box and need no edges. All is measured in shares of
-- the box: 0 to 1 from west to east and from south to north.
inside as (
    select
        fingerprint,
        object_id,
        kind,
        is_whole,
        object_measure,
        measure,
        (east - west) * (north - south) as box_area,
        (piece_west - west) / (east - west) as low_x,
        (piece_east - west) / (east - west) as high_x,
        (piece_south - south) / (north - south) as low_y,
        (piece_north - south) / (north - south) as high_y
    from pairs
    where is_inside
),

edges as (
    select
        pairs.fingerprint,
        pairs.object_id,
        pairs.kind,
        pairs.object_measure,
        pairs.east - pairs.west as span_x,
        pairs.north - pairs.south as span_y,
        (edges.from_x - pairs.west) / (pairs.east - pairs.west) as x,
        (edges.from_y - pairs.south) / (pairs.north - pairs.south) as y,
        (edges.to_x - edges.from_x) / (pairs.east - pairs.west) as dx,
        (edges.to_y - edges.from_y) / (pairs.north - pairs.south) as dy
    from pairs
    inner join {{ ref('int_object_edges') }} as edges on pairs.piece_id = edges.piece_id
    where
        not pairs.is_inside
        and greatest(edges.from_x, edges.to_x) >= pairs.west
        and least(edges.from_x, edges.to_x) <= pairs.east
        and greatest(edges.from_y, edges.to_y) >= pairs.south
        -- What lies below an area's edge may be in the box, however high the edge is.
        and (pairs.kind = 'area' or least(edges.from_y, edges.to_y) <= pairs.north)
),

-- An edge runs from t = 0 to 1; between which values it is in the box's columns, and
-- between which in its rows.
entered as (
    select
        *,
        case
            when dx > 0 then greatest(0, -x / dx)
            when dx < 0 then greatest(0, (1 - x) / dx)
            when x between 0 and 1 then 0.0
            else 2.0
        end as column_from,
        case
            when dx > 0 then least(1, (1 - x) / dx)
            when dx < 0 then least(1, -x / dx)
            else 1.0
        end as column_to,
        case
            when dy > 0 then -y / dy
            when dy < 0 then (1 - y) / dy
            when y between 0 and 1 then 0.0
            else 2.0
        end as row_from,
        case
            when dy > 0 then (1 - y) / dy
            when dy < 0 then -y / dy
            else 1.0
        end as row_to
    from edges
),

clipped as (
    select
        *,
        greatest(column_from, row_from) as t_from,
        least(column_to, row_to) as t_to,
        -- The part above the box, all of whose height lies below it.
        greatest(0, case
            when dy > 0 then column_to - greatest(column_from, row_to)
            when dy < 0 then least(column_to, row_from) - column_from
            when y > 1 then column_to - column_from
            else 0
        end) as t_above
    from entered
),

-- In whole units, since a sum of floats depends on its order.
parts as (
    select
        fingerprint,
        object_id,
        kind,
        object_measure,
        span_x * span_y as box_area,
        case
            when kind = 'line' and t_from < t_to
                then {{ length_units(
                    'dx * span_x * (t_to - t_from)', 'dy * span_y * (t_to - t_from)'
                ) }}
            when kind = 'area' and column_from < column_to
                then round(1e15 * dx * (
                    t_above
                    + case
                        when t_from < t_to
                            then (t_to - t_from) * (y + dy * (t_from + t_to) / 2)
                        else 0
                    end
                ))::bigint
            else 0
        end as units,
        case when t_from <= t_to then least(x + dx * t_from, x + dx * t_to) end as low_x,
        case when t_from <= t_to then greatest(x + dx * t_from, x + dx * t_to) end as high_x,
        case when t_from <= t_to then least(y + dy * t_from, y + dy * t_to) end as low_y,
        case when t_from <= t_to then greatest(y + dy * t_from, y + dy * t_to) end as high_y,
        -- A corner with an odd number of an area's edges above it lies in the area.
        ((x <= 0) != (x + dx <= 0) and y - x / dx * dy > 0)::integer
        + ((x <= 0) != (x + dx <= 0) and y - x / dx * dy > 1)::integer * 2
        + ((x <= 1) != (x + dx <= 1) and y + (1 - x) / dx * dy > 0)::integer * 4
        + ((x <= 1) != (x + dx <= 1) and y + (1 - x) / dx * dy > 1)::integer * 8
            as corners
    from clipped
    union all by name
    select
        * exclude (is_whole, measure), -- noqa: RF02
        round(1e15 * case when kind = 'area' then measure / box_area else measure end)::bigint
            as units,
        0 as corners
    from inside
    where not is_whole
),

crossing as (
    select
        fingerprint,
        object_id,
        any_value(kind) as kind,
        any_value(box_area) as box_area,
        any_value(object_measure) as object_measure,
        sum(units)::double / 1e15 as amount,
        bit_xor(corners) as corners,
        min(low_x) as low_x,
        max(high_x) as high_x,
        min(low_y) as low_y,
        max(high_y) as high_y
    from parts
    group by fingerprint, object_id
),

shown as (
    select
        fingerprint,
        object_id,
        kind,
        case when kind = 'area' then measure / box_area end as share_of_box,
        case when kind != 'point' then 1.0 end as visible_fraction,
        high_x - low_x as extent_x,
        high_y - low_y as extent_y
    from inside
    where is_whole
    union all by name
    select
        fingerprint,
        object_id,
        kind,
        case when kind = 'area' then amount end as share_of_box,
        case
            when kind = 'area' then amount * box_area / object_measure
            else amount / object_measure
        end as visible_fraction,
        case when kind = 'area' and corners & 12 > 0 then 1 else high_x end
        - case when kind = 'area' and corners & 3 > 0 then 0 else low_x end as extent_x,
        case when kind = 'area' and corners & 10 > 0 then 1 else high_y end
        - case when kind = 'area' and corners & 5 > 0 then 0 else low_y end as extent_y
    from crossing
    -- What only touches the box shows nothing in it.
    where amount >= 5e-10 or (kind = 'line' and amount > 0)
),

measured as (
    select
        places.scene_id,
        shown.object_id,
        case when shown.object_id = places.object_id then 'focus' else 'surrounding' end as role,
        shown.kind,
        -- `least` would pass over a null.
        round(if(shown.share_of_box > 1, 1, shown.share_of_box), 9) as share_of_box,
        round(if(shown.visible_fraction > 1, 1, shown.visible_fraction), 9) as visible_fraction,
        case
            when shown.kind != 'point'
                then round(greatest(
                    shown.extent_x * places.width_px, shown.extent_y * places.height_px
                ), 3)
        end as extent_px,
        greatest(places.width_px, places.height_px) as box_side_px,
        shown.fingerprint
    from shown
    inner join scenes as places on shown.fingerprint = places.fingerprint
),

-- How much of the picture an object takes: an area its share of the box, a line what
-- its visible part measures beside the box's longer side, a point nothing.
ranked as (
    select
        * exclude (box_side_px), -- noqa: RF02
        round(coalesce(share_of_box, extent_px / box_side_px, 0), 9) as prominence
    from measured
),

listed as (
    select
        scenes.scene_id,
        objects.object_id,
        objects.role,
        objects.kind,
        null::double as share_of_box,
        null::double as visible_fraction,
        null::double as extent_px,
        0.0::double as prominence,
        objects.rank,
        scenes.fingerprint
    from scenes
    inner join {{ ref('int_imported_scene_objects') }} as objects
        on scenes.scene_id = objects.scene_id
    where scenes.is_imported
)

select
    scene_id,
    object_id,
    role,
    kind,
    share_of_box,
    visible_fraction,
    extent_px,
    prominence,
    row_number() over (
        partition by scene_id
        order by
            role asc,
            prominence desc,
            extent_px desc nulls last,
            object_id asc
    )::integer as rank,
    fingerprint
from ranked
union all
select
    scene_id,
    object_id,
    role,
    kind,
    share_of_box,
    visible_fraction,
    extent_px,
    prominence,
    rank,
    fingerprint
from listed
