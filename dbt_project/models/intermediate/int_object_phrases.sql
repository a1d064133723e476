{{ config(tags=['shard']) }}

-- All that may be said of each object of a scene, in one text.
with tags as (
    select * from {{ ref('int_scene_tags') }}
),

styles as (
    select * from {{ ref('stg_seeds__caption_styles') }}
)

select
    tags.scene_id,
    tags.style,
    tags.object_id,
    tags.role,
    tags.object_rank,
    string_agg(
        case tags.tag_number
            when 1 then ''
            when 2 then styles.tag_first_separator
            else styles.tag_separator
        end || tags.phrase,
        '' order by tags.tag_number
    ) as phrase
from tags
inner join styles on tags.style = styles.style
group by tags.scene_id, tags.style, tags.object_id, tags.role, tags.object_rank
