{{ config(tags=['global']) }}

with pairs as (
    select
        object_id,
        key,
        value
    from {{ ref('int_object_tag_pairs') }}
),

decided as (
    select
        object_id,
        key,
        groundable,
        rule_id
    from {{ ref('object_tags') }}
)

select
    pairs.key,
    pairs.value,
    count(*) as n_objects,
    count(*) filter (where decided.groundable) / count(*) as groundable_share,
    min(decided.rule_id) as decided_by,
    min(pairs.object_id) as example_object_id
from pairs
left join decided
    on pairs.object_id = decided.object_id and pairs.key = decided.key
group by pairs.key, pairs.value
