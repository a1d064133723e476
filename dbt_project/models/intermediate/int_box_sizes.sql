{{ config(tags=['shard']) }}

-- How large a box each object gets at each source as a focus, or why it gets none.
with candidates as (
    select * from {{ ref('int_objects_in_imagery') }}
),

measured as (
    select
        *,
        (west + east) / 2 as lon,
        (south + north) / 2 as lat,
        object_id || ':' || source as hash_key
    from candidates
),

in_pixels as (
    select
        *,
        case
            when kind = 'area'
                then (east - west) * {{ metres_per_degree_lon('lat') }} / gsd_m
            else 0
        end as focus_width_px,
        case
            when kind = 'area'
                then (north - south) * {{ metres_per_degree_lat('lat') }} / gsd_m
            else 0
        end as focus_height_px
    from measured
),

sized as (
    select
        *,
        case
            when kind = 'area'
                then
                    {{ var('area_margin_min') }}
                    + {{ hash_unit("hash_key || ':margin'") }}
                    * ({{ var('area_margin_max') }} - {{ var('area_margin_min') }})
        end as margin,
        {{ var('min_px') }}
        + floor(
            {{ hash_unit("hash_key || ':side'") }}
            * ({{ var('point_max_px') }} - {{ var('min_px') }} + 1)
        ) as point_side_px
    from in_pixels
)

select
    object_id,
    source,
    kind,
    geometry,
    hash_key,
    lon,
    lat,
    gsd_m,
    edit_age_days,
    focus_width_px,
    focus_height_px,
    length_m / gsd_m as focus_length_px,
    case
        when kind = 'area'
            then least(
                greatest(ceil(focus_width_px * (1 + margin)), {{ var('min_px') }}),
                {{ var('max_px') }}
            )
        else point_side_px
    end::integer as width_px,
    case
        when kind = 'area'
            then least(
                greatest(ceil(focus_height_px * (1 + margin)), {{ var('min_px') }}),
                {{ var('max_px') }}
            )
        else point_side_px
    end::integer as height_px,
    case
        when abs(lat) > 85 then 'near_pole'
        when {{ var('max_gsd_m') }} > 0 and gsd_m > {{ var('max_gsd_m') }} then 'too_coarse'
        when
            {{ var('max_edit_age_days') }} > 0
            and coalesce(edit_age_days, 2147483647) > {{ var('max_edit_age_days') }}
            then 'edited_far_from_images'
        when greatest(focus_width_px, focus_height_px) > {{ var('max_px') }} then 'too_big'
        when
            kind = 'area'
            and greatest(focus_width_px, focus_height_px) < {{ var('min_focus_px') }}
            then 'too_small'
        when kind = 'line' and length_m / gsd_m < {{ var('min_focus_px') }} then 'too_small'
    end as why_not
from sized
