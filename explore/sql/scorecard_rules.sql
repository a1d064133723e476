-- What each rule is about. A hard rule and the classifier stand in no seed: they are
-- about the tags that they decided.
with decided as (
    select
        rule_id,
        key,
        value,
        count(*) as n,
        max(max_gsd_m) as max_gsd_m
    from object_tags
    group by rule_id, key, value
),

summed as (
    select
        rule_id,
        max(max_gsd_m) as max_gsd_m,
        count(*) as n_tags,
        list(concat(key, '=', value) order by n desc, key asc, value asc)[1] as first_tag
    from decided
    group by rule_id
)

select
    coalesce(tag_rules.rule_id, summed.rule_id) as rule_id,
    tag_rules.rule_id is not null as in_seed,
    case
        when tag_rules.rule_id is not null then concat(tag_rules.key, '=', tag_rules.value)
        when summed.n_tags = 1 then summed.first_tag
        else concat(summed.first_tag, ' and ', summed.n_tags - 1, ' more')
    end as matches,
    coalesce(try_cast(tag_rules.max_gsd_m as double), summed.max_gsd_m) as max_gsd_m,
    tag_rules.note
from tag_rules
full join summed on tag_rules.rule_id = summed.rule_id
