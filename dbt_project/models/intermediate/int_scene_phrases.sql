{{ config(tags=['shard']) }}

-- What is said of each object of a scene, once for each distinct text, in the order
-- in which it is said, as far as the tokens of a caption reach.
with tags as (
    select * from {{ ref('int_scene_tags') }}
),

styles as (
    select * from {{ ref('stg_seeds__caption_styles') }}
),

phrases as (
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
),

distinct_phrases as (
    select *
    from phrases
    -- A text is said once; the focus comes first and is never its own surrounding.
    qualify row_number() over (
        partition by scene_id, style, phrase order by role asc, object_rank asc
    ) = 1
),

ordered as (
    select
        *,
        row_number() over (
            partition by scene_id, style order by role asc, object_rank asc, phrase asc
        )::integer as object_number
    from distinct_phrases
),

counted as (
    select
        ordered.*,
        sum(
            {{ token_estimate('ordered.phrase || styles.object_separator') }}
        )
            over (
                partition by ordered.scene_id, ordered.style
                order by ordered.object_number
                rows between unbounded preceding and current row
            )
        + {{ token_estimate('styles.prefix || styles.surroundings_lead || styles.suffix') }}
        -- The start and end marks that CLIP adds.
        + 2 as n_tokens
    from ordered
    inner join styles on ordered.style = styles.style
)

select
    scene_id,
    style,
    object_id,
    role,
    phrase,
    object_number,
    n_tokens::integer as n_tokens
from counted
where role = 'focus' or n_tokens <= {{ var('caption_max_tokens') }}
