{{ config(tags=['shard']) }}

with scenes as (
    select * from {{ ref('scenes') }}
),

objects as (
    select
        object_id,
        kind,
        bbox,
        geometry
    from {{ ref('objects') }}
),

pairs as (
    select
        scenes.scene_id,
        scenes.object_id as focus_object_id,
        scenes.west,
        scenes.south,
        scenes.east,
        scenes.north,
        scenes.width_px,
        scenes.height_px,
        scenes.geometry as box,
        objects.object_id,
        objects.kind,
        objects.geometry,
        objects.bbox.xmin >= scenes.west
        and objects.bbox.ymin >= scenes.south
        and objects.bbox.xmax <= scenes.east
        and objects.bbox.ymax <= scenes.north as is_inside
    from scenes
    inner join objects
        on st_intersects_extent(scenes.geometry, objects.geometry)
),

-- Most pairs lie wholly inside the box and need no clipping.
clipped as (
    select
        * exclude (box),
        case
            when is_inside or kind = 'point' then geometry
            else st_intersection(geometry, box)
        end as visible
    from pairs
    where is_inside or st_intersects(geometry, box)
),

measured as (
    select
        scene_id,
        object_id,
        greatest(width_px, height_px) as box_side_px,
        case when object_id = focus_object_id then 'focus' else 'surrounding' end as role,
        kind,
        case
            when kind = 'area'
                then round(st_area(visible) / ((east - west) * (north - south)), 9)
        end as share_of_box,
        case kind
            when 'area' then round(st_area(visible) / nullif(st_area(geometry), 0), 9)
            when 'line' then round(st_length(visible) / nullif(st_length(geometry), 0), 9)
        end as visible_fraction,
        case
            when kind != 'point'
                then round(greatest(
                    (st_xmax(visible) - st_xmin(visible)) / (east - west) * width_px,
                    (st_ymax(visible) - st_ymin(visible)) / (north - south) * height_px
                ), 3)
        end as extent_px
    from clipped
    where not st_isempty(visible)
),

-- How much of the picture an object takes: an area its share of the box, a line what
-- its visible part measures beside the box's longer side, a point nothing.
ranked as (
    select
        * exclude (box_side_px), -- noqa: RF02
        round(coalesce(share_of_box, extent_px / box_side_px, 0), 9) as prominence
    from measured
)

select
    *,
    row_number() over (
        partition by scene_id
        order by
            role asc,
            prominence desc,
            extent_px desc nulls last,
            object_id asc
    )::integer as rank
from ranked
