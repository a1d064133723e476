{{ config(tags=['shard']) }}

-- All that may be said of each object of a scene, in one text.
with tags as (
    select * from {{ ref('int_scene_tags') }}
),

styles as (
    select * from {{ ref('stg_seeds__caption_styles') }}
),

led as (
    select
        tags.scene_id,
        tags.style,
        tags.object_id,
        tags.role,
        tags.object_rank,
        tags.tag_number,
        case tags.tag_number
            when 1 then ''
            when 2 then styles.tag_first_separator
            else styles.tag_separator
        end || tags.phrase as words
    from tags
    inner join styles on tags.style = styles.style
)

select
    scene_id,
    style,
    object_id,
    role,
    object_rank,
    {{ joined_in_order('words', 'tag_number') }} as phrase
from led
group by scene_id, style, object_id, role, object_rank
