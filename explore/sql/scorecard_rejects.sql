-- Why the objects of a rule have no scene of their own at a source: the reason of most.
with decided as (
    select distinct
        rule_id,
        object_id
    from object_tags
),

counted as (
    select
        decided.rule_id,
        scene_rejects.source,
        scene_rejects.reason,
        count(*) as n
    from decided
    inner join scene_rejects on decided.object_id = scene_rejects.object_id
    group by all
)

select
    rule_id,
    source,
    reason as reject_reason,
    n as n_rejected
from counted
qualify row_number() over (partition by rule_id, source order by n desc, reason asc) = 1
