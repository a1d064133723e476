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

-- A caption is its words in order: each tag's words with the object, tag and rule
-- that gave them, a size or a count with the object that it measures or the first of
-- those that it counts, and the grammar's own words between.
with styles as (
    select * from {{ ref('stg_seeds__caption_styles') }}
),

phrases as (
    select * from {{ ref('int_scene_phrases') }}
    {{ not_yet_here() }}
),

tags as (
    select
        phrases.fingerprint,
        tags.scene_id,
        tags.style,
        tags.object_id,
        tags.role,
        tags.key,
        tags.value,
        tags.rule_id,
        tags.tag_number,
        tags.lead_words,
        phrases.object_number,
        phrases.is_last,
        phrases.opening,
        phrases.amount,
        phrases.n_objects,
        case when phrases.is_plural then coalesce(tags.plural, tags.phrase) else tags.phrase end
            as phrase
    from {{ ref('int_scene_tags') }} as tags
    inner join phrases
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
        tags.* exclude (lead_words),
        styles.suffix,
        styles.form = 'sentence' as is_sentence,
        case
            when tags.tag_number > 1
                then
                    case
                        when columns.caption = 'title' and styles.form = 'tags'
                            then styles.tag_separator_single
                        else tags.lead_words
                    end
            when columns.caption = 'title' then styles.title_prefix || tags.opening
            when tags.object_number = 1 then styles.prefix || tags.opening
            when tags.object_number = 2 then styles.surroundings_lead || tags.opening
            when tags.is_last then styles.object_last_separator || tags.opening
            else styles.object_separator || tags.opening
        end as lead_words
    from tags
    inner join styles on tags.style = styles.style
    cross join columns
    where columns.caption = 'title_multi_objects' or tags.object_number = 1
),

segments as (
    select
        scene_id,
        style,
        caption,
        object_number,
        tag_number,
        is_sentence,
        fingerprint,
        0 as part,
        lead_words as words,
        'grammar' as role,
        null as object_id,
        null as n_objects,
        null as key,
        null as value,
        null as rule_id
    from spoken
    where lead_words != ''
    union all by name
    select
        scene_id,
        style,
        caption,
        object_number,
        tag_number,
        is_sentence,
        fingerprint,
        1 as part,
        amount as words,
        role,
        object_id,
        n_objects
    from spoken
    where tag_number = 1 and amount != ''
    union all by name
    select
        scene_id,
        style,
        caption,
        object_number,
        tag_number,
        is_sentence,
        fingerprint,
        2 as part,
        phrase as words,
        role,
        object_id,
        n_objects,
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
        is_sentence,
        fingerprint,
        3 as part,
        suffix as words,
        'grammar' as role
    from spoken
    where object_number = 1 and tag_number = 1 and suffix != ''
),

numbered as (
    select
        *,
        row_number() over (
            partition by scene_id, style, caption order by object_number, tag_number, part
        )::integer as position
    from segments
)

select
    scene_id,
    style,
    caption,
    position,
    case when is_sentence and position = 1 then {{ capital_first('words') }} else words end
        as words,
    role,
    object_id,
    n_objects,
    key,
    value,
    rule_id,
    fingerprint
from numbered
