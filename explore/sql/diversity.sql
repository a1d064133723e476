-- How various titles, longer captions and tags are. The effective number is the exponential
-- of the entropy: so many equally frequent ones would be as various.
with said as (
    select
        judged_captions.id,
        concat(shown_words.key, '=', shown_words.value) as text
    from judged_captions
    inner join shown_words on judged_captions.scene_id = shown_words.scene_id
    where shown_words.caption = 'title_multi_objects' and shown_words.key is not null
    group by all
),

texts as (
    select
        'title' as what,
        title as text
    from judged_captions
    union all
    select
        'title_multi_objects' as what,
        title_multi_objects as text
    from judged_captions
    union all
    select
        'tag' as what,
        text
    from said
),

counted as (
    select
        what,
        text,
        count(*) as n
    from texts
    where text is not null
    group by what, text
),

-- Whole millionths: floats add up differently in each order.
summed as (
    select
        what,
        sum(n)::bigint as n_all,
        count(*) as n_distinct,
        count(*) filter (where n = 1) as n_once,
        max(n) as n_most,
        arg_min(text, (-n, text)) as most_frequent,
        sum(round(n * ln(n) * 1e6)::hugeint)::double / 1e6 as n_log_n
    from counted
    group by what
),

words as (
    select
        what,
        n,
        unnest(regexp_extract_all(lower(text), '[\p{L}\p{N}]+')) as word
    from counted
    where what != 'tag'
),

word_counts as (
    select
        what,
        sum(n)::bigint as n_words,
        count(distinct word) as n_word_types
    from words
    group by what
)

select
    summed.what,
    summed.n_all,
    summed.n_distinct,
    summed.n_once,
    summed.n_most,
    summed.most_frequent,
    round((ln(summed.n_all) - summed.n_log_n / summed.n_all) / ln(2), 2) as entropy_bits,
    round(exp(ln(summed.n_all) - summed.n_log_n / summed.n_all), 1) as n_effective,
    word_counts.n_words,
    word_counts.n_word_types
from summed
left join word_counts on summed.what = word_counts.what
order by
    case summed.what when 'title' then 0 when 'title_multi_objects' then 1 else 2 end
