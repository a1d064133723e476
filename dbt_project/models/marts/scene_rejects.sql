{{ config(tags=['shard']) }}

-- Every candidate that has no box, with the first reason that stood in its way.
with sized as (
    select * from {{ ref('int_box_sizes') }}
),

boxes as (
    select
        object_id,
        source
    from {{ ref('int_scene_boxes') }}
),

without_box as (
    select sized.*
    from sized
    anti join boxes using (object_id, source)
)

select
    object_id,
    source,
    coalesce(why_not, 'leaves_imagery') as reason,
    case why_not
        when 'no_visible_tag' then printf('no tag of it can be seen at %.2f m', gsd_m)
        when 'not_sampled' then 'outside the sampled cells, or over the cap of its tags'
        when 'near_pole' then 'beyond 85 degrees of latitude'
        when 'too_big'
            then printf(
                '%.0f x %.0f px, more than {{ var("max_px") }}',
                focus_width_px, focus_height_px
            )
        when 'too_small'
            then printf(
                '%.1f px, less than {{ var("min_focus_px") }}',
                case
                    when kind = 'line' then focus_length_px
                    else greatest(focus_width_px, focus_height_px)
                end
            )
        else 'no box round it lies whole in one image of the source'
    end as detail
from without_box
where {{ in_tiles(quadkey_of('lon', 'lat')) }}
