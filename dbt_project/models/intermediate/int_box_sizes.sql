{{ config(tags=['shard']) }}

-- How large a box each focus object gets at each source, or why it gets none.
with candidates as (
    select * from {{ ref('int_objects_in_imagery') }}
),

focus_objects as (
    select * from {{ ref('int_focus_objects') }}
),

visible as (
    select distinct
        object_id,
        source
    from {{ ref('int_visible_tags') }}
),

measured as (
    select
        candidates.*,
        (candidates.west + candidates.east) / 2 as lon,
        (candidates.south + candidates.north) / 2 as lat,
        visible.object_id is not null as has_visible_tag,
        focus_objects.object_id is not null as is_sampled,
        candidates.object_id || ':' || candidates.source as hash_key
    from candidates
    left join visible using (object_id, source)
    left join focus_objects using (object_id, source)
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
        when not has_visible_tag then 'no_visible_tag'
        when not is_sampled then 'not_sampled'
        when abs(lat) > 85 then 'near_pole'
        when greatest(focus_width_px, focus_height_px) > {{ var('max_px') }} then 'too_big'
        when
            kind = 'area'
            and greatest(focus_width_px, focus_height_px) < {{ var('min_focus_px') }}
            then 'too_small'
        when kind = 'line' and length_m / gsd_m < {{ var('min_focus_px') }} then 'too_small'
    end as why_not
from sized
