{{ config(tags=['shard']) }}

-- What each caption style says of each object of a scene.
with visible as (
    select * from {{ ref('scene_tags') }}
),

styles as (
    select
        style,
        surrounding_only_key
    from {{ ref('stg_seeds__caption_styles') }}
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
