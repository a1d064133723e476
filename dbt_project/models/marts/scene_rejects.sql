{{ config(tags=['shard']) }}

-- Every candidate that has no scene, with the first reason that stood in its way.
with sized as (
    select * from {{ ref('int_box_sizes') }}
),

visible as (
    select distinct
        object_id,
        source,
        true as has_visible_tag
    from {{ ref('int_visible_tags') }}
),

focus_objects as (
    select
        object_id,
        source,
        true as is_sampled
    from {{ ref('int_focus_objects') }}
),

boxes as (
    select
        object_id,
        source,
        true as has_box
    from {{ ref('int_scene_boxes') }}
),

judged as (
    select
        sized.*,
        case
            when visible.has_visible_tag is null then 'no_visible_tag'
            when focus_objects.is_sampled is null then 'not_sampled'
            when boxes.has_box is null then coalesce(sized.why_not, 'leaves_imagery')
        end as reason
    from sized
    left join visible using (object_id, source)
    left join focus_objects using (object_id, source)
    left join boxes using (object_id, source)
)

select
    object_id,
    source,
    reason,
    case reason
        when 'no_visible_tag' then printf('no tag of it can be seen at %.2f m', gsd_m)
        when 'not_sampled' then 'outside the sampled cells, or over the cap of its tags'
        when 'near_pole' then 'beyond 85 degrees of latitude'
        when 'too_coarse' then printf('%.2f m, coarser than {{ var("max_gsd_m") }} m', gsd_m)
        when 'edited_far_from_images'
            then coalesce(
                printf('%d days from the nearest image', edit_age_days),
                'the time of its last edit is unknown'
            )
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
        else 'no box round it lies whole in images of the source'
    end as detail
from judged
where reason is not null
