{{ config(tags=['shard']) }}

-- The words that a plain sentence has for each tag that may be said: those of its rule
-- where that has a phrase, else those of the most specific row of `plain_words`.
with admitted as (
    select
        decisions.object_id,
        decisions.key,
        decisions.value,
        decisions.phrase as rule_singular,
        decisions.phrase_plural as rule_plural
    from {{ ref('int_tag_decisions') }} as decisions
    where
        decisions.max_gsd_m > 0
        and exists (
            select 1 from {{ ref('stg_seeds__caption_styles') }} as styles
            where styles.form = 'sentence'
        )
),

letters as (
    select distinct
        key,
        value,
        {{ plain_letters('key') }} as key_words,
        {{ plain_letters('value') }} as value_words
    from admitted
),

best_rows as (
    select
        letters.key,
        letters.value,
        plain_words.slot,
        coalesce(plain_words.rank, 0) as rank,
        plain_words.article,
        {{ filled_template('plain_words.singular', 'key_words', 'value_words') }} as singular,
        {{ filled_template('plain_words.plural', 'key_words', 'value_words') }} as plural
    from letters
    inner join {{ ref('plain_words') }} as plain_words
        on
            {{ matches('letters.key', 'plain_words.key') }}
            and {{ matches('letters.value', 'plain_words.value') }}
    qualify row_number() over (
        partition by letters.key, letters.value
        order by
            contains(plain_words.key, '*') asc,
            length(plain_words.key) desc,
            contains(plain_words.value, '*') asc,
            length(plain_words.value) desc,
            plain_words.key asc,
            plain_words.value asc
    ) = 1
),

worded as (
    select
        admitted.object_id,
        admitted.key,
        admitted.value,
        best_rows.slot,
        best_rows.rank,
        best_rows.article = '(none)' as is_bare,
        case when admitted.rule_singular is null then best_rows.article end as own_article,
        coalesce(admitted.rule_singular, best_rows.singular) as singular,
        -- A rule's plural belongs to its phrase, and stands in where the row has none.
        case
            when admitted.rule_singular is not null then admitted.rule_plural
            else coalesce(best_rows.plural, admitted.rule_plural)
        end as plural
    from admitted
    inner join best_rows on admitted.key = best_rows.key and admitted.value = best_rows.value
    where best_rows.slot != '(none)'
),

by_letters as (
    select
        texts.singular,
        max_by(
            articles.article, length(coalesce(articles.starts_with, ''))
        ) as article
    from (select distinct singular from worded) as texts
    inner join {{ ref('plain_articles') }} as articles
        on starts_with(lower(texts.singular), coalesce(articles.starts_with, ''))
    group by texts.singular
)

select
    worded.object_id,
    worded.key,
    worded.value,
    worded.slot,
    worded.rank,
    worded.singular,
    case
        when worded.slot = 'noun' and not coalesce(worded.is_bare, false) then worded.plural
    end as plural,
    case
        when worded.is_bare then ''
        else coalesce(worded.own_article, by_letters.article)
    end as article
from worded
inner join by_letters on worded.singular = by_letters.singular
