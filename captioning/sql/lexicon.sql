-- All that the rules and the grammar can say, and for each phrase the other ways in which
-- the same tag is said: its plural, and its words in sentences.
with plain_words as (
    select *
    from read_csv(
        getvariable('seeds') || '/plain_words.csv', header = true, all_varchar = true
    )
),

decided as (
    select distinct
        key,
        value,
        phrase,
        phrase_plural
    from object_tags
    where groundable
),

spoken as (
    select distinct
        key,
        value,
        words as phrase
    from caption_words
    where key is not null
),

ways as (
    select
        decided.phrase,
        decided.phrase_plural as way
    from decided
    union
    select
        spoken.phrase,
        decided.phrase_plural as way
    from spoken
    inner join decided on spoken.key = decided.key and spoken.value = decided.value
    union
    select
        decided.phrase,
        unnest([plain_words.singular, plain_words.plural]) as way
    from decided
    inner join plain_words on decided.key = plain_words.key and decided.value = plain_words.value
    union
    select
        phrase,
        phrase as way
    from spoken
    union
    select
        phrase,
        phrase as way
    from decided
    union
    select
        null as phrase,
        unnest([phrase, phrase_plural]) as way
    from tag_rules
    union
    select
        null as phrase,
        unnest([translate(key, '_:*', '   '), translate(value, '_:*', '   ')]) as way
    from tag_rules
    where max_gsd_m != '0'
    union
    select
        null as phrase,
        unnest([singular, plural]) as way
    from plain_words
)

select
    phrase,
    way
from ways
-- A template of the seed, such as `{value} building`, is no text.
where way is not null and not contains(way, '{')
order by all
