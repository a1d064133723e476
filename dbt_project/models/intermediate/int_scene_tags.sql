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

-- What each caption style says of each object of a scene, tag by tag. The form `tags`
-- says them as they are; the form `sentence` gives each its slot in a noun phrase.
with visible as (
    select * from {{ ref('scene_tags') }}
    {{ not_yet_here() }}
),

styles as (
    select * from {{ ref('stg_seeds__caption_styles') }}
),

styled as (
    select
        visible.*,
        styles.style,
        styles.tag_first_separator,
        styles.tag_separator,
        visible.role = 'surrounding' and visible.key = styles.surrounding_only_key as is_only,
        row_number() over in_order as place,
        bool_or(visible.role = 'surrounding' and visible.key = styles.surrounding_only_key)
            over (in_order rows between unbounded preceding and unbounded following)
            as has_only
    from visible
    cross join styles
    where styles.form = 'tags'
    window in_order as (
        partition by styles.style, visible.scene_id, visible.object_id
        order by visible.tag_rank
    )
),

listed as (
    select
        *,
        case when is_only then 1 else place end::integer as tag_number,
        case tag_number
            when 1 then ''
            when 2 then tag_first_separator
            else tag_separator
        end as lead_words
    from styled
    -- As published: a surrounding road is only the kind of road that it is.
    where is_only or not coalesce(has_only, false)
),

worded as (
    select
        visible.* exclude (phrase),
        styles.* exclude (form), -- noqa: RF02
        words.slot,
        words.rank,
        words.singular as phrase,
        words.plural,
        words.article,
        -- An object is called by one noun. Where it has none, its first words serve.
        row_number() over (
            partition by styles.style, visible.scene_id, visible.object_id
            order by words.slot = 'noun' desc, words.rank desc, visible.tag_rank asc
        ) = 1 as is_head
    from visible
    inner join {{ ref('int_plain_words') }} as words
        on visible.object_id = words.object_id and visible.key = words.key
    cross join styles
    where styles.form = 'sentence'
),

chosen as (
    select * replace (case when is_head then 'noun' else slot end as slot)
    from worded
    where
        (is_head or slot != 'noun')
        and (
            role = 'focus'
            or list_contains(surrounding_slots, case when is_head then 'noun' else slot end)
        )
    -- One surface, one roof.
    qualify row_number() over (
        partition by style, scene_id, object_id, slot, regexp_extract(phrase, '[^ ]+$')
        order by is_head desc, rank desc, tag_rank asc
    ) = 1
),

placed as (
    select
        *,
        row_number() over in_phrase as tag_number,
        lag(slot) over in_phrase as previous_slot,
        lead(slot) over in_phrase as next_slot
    from chosen
    window in_phrase as (
        partition by style, scene_id, object_id
        order by list_position(['before', 'noun', 'after', 'with'], slot), tag_rank
    )
),

phrased as (
    select
        * exclude (tag_number),
        tag_number::integer as tag_number,
        case
            when tag_number = 1 then ''
            when slot != 'with' then ' '
            when previous_slot != 'with' then tag_first_separator
            when next_slot is null then tag_last_separator
            else tag_separator
        end
        || case when slot = 'with' and article != '' then article || ' ' else '' end
            as lead_words
    from placed
)

select
    scene_id,
    style,
    object_id,
    role,
    object_rank,
    key,
    value,
    rule_id,
    tag_number,
    lead_words,
    phrase,
    null::varchar as plural,
    null::varchar as article,
    null::varchar as slot,
    fingerprint
from listed
union all by name
select
    scene_id,
    style,
    object_id,
    role,
    object_rank,
    key,
    value,
    rule_id,
    tag_number,
    lead_words,
    phrase,
    plural,
    article,
    slot,
    fingerprint
from phrased
