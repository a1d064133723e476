{{ config(tags=['shard']) }}

-- The tags that may be said in each scene: visible at its resolution, of the focus
-- and of every surrounding object that shows at least a few pixels.
with scenes as (
    select
        scene_id,
        source
    from {{ ref('scenes') }}
),

shown as (
    select
        scene_objects.scene_id,
        scenes.source,
        scene_objects.object_id,
        scene_objects.role,
        scene_objects.rank as object_rank
    from {{ ref('scene_objects') }} as scene_objects
    inner join scenes on scene_objects.scene_id = scenes.scene_id
    where
        scene_objects.role = 'focus'
        or scene_objects.extent_px is null
        or scene_objects.extent_px >= {{ var('surrounding_min_px') }}
)

select
    shown.scene_id,
    shown.object_id,
    shown.role,
    shown.object_rank,
    tags.key,
    tags.value,
    tags.phrase,
    tags.rule_id,
    tags.tag_rank
from shown
inner join {{ ref('int_visible_tags') }} as tags
    on shown.object_id = tags.object_id and shown.source = tags.source
