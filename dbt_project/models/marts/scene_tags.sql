{{
    config(
        tags=['shard'],
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_stale(ref('int_scene_words')) }}",
        post_hook="{{ note_made_from() }}"
    )
}}

-- The tags that may be said in each scene: visible at its resolution, of the focus
-- and of every surrounding object that shows at least a few pixels.
with words as (
    select * from {{ ref('int_scene_words') }}
    {{ not_yet_here() }}
),

scenes as (
    select
        words.scene_id,
        scenes.source,
        scenes.gsd_m,
        words.fingerprint
    from words
    inner join {{ ref('scenes') }} as scenes on words.scene_id = scenes.scene_id
),

-- Materialized, lest the planner join all scenes of a source with all its tags first.
shown as materialized (
    select
        scene_objects.scene_id,
        scenes.source,
        scenes.gsd_m,
        scenes.fingerprint,
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
    tags.tag_rank,
    shown.fingerprint
from shown
inner join {{ ref('int_visible_tags') }} as tags
    on
        shown.object_id = tags.object_id
        and shown.source = tags.source
        and shown.gsd_m = tags.gsd_m
