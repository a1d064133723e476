{{ config(tags=['shard']) }}

-- How many of CLIP's tokens each text takes. A word that the seed does not know counts
-- one for each two letters, a mark, a digit or a byte of another script one: rather too
-- many than too few.
with phrases as (
    select distinct phrase
    from {{ ref('int_object_phrases') }}
    union
    select
        unnest(
            [prefix, surroundings_lead, object_separator, object_last_separator, suffix]
        ) as phrase
    from {{ ref('stg_seeds__caption_styles') }}
),

words as (
    select
        phrase,
        unnest(regexp_extract_all(lower(phrase), '[a-z]+')) as word
    from phrases
),

word_tokens as (
    select
        words.phrase,
        sum(coalesce(clip_tokens.n_tokens, ceil(length(words.word) / 2.0)))::integer
            as n_tokens
    from words
    left join {{ ref('clip_tokens') }} as clip_tokens on words.word = clip_tokens.word
    group by words.phrase
)

select
    phrases.phrase,
    coalesce(word_tokens.n_tokens, 0)
    + len(regexp_extract_all(phrases.phrase, '[!-@\[-`{-~]'))
    + (strlen(phrases.phrase) - length(regexp_replace(phrases.phrase, '[^\x00-\x7F]', '', 'g')))
        as n_tokens
from phrases
left join word_tokens on phrases.phrase = word_tokens.phrase
