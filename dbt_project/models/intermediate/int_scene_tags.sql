{{ config(tags=['shard']) }}

-- The tags that may be said in each scene: visible at its resolution, of the focus
-- and of every surrounding object that shows at least a few pixels.
with scenes as (
    select
        scene_id,
        gsd_m
    from {{ ref('scenes') }}
),

styles as (
    select
        style,
        surrounding_only_key
    from {{ ref('stg_seeds__caption_styles') }}
),

visible as (
    select
        scene_objects.scene_id,
        scene_objects.object_id,
        scene_objects.role,
        scene_objects.rank as object_rank,
        object_tags.key,
        object_tags.value,
        object_tags.phrase,
        object_tags.rule_id,
        object_tags.tag_rank
    from {{ ref('scene_objects') }} as scene_objects
    inner join scenes on scene_objects.scene_id = scenes.scene_id
    inner join {{ ref('object_tags') }} as object_tags
        on scene_objects.object_id = object_tags.object_id
    where
        object_tags.groundable
        and object_tags.max_gsd_m >= scenes.gsd_m
        and (
            scene_objects.role = 'focus'
            or scene_objects.extent_px is null
            or scene_objects.extent_px >= {{ var('surrounding_min_px') }}
        )
),

styled as (
    select
        visible.*,
        styles.style,
        styles.surrounding_only_key,
        bool_or(visible.key = styles.surrounding_only_key) over (
            partition by styles.style, visible.scene_id, visible.object_id
        ) as has_only_key
    from visible
    cross join styles
)

select
    scene_id,
    style,
    object_id,
    role,
    object_rank,
    key,
    value,
    phrase,
    rule_id,
    row_number() over (
        partition by style, scene_id, object_id order by tag_rank
    )::integer as tag_number
from styled
-- As published: a surrounding road is only the kind of road that it is.
where
    role = 'focus'
    or not coalesce(has_only_key, false)
    or key = surrounding_only_key
