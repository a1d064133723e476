{{ config(tags=['shard']) }}

-- A caption is its words in order: each tag's words with the object, tag and rule
-- that gave them, and the grammar's own words between.
with styles as (
    select * from {{ ref('stg_seeds__caption_styles') }}
),

tags as (
    select
        tags.*,
        phrases.object_number
    from {{ ref('int_scene_tags') }} as tags
    inner join {{ ref('int_scene_phrases') }} as phrases
        on
            tags.scene_id = phrases.scene_id
            and tags.style = phrases.style
            and tags.object_id = phrases.object_id
),

columns as (
    select unnest(['title', 'title_multi_objects']) as caption
),

spoken as (
    select
        columns.caption,
        tags.*,
        case
            when tags.object_number = 1 and tags.tag_number = 1 then styles.prefix
            when columns.caption = 'title' then styles.tag_separator_single
            when tags.tag_number = 2 then styles.tag_first_separator
            when tags.tag_number > 2 then styles.tag_separator
            when tags.object_number = 2 then styles.surroundings_lead
            else styles.object_separator
        end as lead_words
    from tags
    inner join styles on tags.style = styles.style
    cross join columns
    where columns.caption = 'title_multi_objects' or tags.object_number = 1
),

last_words as (
    select distinct
        spoken.scene_id,
        spoken.style,
        spoken.caption,
        styles.suffix
    from spoken
    inner join styles on spoken.style = styles.style
    where styles.suffix != ''
),

segments as (
    select
        scene_id,
        style,
        caption,
        object_number,
        tag_number,
        0 as part,
        lead_words as words,
        'grammar' as role,
        null as object_id,
        null as key,
        null as value,
        null as rule_id
    from spoken
    union all by name
    select
        scene_id,
        style,
        caption,
        object_number,
        tag_number,
        1 as part,
        phrase as words,
        role,
        object_id,
        key,
        value,
        rule_id
    from spoken
    union all by name
    select
        scene_id,
        style,
        caption,
        2147483647 as object_number,
        1 as tag_number,
        2 as part,
        suffix as words,
        'grammar' as role
    from last_words
)

select
    scene_id,
    style,
    caption,
    row_number() over (
        partition by scene_id, style, caption order by object_number, tag_number, part
    )::integer as position,
    words,
    role,
    object_id,
    key,
    value,
    rule_id
from segments
