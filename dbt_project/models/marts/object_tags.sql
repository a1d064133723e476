{{ config(tags=['shard']) }}

with decisions as (
    select * from {{ ref('int_tag_decisions') }}
),

phrases as (
    select * from {{ ref('int_tag_phrases') }}
),

worded as (
    select
        decisions.object_id,
        decisions.key,
        decisions.value,
        decisions.max_gsd_m > 0 as groundable,
        decisions.max_gsd_m,
        coalesce(decisions.phrase, phrases.phrase) as phrase,
        decisions.phrase_plural,
        decisions.rule_id,
        coalesce(phrases.n_worldwide, -1) as n_worldwide
    from decisions
    left join phrases
        on decisions.key = phrases.key and decisions.value = phrases.value
)

select
    object_id,
    key,
    value,
    groundable,
    max_gsd_m,
    phrase,
    phrase_plural,
    rule_id,
    -- Tags stand in one order in every caption: worldwide frequency, then text.
    row_number() over (
        partition by object_id order by n_worldwide desc, key asc, value asc
    )::integer as tag_rank
from worded
