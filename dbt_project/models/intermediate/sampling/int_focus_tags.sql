{{ config(tags=['global']) }}

-- The paper's two stages for each tag: the objects of sampled cells, or every object where
-- the sample holds too few. And, under a cap, how far down the line of its tag and of its
-- key the sample goes. A cap of 0 is none.
with counts as (
    select
        source,
        key,
        value,
        sum(n_sampled) < {{ var('rare_tag_below') }} as is_rare
    from {{ gathered('int_focus_counts') }}
    group by source, key, value
),

standing as (
    select
        firsts.source,
        firsts.key,
        firsts.value,
        {'place': firsts.place_in_line, 'object_id': firsts.object_id} as standing,
        row_number() over (
            partition by firsts.source, firsts.key, firsts.value
            order by firsts.place_in_line, firsts.object_id
        ) as rank_in_tag,
        row_number() over (
            partition by firsts.source, firsts.key
            order by firsts.place_in_line, firsts.object_id
        ) as rank_in_key
    from {{ gathered('int_focus_firsts') }} as firsts
    inner join counts
        on
            firsts.source = counts.source
            and firsts.key = counts.key
            and firsts.value = counts.value
    where firsts.in_sampled_cell or counts.is_rare
),

last_of_tags as (
    select
        source,
        key,
        value,
        standing as last_of_tag
    from standing
    where rank_in_tag = {{ var('max_focus_per_tag') }}
),

last_of_keys as (
    select
        source,
        key,
        standing as last_of_key
    from standing
    where rank_in_key = {{ var('max_focus_per_key') }}
)

select
    counts.source,
    counts.key,
    counts.value,
    counts.is_rare,
    last_of_tags.last_of_tag,
    last_of_keys.last_of_key
from counts
left join last_of_tags
    on
        counts.source = last_of_tags.source
        and counts.key = last_of_tags.key
        and counts.value = last_of_tags.value
left join last_of_keys
    on counts.source = last_of_keys.source and counts.key = last_of_keys.key
