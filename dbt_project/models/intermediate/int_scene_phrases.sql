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

-- What is said in each scene in the order in which it is said, as far as the tokens of a
-- caption reach.
with phrases as (
    select * from {{ ref('int_object_phrases') }}
    {{ not_yet_here() }}
),

tokens as (
    select * from {{ ref('int_phrase_tokens') }}
),

style_tokens as (
    select
        styles.style,
        greatest(separator_tokens.n_tokens, last_tokens.n_tokens) as separator_n_tokens,
        -- The start and end marks that CLIP adds are two.
        prefix_tokens.n_tokens + lead_tokens.n_tokens + suffix_tokens.n_tokens + 2
            as fixed_n_tokens
    from {{ ref('stg_seeds__caption_styles') }} as styles
    inner join tokens as prefix_tokens on styles.prefix = prefix_tokens.phrase
    inner join tokens as lead_tokens on styles.surroundings_lead = lead_tokens.phrase
    inner join tokens as separator_tokens on styles.object_separator = separator_tokens.phrase
    inner join tokens as last_tokens on styles.object_last_separator = last_tokens.phrase
    inner join tokens as suffix_tokens on styles.suffix = suffix_tokens.phrase
),

ordered as (
    select
        *,
        row_number() over (
            partition by scene_id, style order by role asc, object_rank asc, phrase asc
        )::integer as object_number
    from phrases
),

counted as (
    select
        ordered.*,
        -- The first surrounding follows the lead, each later one a separator.
        style_tokens.fixed_n_tokens
        + sum(
            tokens.n_tokens
            + case when ordered.object_number > 2 then style_tokens.separator_n_tokens else 0 end
        )
            over (
                partition by ordered.scene_id, ordered.style
                order by ordered.object_number
                rows between unbounded preceding and current row
            ) as n_tokens
    from ordered
    inner join tokens on ordered.phrase = tokens.phrase
    inner join style_tokens on ordered.style = style_tokens.style
)

select
    scene_id,
    style,
    object_id,
    role,
    opening,
    amount,
    phrase,
    n_objects,
    is_plural,
    object_number,
    object_number = max(object_number) over (partition by scene_id, style) as is_last,
    n_tokens::integer as n_tokens,
    fingerprint
from counted
where role = 'focus' or n_tokens <= {{ var('caption_max_tokens') }}
